"""The client's own packet filter: what its rules do, and what its sockets and its capture say of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.client_filter import may_be_the_attempt, own_stops, refused_by_itself
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts
from probes.forward_chain import ForwardChainFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.questions.firewall import FlowDirection, TrackedConnection
from probes.questions.traffic import (
    DatagramAnswer,
    DatagramOutcome,
    DnsAnswer,
    Endpoint,
    Handshake,
    HandshakeAnswer,
    TcpFrame,
)
from probes.rulesets.passage import Passage, Stopper
from probes.target import Protocol
from probes.tcp import TcpFacts
from probes.udp import UdpFacts

VIP, OTHER, CLIENT = (IPv4Address(text) for text in ("192.0.2.53", "192.0.2.50", "192.0.2.10"))
RULE = Stopper("nftables", "inet x", "output", "o", "drop", True, "ip daddr 192.0.2.53 drop", 3)
Point = Callable[..., VantagePoint]


def frame(outgoing: bool, flags: str, port: int = 40000) -> TcpFrame:
    return TcpFrame(outgoing, "02::1", "02::2", Endpoint(CLIENT if outgoing else VIP, port), flags)


def shook(outcome: Handshake, *frames: TcpFrame, to: IPv4Address = VIP) -> HandshakeAnswer:
    return HandshakeAnswer(Endpoint(to, 80), outcome, None, frames, None)


ELSEWHERE = shook(Handshake.OPEN, frame(True, "SYN"), to=OTHER)
"""Shows that the capture sees what leaves."""


def passage(
    way: Any, protocol: Protocol = Protocol.TCP, port: int = 80, passes: bool | None = False
) -> Passage:
    return Passage(VIP, port, protocol, None, way, None, None, passes, (RULE,), ())


def client(
    point: Point, *facts: Any, own: tuple[Passage, ...] = (), target: str = "192.0.2.53:80/tcp"
) -> VantagePoint:
    chains = ForwardChainFacts((), (), ("nftables",), (), own)
    return point("vm", InterfaceSysctlFacts((), (), 0), chains, *facts, targets=(target,))


@pytest.mark.parametrize(
    ("way", "answer", "seen"),
    [
        ("sent", shook(Handshake.SILENT), "No SYN"),
        (
            "answered",
            shook(Handshake.SILENT, frame(True, "SYN"), frame(False, "SYN-ACK")),
            "does not take it",
        ),
        (
            "answered",
            shook(Handshake.SILENT, frame(True, "SYN")),
            None,
        ),  # latent: the answers do not even come
    ],
)
def test_what_the_rules_surely_stop_is_shown_by_the_clients_own_capture(
    point: Point, way: str, answer: HandshakeAnswer, seen: str | None
) -> None:
    (found,) = own_stops(client(point, TcpFacts((answer, ELSEWHERE), ()), own=(passage(way),)), VIP)
    assert found.stopped.by is RULE
    assert (found.seen is None) if seen is None else (seen in (found.seen or ""))


def test_a_syn_that_was_seen_to_leave_clears_the_rules_on_the_way_out(point: Point) -> None:
    left = shook(Handshake.SILENT, frame(True, "SYN"))
    assert own_stops(client(point, TcpFacts((left,), ()), own=(passage("sent"),)), VIP) == ()


@pytest.mark.parametrize("passes", [True, None])
def test_what_the_rules_only_may_stop_is_no_cause(point: Point, passes: bool | None) -> None:
    vm = client(point, TcpFacts((shook(Handshake.SILENT),), ()), own=(passage("sent", passes=passes),))
    assert own_stops(vm, VIP) == ()


def test_a_capture_that_saw_nothing_at_all_is_no_proof(point: Point) -> None:
    (found,) = own_stops(client(point, TcpFacts((shook(Handshake.SILENT),), ()), own=(passage("sent"),)), VIP)
    assert found.seen is None


def refused(error: str | None) -> DnsFacts:
    answer = DnsAnswer(Endpoint(VIP, 53), "udp", DatagramOutcome.UNREACHABLE, None, False, None, None, error)
    return DnsFacts((answer,))


def test_a_socket_that_may_not_send_says_so(point: Point) -> None:
    own = (passage("sent", Protocol.UDP, 53),)
    vm = client(point, refused("EPERM"), own=own, target="192.0.2.53:53/udp")
    assert refused_by_itself(vm, VIP) == ("53/udp",)
    (found,) = own_stops(vm, VIP)
    assert "EPERM" in (found.seen or "")
    other = DatagramAnswer(Endpoint(VIP, 5000), DatagramOutcome.UNREACHABLE, None, None, "EPERM")
    assert refused_by_itself(client(point, UdpFacts((other,))), VIP) == ("5000/udp",)
    assert refused_by_itself(client(point, refused("ECONNREFUSED")), VIP) == ()


def flow(source_port: int, protocol: Protocol = Protocol.TCP, port: int = 80) -> TrackedConnection:
    there, back = FlowDirection(CLIENT, VIP, source_port, port), FlowDirection(VIP, CLIENT, port, source_port)
    return TrackedConnection(protocol, there, back, True, None)


def test_only_a_flow_from_the_port_of_a_silent_syn_is_its_attempt(point: Point) -> None:
    tried = shook(Handshake.SILENT, frame(True, "SYN", 40001))
    vm = client(point, TcpFacts((tried,), ()))
    assert may_be_the_attempt(vm, flow(40001))
    assert not may_be_the_attempt(vm, flow(40002))  # a frame that we crafted, or an earlier try
    never_left = client(point, TcpFacts((shook(Handshake.SILENT), ELSEWHERE), ()))
    assert not may_be_the_attempt(never_left, flow(40001))


@pytest.mark.parametrize(
    "answer",
    [
        shook(Handshake.OPEN, frame(True, "SYN", 40001)),
        replace(shook(Handshake.SILENT), frames=None),
        shook(Handshake.SILENT),
    ],
)
def test_where_nothing_tells_whose_flow_it_is_all_of_them_count(
    point: Point, answer: HandshakeAnswer
) -> None:
    assert may_be_the_attempt(client(point, TcpFacts((answer,), ())), flow(40002))
    assert may_be_the_attempt(client(point), flow(40002))


def test_datagrams_that_were_refused_left_no_flow(point: Point) -> None:
    assert not may_be_the_attempt(client(point, refused("EPERM")), flow(40001, Protocol.UDP, 53))
    assert may_be_the_attempt(client(point, refused(None)), flow(40001, Protocol.UDP, 53))
