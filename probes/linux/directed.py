"""Frames to the MAC of each machine that claims an address, crafted by scapy; the answers are read from the wire."""

from __future__ import annotations

import ipaddress
import os
import select
import socket
import time
from contextlib import ExitStack
from dataclasses import replace

from probes.host import Absent
from probes.linux.crafting import (
    DNS,
    DNSQR,
    ICMP,
    IP,
    TCP,
    UDP,
    Ether,
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6TimeExceeded,
    IPerror,
    IPerror6,
    IPv6,
    Packet,
    TCPerror,
    UDPerror,
)
from probes.linux.waiting import waits
from probes.questions.directed import Directed, DirectedExchanges, DirectedOutcome, DirectedPort
from probes.target import Protocol, Target

ETH_P = {4: 0x0800, 6: 0x86DD}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
PACKET_OUTGOING = 4
ECHO_REPLY, UNREACHABLE, TIME_EXCEEDED = 0, 3, 11  # RFC 792
SYN_ACK, RST = 0x12, 0x04
DNS_PORT = 53
TRIES = 2


def directed_exchanges(question: DirectedExchanges) -> tuple[Directed, ...]:
    """Ask every claimant twice and listen until all have answered or the time is up."""
    with ExitStack() as stack:
        link = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
        try:
            link.bind((question.interface, ETH_P[question.source.version]))
        except OSError as error:
            raise Absent(f"cannot send on {question.interface}: {error.strerror}") from None
        asking = _Asking(link, question, stack)
        for _ in range(TRIES):
            asking.send()
            asking.listen(question.timeout_ms / 1000 / TRIES)
        return tuple(asking.found)


def _reserved(family: socket.AddressFamily, kind: socket.SocketKind, stack: ExitStack) -> int:
    """A local port that nobody else uses meanwhile; the kernel resets what a SYN to a foreign port brings back."""
    holder = stack.enter_context(socket.socket(family, kind))
    holder.bind(("", 0))
    return int(holder.getsockname()[1])


