"""Which claimants of a VIP are asked what they do, and what their answers mean."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.answering_machines import PATIENCE_MS, answering_machines, refused_by_itself, served
from probes.host import Denied, NotAsked
from probes.probe import Scope
from probes.questions.directed import Directed, DirectedExchanges, DirectedOutcome, DirectedPort
from probes.questions.firewall import IptablesRules, NftRuleset, VirtualServers
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, ArpSweep, KernelResolution, Neighbours
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import (
    DatagramOutcome,
    DnsAnswer,
    DnsExchanges,
    Handshake,
    HandshakeAnswer,
    Handshakes,
)
from probes.routes import SOMEWHERE_ELSE
from probes.target import Protocol, Target, parse_target

VIP, OWN, GATEWAY = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 1))
ONE, TWO = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
TCP53, UDP53 = Target(VIP, 53, Protocol.TCP), Target(VIP, 53, Protocol.UDP)


def machine(
    *macs: str, tcp: Handshake = Handshake.OPEN, dns: DatagramOutcome = DatagramOutcome.ANSWERED
) -> Any:
    def route(question: RouteTo) -> Route:
        gateway = GATEWAY if question.destination == SOMEWHERE_ELSE else None
        return Route("unicast", "eth0", gateway, OWN, 254)

    return {
        RouteTo: route,
        Neighbours: (),
        ArpSweep: tuple(ArpReply(VIP, mac, mac, 0.1) for mac in macs),
        Handshakes: lambda q: tuple(HandshakeAnswer(e, tcp, 1.0, None, None) for e in q.destinations),
        DnsExchanges: lambda q: tuple(
            DnsAnswer(e, q.transport, dns, "NOERROR", False, 1.0, None, None) for e in q.servers
        ),
        DirectedExchanges: (),
        IptablesRules: Denied("CAP_NET_ADMIN", "iptables"),
        NftRuleset: Denied("CAP_NET_ADMIN", "nftables"),
        VirtualServers: (),
    }


def asked(fake: Any, answers: Any, target: str = "192.0.2.53:53") -> DirectedExchanges | None:
    host = fake(answers)
    answering_machines.look(host, Scope((parse_target(target),)))
    return next(iter(host.asked_of(DirectedExchanges)), None)


def test_several_claimants_are_all_asked_though_the_vip_works(fake: Any) -> None:
    expected = DirectedExchanges("eth0", OWN, ((VIP, ONE), (VIP, TWO)), (TCP53, UDP53), PATIENCE_MS)
    assert asked(fake, machine(ONE, TWO)) == expected


def test_one_claimant_is_asked_only_where_the_vip_does_not_work(fake: Any) -> None:
    assert asked(fake, machine(ONE)) is None
    for broken in (machine(ONE, tcp=Handshake.SILENT), machine(ONE, dns=DatagramOutcome.SILENT)):
        found = asked(fake, broken)
        assert found is not None
        assert found.claims == ((VIP, ONE),)


def test_a_machine_that_serves_the_vip_asks_whoever_else_answers_for_it(
    fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rules:
        def look(self, *_: Any) -> Any:
            return self

        def programmed(self, vip: IPv4Address) -> tuple[str, ...]:
            return ("a port",) if vip == VIP else ()

    monkeypatch.setattr("probes.answering_machines.service_rules", Rules())
    found = asked(fake, machine(TWO))
    assert found is not None
    assert found.claims == ((VIP, TWO),)
    then = machine(TWO) | {DirectedExchanges: NotAsked("not then")}
    assert answering_machines.look(fake(then), Scope((TCP53,))).machines == ()


def test_without_an_answer_or_without_a_packet_socket_nobody_is_asked(fake: Any) -> None:
    assert asked(fake, machine(tcp=Handshake.SILENT)) is None
    blind = machine(ONE, TWO) | {ArpSweep: Denied("CAP_NET_RAW", "ARP"), KernelResolution: ()}
    assert asked(fake, blind) is None


@pytest.mark.parametrize(
    ("target", "ports"),
    [
        ("192.0.2.53:80/tcp", ["80/tcp"]),
        ("192.0.2.53:99/udp", ["99/udp"]),
        ("192.0.2.53", ["53/tcp", "53/udp", "80/tcp", "443/tcp"]),
    ],
)
def test_the_ports_of_the_scope_are_asked_and_the_usual_ones_for_a_bare_vip(
    fake: Any, target: str, ports: list[str]
) -> None:
    found = asked(fake, machine(ONE, TWO), target)
    assert found is not None
    assert [f"{each.port}/{each.protocol}" for each in found.targets] == ports


def port(outcome: DirectedOutcome, by: str | None = ONE, ttl: int | None = 64) -> DirectedPort:
    return DirectedPort(TCP53, outcome, by, ttl)


def directed(*ports: DirectedPort) -> Directed:
    return Directed(VIP, ONE, False, None, ports)


def test_only_what_that_very_mac_sent_is_its_answer() -> None:
    assert served(directed(port(DirectedOutcome.ANSWERED)))
    assert not served(directed(port(DirectedOutcome.ANSWERED, by=TWO)))
    assert not served(directed(port(DirectedOutcome.REFUSED), port(DirectedOutcome.SILENT, None, None)))


def test_a_refusal_is_its_own_only_where_no_router_lay_in_between() -> None:
    assert refused_by_itself(directed(port(DirectedOutcome.REFUSED)))
    assert not refused_by_itself(directed(port(DirectedOutcome.REFUSED, ttl=63)))
    assert not refused_by_itself(directed(port(DirectedOutcome.REFUSED, by=TWO)))
    assert not refused_by_itself(directed(port(DirectedOutcome.ANSWERED)))


def test_it_finds_one_machine_by_vip_and_mac(fake: Any) -> None:
    did = directed(port(DirectedOutcome.ANSWERED))
    facts = answering_machines.look(
        fake(machine(ONE, TWO) | {DirectedExchanges: (did,), Neighbours(Moment.BEFORE): ()}), Scope((TCP53,))
    )
    assert facts.of(VIP, ONE) == did
    assert facts.of(VIP, TWO) is None


def test_guessed_ports_that_are_closed_are_no_reason_to_ask_where_one_is_open(fake: Any) -> None:
    answers = machine(ONE, dns=DatagramOutcome.SILENT)
    web_only = {
        **answers,
        Handshakes: lambda q: tuple(
            HandshakeAnswer(e, Handshake.OPEN if e.port == 80 else Handshake.SILENT, None, None, None)
            for e in q.destinations
        ),
    }
    assert asked(fake, web_only, "192.0.2.53") is None
    assert asked(fake, machine(ONE, tcp=Handshake.SILENT, dns=DatagramOutcome.SILENT), "192.0.2.53")
