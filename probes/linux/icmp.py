"""ICMP echo (RFC 792, RFC 4443) by a raw socket, else a ping socket, else the ping program (needs no right of ours)."""

from __future__ import annotations

import ipaddress
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

from probes.host import Denied
from probes.linux.rulesets import PATH
from probes.linux.waiting import waits
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    EchoAnswer,
    Echoes,
)
from probes.target import Address

ECHO_REPLY, UNREACHABLE, REDIRECT, ECHO_REQUEST, TIME_EXCEEDED = 0, 3, 5, 8, 11
ECHO6_REQUEST, ECHO6_REPLY, UNREACHABLE6, TIME_EXCEEDED6, REDIRECT6 = 128, 129, 1, 3, 137
ERRORS6 = {UNREACHABLE6, TIME_EXCEEDED6}
PAYLOAD = b"hairpin-doctor"
ABOUT_OUR_PACKET = {UNREACHABLE, REDIRECT, TIME_EXCEEDED}
LINGER_SECONDS = 0.03  # a redirect may arrive just behind the reply
AT_MOST = 16  # messages kept per address


def echoes(question: Echoes) -> tuple[EchoAnswer, ...]:
    """Ping every address at once, in its order; raises Denied where all three ways are closed."""
    by_family = [
        replace(
            question, destinations=tuple(each for each in question.destinations if each.version == version)
        )
        for version in (4, 6)
    ]
    with ThreadPoolExecutor(max_workers=len(by_family)) as pool:
        answers = {
            each.destination: each
            for found in pool.map(_of_one_family, (each for each in by_family if each.destinations))
            for each in found
        }
    return tuple(answers[each] for each in question.destinations)


def _of_one_family(question: Echoes) -> tuple[EchoAnswer, ...]:
    ipv6 = question.destinations[0].version == 6
    family, protocol = (
        (socket.AF_INET6, socket.IPPROTO_ICMPV6) if ipv6 else (socket.AF_INET, socket.IPPROTO_ICMP)
    )
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            channel = socket.socket(family, kind, protocol)
        except PermissionError:
            continue
        with closing(channel):
            return tuple(_Pings(channel, question, raw=kind == socket.SOCK_RAW, ipv6=ipv6).answers())
    program = shutil.which("ping", path=PATH)
    if program is None:
        raise Denied(
            "CAP_NET_RAW, a net.ipv4.ping_group_range that includes us, or the ping program", "ICMP echo"
        )
    with ThreadPoolExecutor(max_workers=AT_MOST) as pool:
        return tuple(
            pool.map(lambda each: _by_program(program, each, question.timeout_ms), question.destinations)
        )


