"""TCP handshakes with real connections, and whether what is sent afterwards is acknowledged, at every size."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from probes.linux.capture import captured_frames, open_capture
from probes.linux.packet_sizes import full_segment, packet_sizes
from probes.questions.traffic import Endpoint, Handshake, HandshakeAnswer, Handshakes, TcpFrame

PAYLOAD = b"\r\n"  # harmless to line protocols, enough to see an acknowledgement
UNACKED_AT = 24  # offset of tcpi_unacked in struct tcp_info, linux/tcp.h
POLL_SECONDS = 0.005
A_MOMENT = 0.05  # s
AT_ONCE = 16


class _Patience:
    """Until when the ports of one address are waited for."""

    def __init__(self, seconds: float, guessed: bool) -> None:
        self.deadline, self.guessed = time.monotonic() + seconds, guessed

    def left(self) -> float:
        """Seconds, never negative."""
        return max(self.deadline - time.monotonic(), 0.0)

    def opened(self) -> None:
        """A port has opened: guesses beside it get only a moment more."""
        if self.guessed:
            self.deadline = min(self.deadline, time.monotonic() + A_MOMENT)


def handshakes(question: Handshakes) -> tuple[HandshakeAnswer, ...]:
    """All attempts at once, each within the timeout."""
    seconds = question.timeout_ms / 1000
    patience = {end.address: _Patience(seconds, question.guessed) for end in question.destinations}
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        attempts = [pool.submit(_attempt, end, patience[end.address]) for end in question.destinations]
        return tuple(attempt.result() for attempt in attempts)


def _attempt(destination: Endpoint, patience: _Patience) -> HandshakeAnswer:
    family = socket.AF_INET if destination.address.version == 4 else socket.AF_INET6
    with ExitStack() as stack:
        connection = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        connection.bind(("", 0))
        capture = _capture_or_none(connection.getsockname()[1], ipv6=family == socket.AF_INET6)
        if capture is not None:
            stack.enter_context(capture)
        start = time.monotonic()
        outcome, connected, error = _connect_and_send(connection, destination, patience)
        frames = None if capture is None else _of_this_attempt(capture)
        if outcome is Handshake.OPEN:
            patience.opened()
        segment = full_segment(connection) if outcome is Handshake.OPEN else None
    sizes = packet_sizes(destination) if segment is not None and not segment.arrived else None
    outcome = Handshake.SMALL_ONLY if sizes is not None else outcome
    passed = None if connected is None else round((connected - start) * 1000, 3)
    return HandshakeAnswer(destination, outcome, passed, frames, error, sizes)


def _capture_or_none(port: int, *, ipv6: bool) -> socket.socket | None:
    try:
        return open_capture(port, ipv6=ipv6)
    except PermissionError:
        return None


def _of_this_attempt(capture: socket.socket) -> tuple[TcpFrame, ...]:
    """Each distinct frame once: a frame passes several devices of a host (bridge and port), retransmissions repeat."""
    return tuple(dict.fromkeys(captured_frames(capture)))[:64]


def _connect_and_send(
    connection: socket.socket, destination: Endpoint, patience: _Patience
) -> tuple[Handshake, float | None, str | None]:
    connection.setblocking(False)
    failed = connection.connect_ex((str(destination.address), destination.port))
    while failed == errno.EINPROGRESS:
        left = (
            patience.left()
        )  # taken before the look, so that a last one follows the end, however late we may run
        if select.select([], [connection], [], min(left, A_MOMENT))[1]:
            failed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        elif not left:
            return Handshake.SILENT, None, None
    if failed == errno.ETIMEDOUT:
        return Handshake.SILENT, None, None
    if failed == errno.ECONNREFUSED:
        return Handshake.REFUSED, None, None
    if failed == errno.ECONNRESET:  # a RST before the SYN-ACK refuses (tcp_reset, net/ipv4/tcp_input.c)
        return Handshake.RESET, time.monotonic(), None
    if failed:
        return Handshake.UNREACHABLE, None, errno.errorcode.get(failed, os.strerror(failed))
    connected = time.monotonic()
    return _acknowledged(connection, patience), connected, None


def _acknowledged(connection: socket.socket, patience: _Patience) -> Handshake:
    """Any acknowledgement, answer or orderly close proves the way there and back for more than a handshake."""
    try:
        connection.sendall(PAYLOAD)
        while True:
            left = patience.left()
            information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            if struct.unpack_from("I", information, UNACKED_AT)[0] == 0:
                return Handshake.OPEN
            if select.select([connection], [], [], POLL_SECONDS)[0]:
                connection.recv(1)
                return Handshake.OPEN
            if not left:
                return Handshake.STALLED
    except (ConnectionResetError, BrokenPipeError):
        return Handshake.RESET
