"""The echo request by way of an IPv6 gateway; what comes back is read from the wire, with the MAC it came from.

An IPv6 router's words have different senders: redirects its link-local address, errors one of its others, and the client
may know it by a third. What they share is its MAC, and that no router in between has lowered their hop limit.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv6Address

from probes.host import Absent
from probes.linux.capture import DROP, KEEP, attach_filter
from probes.linux.crafting import Ether, ICMPv6EchoRequest, IPv6
from probes.linux.icmp import (
    ECHO6_REPLY,
    REDIRECT6,
    TIME_EXCEEDED6,
    UNREACHABLE6,
    about_packet_to,
)
from probes.linux.ndp import ETH_P_IPV6, ICMPV6, MESSAGE, PACKET_HOST, TARGET_OPTION, option
from probes.linux.waiting import waits
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import RoutedEcho, RoutedEchoes
from probes.target import Address

TO_THE_SECOND_HOP = 2
TRIES = 2
BETWEEN_VIPS = 0.02  # s
OUR_HEADER = 40  # octets: we send no extension headers
REDIRECT_OPTIONS, REDIRECTED_HEADER = 40, 4  # RFC 4861 sections 4.5 and 4.6.3
FROM_THE_LINK = 255  # the hop limit of a redirect, else it is to be discarded (RFC 4861 section 8.1)


def routed_echoes_ipv6(question: RoutedEchoes) -> tuple[RoutedEcho, ...]:
    """Send to every VIP, and again to those of which nobody said anything.

    A Linux router lets six redirects and errors pass to one station, then one a second (inet_peer_xrlim_allow,
    net/ipv4/inetpeer.c), so that who has spoken is not asked twice.
    """
    with closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)) as link:
        attach_filter(link, _our_kinds())
        try:
            link.bind((question.interface, ETH_P_IPV6))
        except OSError as error:
            raise Absent(f"cannot send on {question.interface}: {error.strerror}") from None
        asking = _Asking(link, question)
        for _ in range(TRIES):
            for destination in asking.open():
                asking.send(destination)
                asking.listen(BETWEEN_VIPS)
            asking.listen(question.timeout_ms / 1000 / TRIES)
        return tuple(asking.found.values())


def _our_kinds() -> bytes:
    """Classic BPF (linux/filter.h): ICMPv6 of the kinds that may be about our request."""
    kinds = (UNREACHABLE6, TIME_EXCEEDED6, ECHO6_REPLY, REDIRECT6)
    program = [
        (0x28, 0, 0, 12),  # ldh [12]  EtherType
        (0x15, 0, 3 + len(kinds), ETH_P_IPV6),
        (0x30, 0, 0, 20),  # ldb [20]  next header
        (0x15, 0, 1 + len(kinds), ICMPV6),
        (0x30, 0, 0, MESSAGE),  # ldb  type
        *((0x15, len(kinds) - number, 0, kind) for number, kind in enumerate(kinds)),
        (0x06, 0, 0, DROP),
        (0x06, 0, 0, KEEP),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


class _Asking:
    def __init__(self, link: socket.socket, question: RoutedEchoes) -> None:
        self.link, self.question = link, question
        self.own_mac = link.getsockname()[4].hex(":")
        self.identifier = int.from_bytes(os.urandom(2))
        self.found = {each: RoutedEcho(each, False, ()) for each in question.destinations}

    def open(self) -> list[Address]:
        return [each.destination for each in self.found.values() if not each.replied and not each.messages]

    def send(self, destination: Address) -> None:
        network = IPv6(src=str(self.question.source), dst=str(destination), hlim=TO_THE_SECOND_HOP)
        echo = ICMPv6EchoRequest(id=self.identifier, seq=1, data=b"hairpin-doctor")
        self.link.send(bytes(Ether(src=self.own_mac, dst=self.question.gateway_mac) / network / echo))

    def listen(self, seconds: float) -> None:
        for left in waits(time.monotonic() + seconds):
            if not select.select([self.link], [], [], left)[0]:
                return
            frame, origin = self.link.recvfrom(2048)
            if origin[2] == PACKET_HOST and len(frame) >= MESSAGE + 8:
                self._take(frame)

    def _take(self, frame: bytes) -> None:
        message, hop_limit = frame[MESSAGE:], frame[21]
        sender = IPv6Address(frame[22:38])
        if message[0] == ECHO6_REPLY:
            if int.from_bytes(message[4:6]) == self.identifier and sender in self.found:
                self.found[sender] = replace(self.found[sender], replied=True)
            return
        about = about_packet_to(message, ipv6=True)
        known = self.found.get(about[0]) if about else None
        if about is None or known is None or not self._is_about_us(message, hop_limit):
            return
        found = IcmpMessage(
            message[0],
            message[1],
            sender,
            about[1],
            mac=frame[6:12].hex(":"),
            hop_limit=hop_limit,
            gateway_mac=_next_hop_mac(message),
        )
        if found not in known.messages:
            self.found[known.destination] = replace(known, messages=(*known.messages, found))

    def _is_about_us(self, message: bytes, hop_limit: int) -> bool:
        """By the identifier in the packet that it quotes; a redirect need not quote it (RFC 4861 section 4.5)."""
        if message[0] != REDIRECT6:
            return self._quotes_us(message[8:])
        quoted = option(message[REDIRECT_OPTIONS:], REDIRECTED_HEADER)
        return hop_limit == FROM_THE_LINK and (quoted is None or self._quotes_us(quoted[8:]))

    def _quotes_us(self, packet: bytes) -> bool:
        echo = packet[OUR_HEADER:]
        return len(echo) >= 6 and int.from_bytes(echo[4:6]) == self.identifier


def _next_hop_mac(message: bytes) -> str | None:
    """The target link-layer address option of a redirect."""
    found = option(message[REDIRECT_OPTIONS:], TARGET_OPTION) if message[0] == REDIRECT6 else None
    return found[2:8].hex(":") if found else None