class _Pings:
    def __init__(self, channel: socket.socket, question: Echoes, *, raw: bool, ipv6: bool) -> None:
        self.channel, self.question, self.raw, self.ipv6 = channel, question, raw, ipv6
        self.identifier = int.from_bytes(os.urandom(2))
        messages: tuple[IcmpMessage, ...] | None = () if raw else None
        self.found = {each: EchoAnswer(each, None, None, messages, None) for each in question.destinations}
        self.start = time.monotonic()

    def answers(self) -> Iterator[EchoAnswer]:
        self.channel.setblocking(False)
        deadline = self.start + self.question.timeout_ms / 1000
        for round_ends in (self.start + self.question.timeout_ms / 2000, deadline):
            self._ask()
            self._listen(round_ends)
            if self._complete():
                self._listen(min(time.monotonic() + LINGER_SECONDS, deadline), stop_when_complete=False)
                break
        yield from self.found.values()

    def _complete(self) -> bool:
        return all(answer.round_trip_ms is not None or answer.error for answer in self.found.values())

    def _ask(self) -> None:
        for sequence, (destination, answer) in enumerate(self.found.items()):
            if answer.round_trip_ms is not None or answer.error:
                continue
            try:
                self.channel.sendto(self._request(sequence), (str(destination), 0))
            except OSError as error:
                self.found[destination] = replace(answer, error=error.strerror)

    def _request(self, sequence: int) -> bytes:
        """The kernel fills in the checksum of ICMPv6 (RFC 3542 section 3.1)."""
        kind = ECHO6_REQUEST if self.ipv6 else ECHO_REQUEST
        blank = struct.pack("!BBHHH", kind, 0, 0, self.identifier, sequence) + PAYLOAD
        return blank[:2] + checksum(blank).to_bytes(2) + blank[4:]

    def _listen(self, until: float, *, stop_when_complete: bool = True) -> None:
        for left in waits(until):
            if stop_when_complete and self._complete():
                return
            if not select.select([self.channel], [], [], left)[0]:
                return
            try:
                packet, origin = self.channel.recvfrom(2048)
            except OSError:  # an ICMP error was reported on the socket; the next packet is what counts
                continue
            header = (packet[0] & 0x0F) * 4 if self.raw and not self.ipv6 else 0
            self._take(packet[header:], ipaddress.ip_address(origin[0]))

    def _take(self, message: bytes, sender: Address) -> None:
        if len(message) < 8:
            return
        kind, code, _, identifier, sequence = struct.unpack_from("!BBHHH", message)
        if kind == (ECHO6_REPLY if self.ipv6 else ECHO_REPLY) and (
            identifier == self.identifier or not self.raw
        ):
            self._reply(sequence, sender)
        elif self.raw:
            about = about_packet_to(message, ipv6=self.ipv6)
            if about is not None:
                self._about(about[0], IcmpMessage(kind, code, sender, about[1]))

    def _reply(self, sequence: int, sender: Address) -> None:
        destinations = list(self.found)
        if sequence < len(destinations):
            answer = self.found[destinations[sequence]]
            passed = round((time.monotonic() - self.start) * 1000, 3)
            if answer.round_trip_ms is None:
                self.found[answer.destination] = replace(answer, round_trip_ms=passed, replied_from=sender)

    def _about(self, destination: Address, found: IcmpMessage) -> None:
        answer = self.found.get(destination)
        if answer is None or answer.messages is None or len(answer.messages) >= AT_MOST:
            return
        if found not in answer.messages:
            self.found[answer.destination] = replace(answer, messages=(*answer.messages, found))


def about_packet_to(message: bytes, *, ipv6: bool) -> tuple[Address, Address | None] | None:
    """Where the packet went that an ICMP message is about, and the next hop that a redirect proposes; None for another.

    The message quotes the packet's IP header (RFC 792, RFC 4443), at byte 8; an IPv6 redirect names both addresses itself
    (RFC 4861 section 4.5).
    """
    kind = message[0]
    if ipv6 and kind == REDIRECT6 and len(message) >= 40:
        return ipaddress.IPv6Address(message[24:40]), ipaddress.IPv6Address(message[8:24])
    if ipv6 and kind in ERRORS6 and len(message) >= 48:
        return ipaddress.IPv6Address(message[32:48]), None
    if not ipv6 and kind in ABOUT_OUR_PACKET and len(message) >= 28:
        gateway = ipaddress.IPv4Address(message[4:8]) if kind == REDIRECT else None
        return ipaddress.IPv4Address(message[24:28]), gateway
    return None


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _by_program(program: str, destination: Address, timeout_ms: int) -> EchoAnswer:
    seconds = str(max(1, round(timeout_ms / 1000)))
    command = [program, "-n", "-c", "1", "-W", seconds, str(destination)]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, env={"LC_ALL": "C"}
    )
    match = re.search(r"bytes from ([^:\s]+).*time=([\d.]+) ms", done.stdout)
    if match:
        return EchoAnswer(destination, float(match[2]), ipaddress.ip_address(match[1]), None, None)
    complaint = " ".join(done.stderr.split())[:200] or None
    return EchoAnswer(destination, None, None, None, complaint)
