"""Neighbour solicitations by a packet socket (RFC 4861): by multicast, and directly to the MACs of the link's stations.

The direct frame still carries the group as its IP destination: an announcer's raw socket, which does not hold the VIP as
an address, hears nothing else.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from contextlib import closing
from ipaddress import IPv6Address

from probes.host import Absent
from probes.linux.capture import DROP, KEEP, attach_filter
from probes.linux.icmp import checksum
from probes.linux.netlink_neighbours import POLL_SECONDS, neighbours
from probes.linux.waiting import waits
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, Neighbours, NeighbourSolicitations, Solicited
from probes.target import solicited_node

ETH_P_IPV6, ICMPV6, HOP_LIMIT = 0x86DD, 58, 255
ECHO_REQUEST, ECHO_REPLY, SOLICITATION, ADVERTISEMENT = 128, 129, 135, 136
SOURCE_OPTION, TARGET_OPTION = 1, 2
OVERRIDE = 0x20  # of the flags in the advertisement's fifth octet (RFC 4861 section 4.4)
ALL_NODES = IPv6Address("ff02::1")
PACKET_HOST = 0  # linux/if_packet.h: addressed to us
ETHERNET, IPV6 = struct.Struct("!6s6sH"), struct.Struct("!IHBB16s16s")
MESSAGE = ETHERNET.size + IPV6.size  # where the ICMPv6 message begins
ASK_AGAIN_AFTER, DIRECT_WINDOW = 0.3, 0.4  # s
STATIONS_AT_MOST = 64
KERNEL_GIVES_UP = 4.0  # s: three questions, a second apart (mcast_solicit, retrans_time_ms)


def solicit(question: NeighbourSolicitations) -> Solicited:
    """Ask for every address, listen for the whole window; then ask all stations for VIPs that nobody answered for."""
    with closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)) as link:
        attach_filter(link, _answers_only())
        try:
            link.bind((question.interface, ETH_P_IPV6))
        except OSError as error:
            raise Absent(f"cannot ask on {question.interface}: {error.strerror}") from None
        return _Solicitation(link, question).carry_out()


def _answers_only() -> bytes:
    """Classic BPF (linux/filter.h): IPv6 with an ICMPv6 echo reply or advertisement right behind its header."""
    program = [
        (0x28, 0, 0, 12),  # ldh [12]  EtherType
        (0x15, 0, 6, ETH_P_IPV6),
        (0x30, 0, 0, 20),  # ldb [20]  next header
        (0x15, 0, 4, ICMPV6),
        (0x30, 0, 0, MESSAGE),  # ldb  type
        (0x15, 1, 0, ECHO_REPLY),
        (0x15, 0, 1, ADVERTISEMENT),
        (0x06, 0, 0, KEEP),
        (0x06, 0, 0, DROP),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


class _Solicitation:
    def __init__(self, link: socket.socket, question: NeighbourSolicitations) -> None:
        self.link, self.question = link, question
        self.own_mac: bytes = link.getsockname()[4]
        self.identifier = int.from_bytes(os.urandom(2))
        self.sent: dict[IPv6Address, float] = {}
        self.found: dict[tuple[IPv6Address, str, str], ArpReply] = {}
        self.stations: dict[str, None] = dict.fromkeys(question.macs)

    def carry_out(self) -> Solicited:
        start = time.monotonic()
        end = start + self.question.window_ms / 1000
        self._ask_all(self.question.addresses)
        self._listen(min(start + ASK_AGAIN_AFTER, end))
        self._ask_all(self._unanswered(self.question.addresses))
        self._listen(end)
        replies, silent = tuple(self.found.values()), self._unanswered(self.question.vips)
        if not silent:
            return Solicited(replies, (), ())
        directly = self._ask_directly(silent)
        return Solicited(replies, directly, tuple(self.stations)[:STATIONS_AT_MOST])

    def _unanswered(self, addresses: tuple[IPv6Address, ...]) -> tuple[IPv6Address, ...]:
        answered = {reply.address for reply in self.found.values()}
        return tuple(each for each in addresses if each not in answered)

    def _ask_all(self, addresses: tuple[IPv6Address, ...]) -> None:
        for address in addresses:
            self._solicit(address, multicast_mac(solicited_node(address)))

    def _ask_directly(self, addresses: tuple[IPv6Address, ...]) -> tuple[ArpReply, ...]:
        _wait_until_given_up(addresses)
        if self.question.link_local is not None:
            echo = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, self.identifier, 0) + b"hairpin-doctor"
            self._send(multicast_mac(ALL_NODES), self.question.link_local, ALL_NODES, echo)
            self._listen(time.monotonic() + DIRECT_WINDOW)
            self._stations_that_asked_for_us()
        before = set(self.found)
        self.sent.clear()
        self.stations.pop(self.own_mac.hex(":"), None)
        for mac in tuple(self.stations)[:STATIONS_AT_MOST]:
            for address in addresses:
                self._solicit(address, bytes.fromhex(mac.replace(":", "")))
        self._listen(time.monotonic() + DIRECT_WINDOW)
        return tuple(reply for key, reply in self.found.items() if key not in before)

    def _stations_that_asked_for_us(self) -> None:
        """To answer the echo they resolved our address, which put them into the cache, even where the answer was dropped.

        kube-proxy's rules drop it on a bridge with bridge-nf-call-ip6tables 1: to conntrack it answers nothing (INVALID).
        """
        index = socket.if_nametoindex(self.question.interface)
        for entry in neighbours(Neighbours(Moment.AFTER)):
            if entry.interface == index and entry.mac and entry.address.version == 6:
                self.stations.setdefault(entry.mac)

    def _solicit(self, address: IPv6Address, mac: bytes) -> None:
        self.sent.setdefault(address, time.monotonic())
        fixed = struct.pack("!BBHI16s", SOLICITATION, 0, 0, 0, address.packed)
        message = fixed + bytes((SOURCE_OPTION, 1)) + self.own_mac
        self._send(mac, self.question.source, solicited_node(address), message)

    def _send(self, mac: bytes, source: IPv6Address, destination: IPv6Address, message: bytes) -> None:
        pseudo = source.packed + destination.packed + struct.pack("!II", len(message), ICMPV6)
        message = message[:2] + checksum(pseudo + message).to_bytes(2) + message[4:]
        header = IPV6.pack(6 << 28, len(message), ICMPV6, HOP_LIMIT, source.packed, destination.packed)
        self.link.send(ETHERNET.pack(mac, self.own_mac, ETH_P_IPV6) + header + message)

    def _listen(self, until: float) -> None:
        for left in waits(until):
            if not select.select([self.link], [], [], left)[0]:
                return
            frame, sender = self.link.recvfrom(2048)
            if sender[2] == PACKET_HOST and len(frame) >= MESSAGE + 8:
                self._take(frame)

    def _take(self, frame: bytes) -> None:
        frame_source, message = frame[6:12].hex(":"), frame[MESSAGE:]
        if message[0] == ECHO_REPLY:
            if int.from_bytes(message[4:6]) == self.identifier:
                self.stations.setdefault(frame_source)
            return
        if len(message) < 24 or frame[21] != HOP_LIMIT:  # RFC 4861 section 7.1.2
            return
        claimed = IPv6Address(message[8:24])
        if claimed in self.sent:
            passed = round((time.monotonic() - self.sent[claimed]) * 1000, 3)
            mac = target_mac(message) or frame_source
            reply = ArpReply(claimed, mac, frame_source, passed, bool(message[4] & OVERRIDE))
            self.found.setdefault((claimed, mac, frame_source), reply)


def _wait_until_given_up(addresses: tuple[IPv6Address, ...]) -> None:
    """While the kernel asks for them itself it would take the answers to our direct questions, and hide what we look at.

    It ignores them for an entry that has failed (ndisc_recv_na, net/ipv6/ndisc.c).
    """
    end = time.monotonic() + KERNEL_GIVES_UP
    while time.monotonic() < end:
        entries = neighbours(Neighbours(Moment.AFTER))
        if not any(each.address in addresses and each.state == "INCOMPLETE" for each in entries):
            return
        time.sleep(POLL_SECONDS)


def multicast_mac(group: IPv6Address) -> bytes:
    """RFC 2464 section 7."""
    return b"\x33\x33" + group.packed[12:]


def target_mac(advertisement: bytes) -> str | None:
    """The target link-layer address option of a neighbour advertisement, where it has a sound one."""
    found = option(advertisement[24:], TARGET_OPTION)
    return found[2:8].hex(":") if found else None


def option(options: bytes, kind: int) -> bytes | None:
    """The first option of this kind (RFC 4861 section 4.6), with its type and length; None where there is none."""
    while len(options) >= 8 and options[1]:
        if options[0] == kind:
            return options[: options[1] * 8]
        options = options[options[1] * 8 :]
    return None
