"""A UDP datagram with a TTL of 1 to each destination; ICMP errors come by the socket's error queue (ip(7), IP_RECVERR)."""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

from probes.linux.udp import AT_ONCE, IP_RECVERR, IPV6_RECVERR, PAYLOAD
from probes.linux.waiting import waits
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    FirstHop,
    FirstHops,
)
from probes.target import Address

TRACEROUTE_PORT = 33434  # nobody listens there
ORIGIN_ICMP, ORIGIN_ICMP6 = 2, 3  # SO_EE_ORIGIN_*, linux/errqueue.h
EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err
TRIES = 3
OFFENDER = {
    (socket.IPPROTO_IP, IP_RECVERR): slice(EXTENDED_ERROR.size + 4, EXTENDED_ERROR.size + 8),
    (socket.IPPROTO_IPV6, IPV6_RECVERR): slice(EXTENDED_ERROR.size + 8, EXTENDED_ERROR.size + 24),
}
"""Where the sender's address stands: in a struct sockaddr_in or sockaddr_in6 behind the error."""


def first_hops(question: FirstHops) -> tuple[FirstHop, ...]:
    """All destinations at once, each asked up to three times: errors are rate limited."""
    seconds = question.timeout_ms / 1000
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return tuple(pool.map(lambda each: FirstHop(each, _ask(each, seconds)), question.destinations))


def _ask(destination: Address, seconds: float) -> IcmpMessage | None:
    ipv4 = destination.version == 4
    with socket.socket(socket.AF_INET if ipv4 else socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        if ipv4:
            sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        else:
            sender.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
        sender.setblocking(False)
        for _ in range(TRIES):
            end = time.monotonic() + seconds / TRIES
            with contextlib.suppress(OSError):  # an error of the packet before, which the queue tells in full
                sender.sendto(PAYLOAD, (str(destination), TRACEROUTE_PORT))
            for left in waits(end):
                found = _told(sender)
                if found is not None:
                    return found
                if not left:
                    break
                select.select([], [], [sender], min(left, 0.02))
    return None


def _told(sender: socket.socket) -> IcmpMessage | None:
    """The ICMP message in the error queue, None where it holds none or only our own kernel's word."""
    try:
        _, messages, _, _ = sender.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return None
    for level, kind, data in messages:
        place = OFFENDER.get((level, kind))
        if place is not None and len(data) >= place.stop:
            _, origin, icmp_type, code, _, _, _ = EXTENDED_ERROR.unpack_from(data)
            if origin in (ORIGIN_ICMP, ORIGIN_ICMP6):
                return IcmpMessage(icmp_type, code, ipaddress.ip_address(data[place]))
    return None
