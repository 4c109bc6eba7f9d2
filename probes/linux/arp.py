"""ARP by a packet socket (RFC 826): every answer to one broadcast question, with the MAC that each claims."""

from __future__ import annotations

import select
import socket
import struct
import time
from contextlib import closing
from ipaddress import IPv4Address

from probes.host import Absent
from probes.linux.waiting import waits
from probes.questions.neighbours import ArpReply, ArpSweep

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
REQUEST, REPLY = 1, 2
FRAME = struct.Struct("!6s6sHHHBBH6s4s6s4s")
PACKET_HOST = 0  # linux/if_packet.h: addressed to us
ASK_AGAIN_AFTER = 0.3  # s; one lost broadcast must not look like silence


def sweep(question: ArpSweep) -> tuple[ArpReply, ...]:
    """Ask for every address, listen for the whole window; unanswered ones are asked a second time."""
    with closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)) as link:
        try:
            link.bind((question.interface, ETH_P_ARP))
        except OSError as error:
            raise Absent(f"cannot ask by ARP on {question.interface}: {error.strerror}") from None
        return tuple(_Sweep(link, question).replies())


class _Sweep:
    def __init__(self, link: socket.socket, question: ArpSweep) -> None:
        self.link, self.question = link, question
        self.own_mac: bytes = link.getsockname()[4]
        self.sent: dict[IPv4Address, float] = {}
        self.found: dict[tuple[IPv4Address, str, str], ArpReply] = {}

    def replies(self) -> list[ArpReply]:
        start = time.monotonic()
        end = start + self.question.window_ms / 1000
        self._ask(self.question.addresses)
        self._ask_directly()
        self._listen(min(start + ASK_AGAIN_AFTER, end))
        answered = {reply.address for reply in self.found.values()}
        self._ask(tuple(a for a in self.question.addresses if a not in answered))
        self._listen(end)
        return list(self.found.values())

    def _ask(self, addresses: tuple[IPv4Address, ...]) -> None:
        for address in addresses:
            self._send(BROADCAST, address)

    def _ask_directly(self) -> None:
        for address, mac in self.question.unicast:
            self._send(bytes.fromhex(mac.replace(":", "")), address)

    def _send(self, destination: bytes, address: IPv4Address) -> None:
        source = self.question.source.packed
        body = (1, 0x0800, 6, 4, REQUEST, self.own_mac, source, b"\0" * 6, address.packed)
        self.sent.setdefault(address, time.monotonic())
        self.link.send(FRAME.pack(destination, self.own_mac, ETH_P_ARP, *body))

    def _listen(self, until: float) -> None:
        for left in waits(until):
            if not select.select([self.link], [], [], left)[0]:
                return
            frame, sender = self.link.recvfrom(2048)
            if sender[2] == PACKET_HOST and len(frame) >= FRAME.size:
                self._take(frame)

    def _take(self, frame: bytes) -> None:
        _, frame_source, _, _, protocol, _, _, operation, mac, address, _, _ = FRAME.unpack(
            frame[: FRAME.size]
        )
        claimed = IPv4Address(address)
        if operation != REPLY or protocol != 0x0800 or claimed not in self.sent:
            return
        passed = (time.monotonic() - self.sent[claimed]) * 1000
        reply = ArpReply(claimed, mac.hex(":"), frame_source.hex(":"), round(passed, 3))
        self.found.setdefault((claimed, reply.mac, reply.frame_source), reply)
