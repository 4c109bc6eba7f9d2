"""Which endpoints the probe pod_paths looks into: those elsewhere that are silent."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from probes.host import Absent, NotAsked
from probes.pod_paths import pod_paths
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset, VirtualServers
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import Links
from probes.questions.neighbours import Neighbours
from probes.questions.routing import HoldingRoute, Route, RoutesThatHold, RouteTo
from probes.questions.traffic import (
    EchoAnswer,
    Echoes,
    Endpoint,
    FirstHop,
    FirstHops,
    Handshake,
    HandshakeAnswer,
    Handshakes,
)
from probes.target import parse_target

POD, NODE = IPv4Address("10.0.1.5"), IPv4Address("192.0.2.20")
RULES = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 192.0.2.53/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.1.5:8080
COMMIT
"""
SCOPE = Scope((parse_target("192.0.2.53:80/tcp"),))


def machine(outcome: Handshake, gateway: IPv4Address | None, links: Any) -> dict[Any, Any]:
    return {
        IptablesRules: lambda question: RULES if question.variant == "nft" else "",
        NftRuleset: '{"nftables": []}',
        VirtualServers: (),
        Links: links,
        RouteTo: Route("unicast", "eth0", gateway, None, 254),
        Neighbours: (),
        Handshakes: (HandshakeAnswer(Endpoint(POD, 8080), outcome, None, None, None),),
        Echoes: lambda q: tuple(
            EchoAnswer(e, None if e == POD else 0.3, None, (), None) for e in q.destinations
        ),
        FirstHops: lambda q: tuple(FirstHop(e, IcmpMessage(11, 0, NODE)) for e in q.destinations),
    }


def test_a_silent_endpoint_behind_a_next_hop_is_pinged_and_its_next_hop_asked(fake: Any, link: Any) -> None:
    path = pod_paths.look(fake(machine(Handshake.SILENT, NODE, (link(2, "eth0"),))), SCOPE).to(POD)
    assert path is not None
    assert (path.next_hop, path.answers_ping, path.hop_answers_ping) == (NODE, False, True)
    assert path.said == IcmpMessage(11, 0, NODE)


def test_a_tunnel_without_a_next_hop_leads_elsewhere_too(fake: Any, link: Any) -> None:
    tunnel = link(2, "eth0", kind="wireguard")
    path = pod_paths.look(fake(machine(Handshake.SILENT, None, (tunnel,))), SCOPE).to(POD)
    assert path is not None
    assert path.hop_answers_ping is None


@pytest.mark.parametrize(
    ("outcome", "gateway"),
    [(Handshake.OPEN, NODE), (Handshake.REFUSED, NODE), (Handshake.SILENT, None)],
    ids=["answers", "refuses", "is a pod of this node"],
)
def test_nothing_is_asked_of_an_endpoint_that(
    fake: Any, link: Any, outcome: Handshake, gateway: IPv4Address | None
) -> None:
    host = fake(machine(outcome, gateway, (link(2, "eth0"),)))
    assert pod_paths.look(host, SCOPE).paths == ()
    assert host.asked_of(Echoes) == []


MAIN, VPN = 254, 52
OWN_ROUTE = HoldingRoute(IPv4Network("10.0.1.0/24"), "unicast", "cni0", None, MAIN)
BLACKHOLE = HoldingRoute(IPv4Network("10.0.1.0/26"), "blackhole", None, None, MAIN)
DEFAULT = HoldingRoute(IPv4Network("0.0.0.0/0"), "unicast", "eth0", NODE, MAIN)


def diverted(fake: Any, link: Any, route: Any, *held_by: HoldingRoute) -> Any:
    """What is known of the endpoint where the kernel decides for `route` (None: for none)."""
    answers = machine(Handshake.SILENT, None, (link(2, "eth0"),))
    answers[RouteTo] = Absent("no route") if route is None else route
    answers[RoutesThatHold] = held_by
    (found,) = pod_paths.look(fake(answers), SCOPE).diverted
    return found


def test_an_endpoint_that_the_main_table_refuses_is_told_from_one_that_a_rule_refuses(
    fake: Any, link: Any
) -> None:
    by_itself = diverted(fake, link, None, BLACKHOLE, DEFAULT)
    assert (by_itself.refused_by_main, by_itself.captured) == (True, False)
    by_a_rule = diverted(fake, link, None, OWN_ROUTE, DEFAULT)
    assert (by_a_rule.refused_by_main, by_a_rule.captured) == (False, True)


def test_a_table_of_policy_rules_captures_what_the_main_table_knows_better(fake: Any, link: Any) -> None:
    tunnel = Route("unicast", "wg0", None, None, VPN)
    assert diverted(fake, link, tunnel, OWN_ROUTE, DEFAULT).captured
    assert not diverted(fake, link, tunnel, DEFAULT).captured
    assert not diverted(fake, link, Route("unicast", "cni0", None, None, VPN), OWN_ROUTE).captured


def test_a_recording_that_does_not_say_which_routes_hold_it_says_nothing(fake: Any, link: Any) -> None:
    answers = machine(Handshake.SILENT, None, (link(2, "eth0"),))
    answers[RouteTo], answers[RoutesThatHold] = Absent("no route"), NotAsked("not asked then")
    assert pod_paths.look(fake(answers), SCOPE).diverted == ()
