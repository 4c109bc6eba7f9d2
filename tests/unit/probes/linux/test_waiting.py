"""Waiting for packets until a moment, on a machine that may have other work to do."""

from __future__ import annotations

import socket
import time
from ipaddress import ip_address
from itertools import islice

from probes.linux.tcp import handshakes
from probes.linux.udp import exchange
from probes.linux.waiting import LAST_LOOKS, waits
from probes.questions.traffic import DatagramOutcome, Endpoint, Handshake, Handshakes

LOOPBACK = ip_address("127.0.0.1")


def test_once_the_time_is_up_it_looks_without_waiting() -> None:
    assert list(islice(waits(time.monotonic() - 5), 3)) == [0.0, 0.0, 0.0]


def test_on_a_link_that_never_falls_silent_it_comes_to_an_end() -> None:
    assert sum(1 for _ in waits(time.monotonic() - 5)) == LAST_LOOKS


def test_before_that_it_waits_for_what_is_left() -> None:
    assert 4 < next(waits(time.monotonic() + 5)) <= 5


def test_a_refusal_is_heard_by_a_process_that_could_not_run_in_time() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    assert exchange(Endpoint(LOOPBACK, port), b"?", 0.0).outcome is DatagramOutcome.REFUSED


def test_a_handshake_without_any_time_left_is_looked_at_all_the_same() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = Endpoint(LOOPBACK, server.getsockname()[1])
        assert handshakes(Handshakes((end,), timeout_ms=0))[0].outcome is Handshake.OPEN
