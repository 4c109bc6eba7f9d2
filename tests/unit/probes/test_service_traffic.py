"""Which ports the probes tcp, udp and dns try for which scope."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.dns import dns
from probes.probe import Phase, Scope
from probes.questions.traffic import (
    Datagrams,
    DnsExchanges,
    Endpoint,
    Handshake,
    HandshakeAnswer,
    Handshakes,
    TcpFrame,
)
from probes.target import parse_target
from probes.tcp import frames_received, frames_sent, tcp
from probes.udp import udp

VIP, OTHER = IPv4Address("192.0.2.53"), IPv4Address("192.0.2.54")


def scope(*targets: str) -> Scope:
    return Scope(tuple(map(parse_target, targets)), timeout_ms=700)


def ports(question: Any) -> list[int]:
    ends = question.servers if isinstance(question, DnsExchanges) else question.destinations
    return [end.port for end in ends]


@pytest.mark.parametrize(
    ("target", "tried"),
    [
        ("192.0.2.53:80/tcp", [80]),
        ("192.0.2.53:80", [80]),
        ("192.0.2.53:53", [53]),
        ("192.0.2.53:80/udp", []),
        ("192.0.2.53", [53, 80, 443]),
    ],
)
def test_tcp_tries_named_tcp_ports_and_guesses_for_a_bare_vip(
    fake: Any, target: str, tried: list[int]
) -> None:
    host = fake({Handshakes: ()})
    facts = tcp.look(host, scope(target))
    assert [port for each in host.asked for port in ports(each)] == tried
    assert [end.port for end in facts.guessed] == (tried if target == "192.0.2.53" else [])


def test_a_port_that_is_named_and_guessed_is_tried_once_and_counts_as_named(fake: Any) -> None:
    host = fake({Handshakes: ()})
    facts = tcp.look(host, scope("192.0.2.53", "192.0.2.53:80", "192.0.2.53:80/tcp"))
    assert [ports(each) for each in host.asked] == [[80], [53, 443]]
    assert [each.guessed for each in host.asked] == [False, True]
    assert Endpoint(VIP, 80) not in facts.guessed


@pytest.mark.parametrize(
    ("target", "tried"),
    [
        ("192.0.2.53:5353/udp", [[5353]]),
        ("192.0.2.53:53/udp", []),
        ("192.0.2.53:5353/tcp", []),
        ("192.0.2.53:5353", []),
        ("192.0.2.53", []),
    ],
)
def test_udp_tries_named_udp_ports_but_dns(fake: Any, target: str, tried: list[list[int]]) -> None:
    host = fake({Datagrams: ()})
    udp.look(host, scope(target))
    assert [ports(each) for each in host.asked] == tried


@pytest.mark.parametrize(
    ("target", "transports"),
    [
        ("192.0.2.53:53/udp", ["udp"]),
        ("192.0.2.53:53/tcp", ["tcp"]),
        ("192.0.2.53:53", ["udp", "tcp"]),
        ("192.0.2.53", ["udp"]),
        ("192.0.2.53:80/tcp", []),
        ("192.0.2.53:5353/udp", []),
    ],
)
def test_dns_asks_port_53_over_the_named_transports(fake: Any, target: str, transports: list[str]) -> None:
    host = fake({DnsExchanges: (), Handshakes: ()})
    dns.look(host, scope(target))
    asked = [each for each in host.asked if isinstance(each, DnsExchanges)]
    assert [(each.transport, each.servers) for each in asked] == [
        (t, (Endpoint(VIP, 53),)) for t in transports
    ]


def test_a_guess_at_dns_gets_little_patience_once_a_tcp_port_has_opened(fake: Any) -> None:
    way_is_open = HandshakeAnswer(Endpoint(VIP, 80), Handshake.OPEN, 1.0, None, None)
    patience = []
    for answers in ((way_is_open,), ()):
        host = fake({DnsExchanges: (), Handshakes: answers})
        dns.look(host, scope("192.0.2.53"))
        patience += [each.timeout_ms for each in host.asked if isinstance(each, DnsExchanges)]
    assert patience == [150, 700]


def test_the_users_timeout_goes_with_every_question_and_all_run_in_the_traffic_phase(fake: Any) -> None:
    host = fake({Handshakes: (), Datagrams: (), DnsExchanges: ()})
    for probe in (tcp, udp, dns):
        probe.look(host, scope("192.0.2.53:53", "192.0.2.53:99/udp"))
        assert probe.phase is Phase.TRAFFIC
    assert {each.timeout_ms for each in host.asked} == {700}


def test_answers_are_found_by_vip_and_port_and_stalled_ones_apart(fake: Any) -> None:
    def answers(question: Handshakes) -> tuple[HandshakeAnswer, ...]:
        outcomes = {80: Handshake.OPEN, 443: Handshake.STALLED}
        return tuple(
            HandshakeAnswer(end, outcomes[end.port], 1.0, None, None) for end in question.destinations
        )

    facts = tcp.look(fake({Handshakes: answers}), scope("192.0.2.53:80", "192.0.2.53:443", "192.0.2.54:443"))
    assert facts.answer(VIP, 80).outcome is Handshake.OPEN
    assert facts.answer(OTHER, 80) is None
    assert [each.destination for each in facts.stalled(VIP)] == [Endpoint(VIP, 443)]
    assert len(facts.of(VIP)) == 2


def test_only_our_syns_count_as_sent(fake: Any) -> None:
    frames = tuple(
        TcpFrame(outgoing, "02::1", "02::2", Endpoint(VIP, 80), flags)
        for outgoing, flags in ((True, "SYN"), (False, "SYN-ACK"), (True, "ACK"))
    )
    answer = HandshakeAnswer(Endpoint(VIP, 80), Handshake.OPEN, 1.0, frames, None)
    assert frames_sent(answer) == frames[:1]
    assert frames_received(answer) == frames[1:2]
    assert frames_sent(HandshakeAnswer(Endpoint(VIP, 80), Handshake.OPEN, 1.0, None, None)) == ()
