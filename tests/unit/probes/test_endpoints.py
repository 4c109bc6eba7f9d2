"""Where the endpoints lie that the service rules name, and whether they answer directly."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.endpoints import UDP_PATIENCE_MS, EndpointFacts, endpoints
from probes.host import Absent, Denied
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset, VirtualServers
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbour, Neighbours
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import (
    DatagramAnswer,
    DatagramOutcome,
    Datagrams,
    Endpoint,
    Handshake,
    HandshakeAnswer,
    Handshakes,
)
from probes.target import Protocol, parse_target

POD, NODE = IPv4Address("10.0.0.5"), IPv4Address("192.0.2.20")
RULES = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 192.0.2.53/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 10.0.0.5:5353
-A PREROUTING -d 192.0.2.53/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.0.0.5:5353
COMMIT
"""
SCOPE = Scope((parse_target("192.0.2.53"),), timeout_ms=5000)
END = Endpoint(POD, 5353)


def machine(outcome: Handshake = Handshake.OPEN, rules: str = RULES) -> dict[Any, Any]:
    return {
        IptablesRules: lambda question: rules if question.variant == "nft" else "",
        NftRuleset: '{"nftables": []}',
        VirtualServers: (),
        RouteTo: Route("unicast", "cni0", None, IPv4Address("10.0.0.1"), 254),
        Neighbours(Moment.AFTER): (Neighbour(3, POD, "02:00:00:00:00:05", "REACHABLE", False),),
        Handshakes: lambda q: tuple(HandshakeAnswer(e, outcome, None, None, None) for e in q.destinations),
        Datagrams: lambda q: tuple(
            DatagramAnswer(e, DatagramOutcome.SILENT, None, None, None) for e in q.destinations
        ),
    }


def test_each_endpoint_is_asked_directly_with_route_and_mac(fake: Any) -> None:
    host = fake(machine())
    facts = endpoints.look(host, SCOPE)
    assert host.asked_of(Handshakes) == [Handshakes((END,), 1000)]
    assert host.asked_of(Datagrams) == [Datagrams((END,), UDP_PATIENCE_MS)]
    tcp = facts.of(END, Protocol.TCP)
    assert tcp is not None
    assert (tcp.mac, tcp.route.interface, tcp.answers) == ("02:00:00:00:00:05", "cni0", True)
    assert facts.of(Endpoint(POD, 53), Protocol.TCP) is None


@pytest.mark.parametrize(
    ("outcome", "answers"),
    [
        (Handshake.OPEN, True),
        (Handshake.RESET, True),
        (Handshake.STALLED, False),
        (Handshake.REFUSED, False),
        (Handshake.SILENT, False),
        (Handshake.UNREACHABLE, False),
    ],
)
def test_a_completed_handshake_is_an_answer(fake: Any, outcome: Handshake, answers: bool) -> None:
    found = endpoints.look(fake(machine(outcome)), SCOPE).of(END, Protocol.TCP)
    assert found is not None
    assert found.answers is answers


def test_udp_proves_nothing_and_a_missing_route_is_none(fake: Any) -> None:
    facts = endpoints.look(fake(machine() | {RouteTo: Absent("no route"), Neighbours: ()}), SCOPE)
    found = facts.of(END, Protocol.UDP)
    assert found is not None
    assert (found.answers, found.route) == (None, None)


def test_without_rules_nothing_is_asked_and_unreadable_rules_are_no_empty_ones(fake: Any) -> None:
    host = fake(machine(rules=""))
    assert endpoints.look(host, SCOPE) == EndpointFacts(())
    assert not host.asked_of(Handshakes)
    denied = Denied("CAP_NET_ADMIN", "rules")
    with pytest.raises(Denied):
        endpoints.look(fake(machine() | {IptablesRules: denied, NftRuleset: denied}), SCOPE)
