"""Echo requests crafted by scapy with the gateway's MAC: which way would the gateway send what is on-link for us?"""

from __future__ import annotations

import ipaddress
import os
import select
import socket
import struct
import time
from contextlib import closing
from dataclasses import replace

from probes.linux.crafting import ICMP, IP, Ether
from probes.linux.icmp import ABOUT_OUR_PACKET, ECHO_REPLY, REDIRECT
from probes.linux.routed_ipv6 import TO_THE_SECOND_HOP, TRIES, routed_echoes_ipv6
from probes.linux.waiting import waits
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    RoutedEcho,
    RoutedEchoes,
)
from probes.target import Address

REDIRECTS_WAITED_FOR = 3


def routed_echoes(question: RoutedEchoes) -> tuple[RoutedEcho, ...]:
    """Send to every VIP, twice, and collect what comes back until the time is up.

    Slowly at first: a Linux router sends the first redirects to one station 20 ms << (how many it has sent) apart at
    least (ip_rt_send_redirect, net/ipv4/route.c), and each VIP needs its own.
    """
    if question.source.version == 6:
        return routed_echoes_ipv6(question)
    with (
        closing(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)) as receiver,
        closing(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)) as sender,
    ):
        sender.bind((question.interface, 0))
        asking = _Asking(question, sender.getsockname()[4].hex(":"))
        for _ in range(TRIES):
            for destination in question.destinations:
                sender.send(asking.frame(destination))
                asking.listen(receiver, asking.seconds_between_redirects())
            asking.listen(receiver, question.timeout_ms / 1000 / TRIES)
        return tuple(asking.found.values())


class _Asking:
    def __init__(self, question: RoutedEchoes, own_mac: str) -> None:
        self.question, self.own_mac = question, own_mac
        self.identifier = int.from_bytes(os.urandom(2))
        self.found = {each: RoutedEcho(each, False, ()) for each in question.destinations}

    def frame(self, destination: Address) -> bytes:
        link = Ether(src=self.own_mac, dst=self.question.gateway_mac)
        network = IP(src=str(self.question.source), dst=str(destination), ttl=TO_THE_SECOND_HOP)
        return bytes(
            link / network / ICMP(type="echo-request", id=self.identifier, seq=1) / b"hairpin-doctor"
        )

    def seconds_between_redirects(self) -> float:
        """0.04, 0.08, 0.16, and no more waiting where a router has sent none or as many as it will."""
        sent = sum(each.type == REDIRECT for echo in self.found.values() for each in echo.messages)
        return 0.02 * 2 ** (sent + 1) if sent <= REDIRECTS_WAITED_FOR else 0

    def listen(self, receiver: socket.socket, seconds: float) -> None:
        for left in waits(time.monotonic() + seconds):
            if not select.select([receiver], [], [], left)[0]:
                return
            packet, origin = receiver.recvfrom(2048)
            self._take(packet[(packet[0] & 0x0F) * 4 :], ipaddress.ip_address(origin[0]))

    def _take(self, message: bytes, sender: Address) -> None:
        if len(message) < 8:
            return
        kind, code = message[0], message[1]
        if kind == ECHO_REPLY and struct.unpack_from("!H", message, 4)[0] == self.identifier:
            if sender in self.found:
                self.found[sender] = replace(self.found[sender], replied=True)
        elif kind in ABOUT_OUR_PACKET and self._quotes_us(message):
            known = self.found.get(ipaddress.ip_address(message[24:28]))
            gateway = ipaddress.ip_address(message[4:8]) if kind == REDIRECT else None
            found = IcmpMessage(kind, code, sender, gateway)
            if known is not None and found not in known.messages:
                self.found[known.destination] = replace(known, messages=(*known.messages, found))

    def _quotes_us(self, message: bytes) -> bool:
        """The quoted IP header and the first 8 bytes behind it: our echo request's identifier (RFC 792)."""
        quoted = 8 + (message[8] & 0x0F) * 4
        return (
            len(message) >= quoted + 8 and struct.unpack_from("!H", message, quoted + 4)[0] == self.identifier
        )
