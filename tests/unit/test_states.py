"""What counts as working, failing, or unknown."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.states import HANDSHAKE_WORDS, TargetState, Works, ping_said
from probes.dns import DnsFacts
from probes.icmp import IcmpFacts
from probes.questions.traffic import (
    DatagramAnswer,
    DatagramOutcome,
    DnsAnswer,
    EchoAnswer,
    Endpoint,
    Handshake,
    HandshakeAnswer,
)
from probes.target import Target
from probes.tcp import TcpFacts
from probes.udp import UdpFacts

VIP = IPv4Address("192.0.2.53")
Point = Callable[..., Any]


def tcp(outcome: Handshake, *ports: int, error: str | None = None) -> TcpFacts:
    answers = (HandshakeAnswer(Endpoint(VIP, port), outcome, 1.5, None, error) for port in ports or (80,))
    return TcpFacts(tuple(answers), ())


def udp(outcome: DatagramOutcome, replied_from: Endpoint | None = None) -> UdpFacts:
    return UdpFacts((DatagramAnswer(Endpoint(VIP, 99), outcome, None, replied_from, "EHOSTUNREACH"),))


def dns(outcome: DatagramOutcome, rcode: str | None = None, transport: Any = "udp") -> DnsFacts:
    error = None if rcode else "no DNS message"
    return DnsFacts((DnsAnswer(Endpoint(VIP, 53), transport, outcome, rcode, False, 0.5, None, error),))


def only(point: Point, target: str, *facts: Any) -> TargetState:
    (state,) = point("vm", *facts, targets=(target,)).states
    return state


@pytest.mark.parametrize("outcome", list(Handshake))
def test_tcp_works_only_where_what_we_send_is_acknowledged(point: Point, outcome: Handshake) -> None:
    state = only(point, "192.0.2.53:80/tcp", tcp(outcome))
    assert state.works is (Works.YES if outcome is Handshake.OPEN else Works.NO)
    assert state.said == HANDSHAKE_WORDS[outcome]
    assert (state.vantage_point, state.round_trip_ms) == ("vm", 1.5)


def test_the_errno_of_an_unreachable_port_is_told(point: Point) -> None:
    state = only(point, "192.0.2.53:80/tcp", tcp(Handshake.UNREACHABLE, error="EHOSTUNREACH"))
    assert state.said == "unreachable (EHOSTUNREACH)"


@pytest.mark.parametrize(
    ("outcome", "works"),
    [
        (DatagramOutcome.ANSWERED, Works.YES),
        (DatagramOutcome.REFUSED, Works.NO),
        (DatagramOutcome.OTHER_SOURCE, Works.NO),
        (DatagramOutcome.UNREACHABLE, Works.NO),
        (DatagramOutcome.SILENT, Works.UNKNOWN),
    ],
)
def test_silence_of_an_unknown_udp_service_is_unknown(
    point: Point, outcome: DatagramOutcome, works: Works
) -> None:
    assert only(point, "192.0.2.53:99/udp", udp(outcome)).works is works


def test_an_answer_from_another_address_names_it(point: Point) -> None:
    stranger = Endpoint(IPv4Address("10.0.0.5"), 99)
    state = only(point, "192.0.2.53:99/udp", udp(DatagramOutcome.OTHER_SOURCE, stranger))
    assert "10.0.0.5:99" in state.said


@pytest.mark.parametrize("outcome", list(DatagramOutcome))
def test_dns_must_answer_a_question_that_every_resolver_knows(point: Point, outcome: DatagramOutcome) -> None:
    state = only(point, "192.0.2.53:53/udp", dns(outcome, "NOERROR"))
    assert state.works is (Works.YES if outcome is DatagramOutcome.ANSWERED else Works.NO)


def test_a_datagram_that_is_no_dns_message_still_shows_that_the_path_works(point: Point) -> None:
    state = only(point, "192.0.2.53:53/udp", dns(DatagramOutcome.ANSWERED, None))
    assert (state.works, state.said) == (Works.YES, "answers, but no DNS message")


def test_a_failing_resolver_is_no_service_though_the_network_is_well(point: Point) -> None:
    state = only(point, "192.0.2.53:53/udp", dns(DatagramOutcome.ANSWERED, "SERVFAIL"))
    assert (state.works, state.said) == (Works.NO, "DNS answers SERVFAIL")
    assert state.answered
    assert not state.unreached


def test_a_refusal_without_an_offer_of_recursion_may_be_right(point: Point) -> None:
    state = only(point, "192.0.2.53:53/udp", dns(DatagramOutcome.ANSWERED, "REFUSED"))
    assert state.works is Works.UNKNOWN
    assert not state.answered


@pytest.mark.parametrize("target", ["192.0.2.53:80/tcp", "192.0.2.53:99/udp", "192.0.2.53:53/udp"])
@pytest.mark.parametrize(
    "facts", [(), (TcpFacts((), ()), UdpFacts(()), DnsFacts(()))], ids=["unseen", "empty"]
)
def test_what_was_not_tried_is_unknown(point: Point, target: str, facts: tuple[Any, ...]) -> None:
    state = only(point, target, *facts)
    assert (state.works, state.said) == (Works.UNKNOWN, "not tried")


def test_dns_over_the_other_transport_does_not_count(point: Point) -> None:
    answer = dns(DatagramOutcome.ANSWERED, "NOERROR", "tcp")
    assert only(point, "192.0.2.53:53/udp", answer).works is Works.UNKNOWN


def test_a_port_without_a_protocol_is_tcp_and_53_is_both(point: Point) -> None:
    named = point("vm", tcp(Handshake.OPEN, 80, 53), targets=("192.0.2.53:80", "192.0.2.53:53")).states
    assert [str(state.target) for state in named] == [
        "192.0.2.53:80/tcp",
        "192.0.2.53:53/tcp",
        "192.0.2.53:53/udp",
    ]


def test_equal_targets_have_one_state(point: Point) -> None:
    states = point("vm", tcp(Handshake.OPEN), targets=("192.0.2.53:80", "192.0.2.53:80/tcp")).states
    assert len(states) == 1


def test_a_bare_vip_shows_its_working_common_ports_and_hides_dead_ones(point: Point) -> None:
    facts = TcpFacts((*tcp(Handshake.OPEN, 443).answers, *tcp(Handshake.REFUSED, 53, 80).answers), ())
    (state,) = point("vm", facts, dns(DatagramOutcome.SILENT), targets=("192.0.2.53",)).states
    assert (str(state.target), state.works) == ("192.0.2.53:443/tcp", Works.YES)


def test_a_bare_vip_whose_common_ports_are_all_dead_is_unknown_and_not_failing(point: Point) -> None:
    facts = (tcp(Handshake.SILENT, 53, 80, 443), dns(DatagramOutcome.SILENT))
    (state,) = point("vm", *facts, targets=("192.0.2.53",)).states
    assert (state.target, state.works) == (Target(VIP), Works.UNKNOWN)


@pytest.mark.parametrize(
    ("replied_from", "said"),
    [
        (VIP, "ping answers"),
        (IPv4Address("10.0.0.5"), "ping does not answer"),
        (None, "ping does not answer"),
    ],
)
def test_ping_answers_only_by_the_vip_itself(point: Point, replied_from: Any, said: str) -> None:
    facts = IcmpFacts((EchoAnswer(VIP, None, replied_from, (), None),))
    assert ping_said(point("vm", facts).findings, VIP) == said
    assert ping_said(point("vm").findings, VIP) == "ping was not tried"
