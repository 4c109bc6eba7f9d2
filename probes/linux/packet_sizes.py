"""Whether a TCP segment of full size arrives where a small one did; if not, which smaller ones do.

One segment and not more: what is sent at once in several travels through virtual interfaces as one packet with offloaded
segmentation (GSO), which their MTU does not stop (is_skb_forwardable, net/core/dev.c).
"""

from __future__ import annotations

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from probes.linux.waiting import waits
from probes.questions.traffic import Endpoint, PacketSizes

LINE_END = b"\r\n"  # harmless to line protocols
LARGEST = 8960  # bytes: loopback would take 64 KiB
MSS_TRIED = (1460, 1360, 1200, 536)
WAIT_SECONDS = (
    0.9  # at least two repetitions: the first comes after 0.2 s (TCP_RTO_MIN), the next after twice that
)
POLL_SECONDS = 0.005
OVER = (7,)  # linux/tcp_states.h: TCP_CLOSE, after a reset


@dataclass(frozen=True)
class _Information:
    """Fields of struct tcp_info (linux/tcp.h); `acknowledged` in bytes, since the connection began."""

    over: bool
    timestamps: bool
    send_mss: int
    round_trip_seconds: float
    acknowledged: int


def _information(connection: socket.socket) -> _Information:
    data = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)
    mss, round_trip = (struct.unpack_from("I", data, at)[0] for at in (16, 68))
    acknowledged = struct.unpack_from("Q", data, 120)[0]
    return _Information(data[0] in OVER, bool(data[5] & 1), mss, round_trip / 1e6, acknowledged)


@dataclass(frozen=True)
class FullSegment:
    """A segment that filled an IP packet of `size` bytes; `arrived` is None where the other side ended the connection."""

    size: int
    arrived: bool | None


def full_segment(connection: socket.socket) -> FullSegment | None:
    """Send one, and wait until it is acknowledged or has been repeated in vain; None where it could not be sent."""
    before = _information(connection)
    try:
        sent = connection.send((LINE_END * (LARGEST // 2))[: before.send_mss])
    except OSError:
        return None
    ip = 20 if connection.family == socket.AF_INET else 40
    size = sent + ip + 20 + (12 if before.timestamps else 0)
    deadline = time.monotonic() + max(WAIT_SECONDS, 6 * before.round_trip_seconds)
    for left in waits(deadline):
        now = _information(connection)
        if now.acknowledged - before.acknowledged >= sent:
            return FullSegment(size, True)
        if now.over:
            return FullSegment(size, None)
        if not left:
            break
        time.sleep(POLL_SECONDS)
    return FullSegment(size, False)


def packet_sizes(destination: Endpoint) -> PacketSizes | None:
    """The size of a full packet that is lost and the largest one that passes, each on a connection of its own.

    None where full packets do arrive, or not even the smallest does, so that it is not the size that decides. Nothing is
    sent before: a server that ends the connection after a line end would have its kernel reset what comes later.
    """
    full = _first_segment(destination, None)
    if full is None or full.arrived is not False:
        return None
    with ThreadPoolExecutor(max_workers=len(MSS_TRIED)) as pool:
        smaller = list(pool.map(lambda mss: _first_segment(destination, mss), MSS_TRIED))
    passed = [each.size for each in smaller if each is not None and each.arrived and each.size < full.size]
    return PacketSizes(full.size, max(passed)) if passed else None


def _first_segment(destination: Endpoint, mss: int | None) -> FullSegment | None:
    """Connect with segments no larger than `mss`, and send one of that size."""
    family = socket.AF_INET if destination.address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        if mss is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
        connection.settimeout(WAIT_SECONDS)
        try:
            connection.connect((str(destination.address), destination.port))
        except OSError:
            return None
        return full_segment(connection)