class _Asking:
    """Claims and answers; an echo is known by its identifier, everything else by our port."""

    def __init__(self, link: socket.socket, question: DirectedExchanges, stack: ExitStack) -> None:
        self.link, self.question = link, question
        self.own_mac = link.getsockname()[4].hex(":")
        self.found: list[Directed] = []
        self.echoes: dict[int, int] = {}
        self.ports: dict[tuple[str, int], tuple[int, int]] = {}
        first = int.from_bytes(os.urandom(2))
        for number, (address, mac) in enumerate(question.claims):
            targets = [each for each in question.targets if each.vip == address and each.port]
            ports = tuple(DirectedPort(each, DirectedOutcome.SILENT, None, None) for each in targets)
            self.found.append(Directed(address, mac, False, None, ports))
            self.echoes[(first + number) & 0xFFFF] = number
            for index, target in enumerate(targets):
                kind = socket.SOCK_STREAM if target.protocol is Protocol.TCP else socket.SOCK_DGRAM
                family = FAMILY[question.source.version]
                self.ports[str(target.protocol), _reserved(family, kind, stack)] = (number, index)

    def send(self) -> None:
        for identifier, number in self.echoes.items():
            claim = self.found[number]
            if not claim.holds and claim.forwarded_by is None:
                self._out(claim, _echo(self.question.source.version, identifier), ttl=1)
        for (protocol, own_port), (number, index) in self.ports.items():
            port = self.found[number].ports[index]
            if port.outcome is DirectedOutcome.SILENT:
                self._out(self.found[number], _opening(protocol, own_port, port.target), ttl=64)

    def _out(self, claim: Directed, content: Packet, ttl: int) -> None:
        ends = {"src": str(self.question.source), "dst": str(claim.address)}
        network = IP(**ends, ttl=ttl) if claim.address.version == 4 else IPv6(**ends, hlim=ttl)
        self.link.send(bytes(Ether(src=self.own_mac, dst=claim.mac) / network / content))

    def listen(self, seconds: float) -> None:
        for left in waits(time.monotonic() + seconds):
            if self._complete() or not select.select([self.link], [], [], left)[0]:
                return
            frame, origin = self.link.recvfrom(2048)
            if origin[2] != PACKET_OUTGOING:
                self._take(Ether(frame))

    def _complete(self) -> bool:
        return all(
            (each.holds or each.forwarded_by is not None)
            and all(port.outcome is not DirectedOutcome.SILENT for port in each.ports)
            for each in self.found
        )

    def _take(self, frame: Packet) -> None:
        if ICMP in frame:
            self._take_icmp(frame)
        elif any(kind in frame for kind in (ICMPv6EchoReply, ICMPv6TimeExceeded, ICMPv6DestUnreach)):
            self._take_icmpv6(frame)
        elif TCP in frame:
            flags = int(frame[TCP].flags)
            outcome = DirectedOutcome.ANSWERED if flags & SYN_ACK == SYN_ACK else DirectedOutcome.REFUSED
            if flags & SYN_ACK == SYN_ACK or flags & RST:
                self._port("tcp", frame[TCP].dport, outcome, frame)
        elif UDP in frame:
            self._port("udp", frame[UDP].dport, DirectedOutcome.ANSWERED, frame)

    def _take_icmp(self, frame: Packet) -> None:
        message = frame[ICMP]
        if message.type == ECHO_REPLY:
            self._replies(message.id, frame)
        if message.type == TIME_EXCEEDED and IPerror in frame:
            self._forwards(bytes(frame[IPerror].payload), frame[IP].src, frame)
        if message.type == UNREACHABLE:
            self._unreachable(frame)

    def _take_icmpv6(self, frame: Packet) -> None:
        if ICMPv6EchoReply in frame:
            self._replies(frame[ICMPv6EchoReply].id, frame)
        if ICMPv6TimeExceeded in frame and IPerror6 in frame:
            self._forwards(bytes(frame[IPerror6].payload), frame[IPv6].src, frame)
        if ICMPv6DestUnreach in frame:
            self._unreachable(frame)

    def _replies(self, identifier: int, frame: Packet) -> None:
        number = self.echoes.get(identifier)
        if number is not None and frame.src == self.found[number].mac:
            self.found[number] = replace(self.found[number], holds=True)

    def _unreachable(self, frame: Packet) -> None:
        for protocol, layer in (("tcp", TCPerror), ("udp", UDPerror)):
            if layer in frame:
                self._port(protocol, frame[layer].sport, DirectedOutcome.REFUSED, frame)

    def _forwards(self, quoted: bytes, sender: str, frame: Packet) -> None:
        """`quoted`: our echo request, without its IP header."""
        number = self.echoes.get(int.from_bytes(quoted[4:6])) if len(quoted) >= 8 else None
        if number is not None and frame.src == self.found[number].mac:
            self.found[number] = replace(self.found[number], forwarded_by=ipaddress.ip_address(sender))

    def _port(self, protocol: str, own_port: int, outcome: DirectedOutcome, frame: Packet) -> None:
        place = self.ports.get((protocol, own_port))
        if place is None:
            return
        number, index = place
        claim = self.found[number]
        if claim.ports[index].outcome is not DirectedOutcome.SILENT:
            return
        seen = replace(claim.ports[index], outcome=outcome, answered_by=frame.src, ttl=_ttl(frame))
        ports = (*claim.ports[:index], seen, *claim.ports[index + 1 :])
        self.found[number] = replace(claim, ports=ports)


def _ttl(frame: Packet) -> int:
    return int(frame[IP].ttl) if IP in frame else int(frame[IPv6].hlim)


def _echo(version: int, identifier: int) -> Packet:
    if version == 6:
        return ICMPv6EchoRequest(id=identifier, seq=1, data=b"hairpin-doctor")
    return ICMP(type="echo-request", id=identifier, seq=1) / b"hairpin-doctor"


def _opening(protocol: str, own_port: int, target: Target) -> Packet:
    if protocol == Protocol.TCP:
        return TCP(sport=own_port, dport=target.port, flags="S", seq=int.from_bytes(os.urandom(4)))
    question = DNS(rd=1, qd=DNSQR(qname="localhost.")) if target.port == DNS_PORT else b"\r\n"
    return UDP(sport=own_port, dport=target.port) / question
