"""UDP datagrams with small TTLs to each destination; ICMP errors come by the socket's error queue (ip(7), IP_RECVERR)."""

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
from probes.questions.hops import Hops, HopsTowards
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import FirstHop, FirstHops
from probes.target import Address

TRACEROUTE_PORT = 33434  # nobody listens there
ORIGIN_ICMP, ORIGIN_ICMP6 = 2, 3  # SO_EE_ORIGIN_*, linux/errqueue.h
EXTENDED_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err
TRIES = 3
ASK_AGAIN_AFTER = 1.1  # s: a router lets one error a second pass to one station
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


def hops_towards(question: HopsTowards) -> tuple[Hops, ...]:
    """All destinations at once."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return tuple(pool.map(lambda each: _follow(each, question), question.destinations))


def _follow(destination: Address, question: HopsTowards) -> Hops:
    """Every TTL has a socket of its own, so that each error is known to be about that one."""
    with contextlib.ExitStack() as stack:
        senders = [stack.enter_context(_sender(destination, ttl + 1)) for ttl in range(question.at_most)]
        found: list[IcmpMessage | None] = [None] * question.at_most
        end = time.monotonic() + question.timeout_ms / 1000
        while (left := end - time.monotonic()) > 0 and not _ended(found):
            for sender, message in zip(senders, found, strict=True):
                if message is None:
                    _send(sender, destination)
            _listen(senders, found, time.monotonic() + min(left, ASK_AGAIN_AFTER))
        return Hops(destination, tuple(found))


def _listen(senders: list[socket.socket], found: list[IcmpMessage | None], end: float) -> None:
    for left in waits(end):
        for place, sender in enumerate(senders):
            found[place] = found[place] or _told(sender)
        if not left or _ended(found):
            return
        time.sleep(min(left, 0.02))


def _ended(found: list[IcmpMessage | None]) -> bool:
    """Whether somebody has said that it goes no further, and every hop before that one has spoken."""
    return any(
        message is not None and message.is_unreachable and all(found[:place])
        for place, message in enumerate(found)
    )


def _sender(destination: Address, ttl: int) -> socket.socket:
    if destination.version == 4:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    else:
        sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sender.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    sender.setblocking(False)
    return sender


def _send(sender: socket.socket, destination: Address) -> None:
    with contextlib.suppress(OSError):  # an error of the packet before, which the queue tells in full
        sender.sendto(PAYLOAD, (str(destination), TRACEROUTE_PORT))


def _ask(destination: Address, seconds: float) -> IcmpMessage | None:
    with _sender(destination, 1) as sender:
        for _ in range(TRIES):
            end = time.monotonic() + seconds / TRIES
            _send(sender, destination)
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
