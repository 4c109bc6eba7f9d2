"""UDP exchanges on an unconnected socket: answers from other addresses show, and ICMP errors too (IP_RECVERR)."""

from __future__ import annotations

import errno
import ipaddress
import select
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from probes.linux.waiting import waits
from probes.questions.traffic import DatagramAnswer, DatagramOutcome, Datagrams, Endpoint

IP_RECVERR, IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h
AT_ONCE = 16
PAYLOAD = b"\0"


@dataclass(frozen=True)
class Exchange:
    """What came back for one datagram: the outcome, the data, who sent it, and the round trip in ms."""

    outcome: DatagramOutcome
    data: bytes = b""
    replied_from: Endpoint | None = None
    round_trip_ms: float | None = None
    error: str | None = None


def datagrams(question: Datagrams) -> tuple[DatagramAnswer, ...]:
    """All exchanges at once, each within the timeout."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        running = [
            pool.submit(exchange, end, PAYLOAD, question.timeout_ms / 1000) for end in question.destinations
        ]
        done = [each.result() for each in running]
    return tuple(
        DatagramAnswer(end, each.outcome, each.round_trip_ms, each.replied_from, each.error)
        for end, each in zip(question.destinations, done, strict=True)
    )


def exchange(destination: Endpoint, payload: bytes, timeout: float) -> Exchange:
    """Send, send once more at half time, and take the first thing that comes back."""
    ipv4 = destination.address.version == 4
    with socket.socket(socket.AF_INET if ipv4 else socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        if ipv4:
            sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        else:
            sender.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        sender.setblocking(False)
        start = time.monotonic()
        for until in (start + timeout / 2, start + timeout):
            try:
                sender.sendto(payload, (str(destination.address), destination.port))
                found = _receive(sender, destination, start, until)
            except OSError as error:
                return _failed(error)
            if found is not None:
                return found
    return Exchange(DatagramOutcome.SILENT)


def _receive(sender: socket.socket, destination: Endpoint, start: float, until: float) -> Exchange | None:
    if not select.select([sender], [], [], next(waits(until)))[0]:
        return None
    data, origin = sender.recvfrom(65535)
    passed = round((time.monotonic() - start) * 1000, 3)
    source = Endpoint(ipaddress.ip_address(origin[0]), origin[1])
    expected = source == destination
    return Exchange(
        DatagramOutcome.ANSWERED if expected else DatagramOutcome.OTHER_SOURCE, data, source, passed
    )


def _failed(error: OSError) -> Exchange:
    name = errno.errorcode.get(error.errno or 0, str(error))
    refused = error.errno == errno.ECONNREFUSED
    return Exchange(DatagramOutcome.REFUSED if refused else DatagramOutcome.UNREACHABLE, error=name)
