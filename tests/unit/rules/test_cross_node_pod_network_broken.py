"""HD508: what the next hop says of a silent endpoint decides, or another machine that reaches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from hairpin_doctor.diagnose import judge
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.cross_node_pod_network_broken import cross_node_pod_network_broken
from hairpin_doctor.rules.policy_route_captures_reply import policy_route_captures_reply
from hairpin_doctor.vantage_point import VantagePoint
from probes.endpoints import EndpointFacts, EndpointFound
from probes.pod_paths import Diverted, PodPath, PodPathFacts
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import HoldingRoute, Route, RoutingRule
from probes.questions.traffic import (
    Endpoint,
    Handshake,
    HandshakeAnswer,
)
from probes.routes import RouteFacts
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol

Point = Callable[..., VantagePoint]
VIP, NODE, GATEWAY, POD = map(IPv4Address, ("192.0.2.53", "192.0.2.20", "192.0.2.1", "10.0.1.83"))
OWN = IPv4Address("192.0.2.10")
END = Endpoint(POD, 8080)
TIME_EXCEEDED = IcmpMessage(11, 0, NODE)
PATH = PodPath(POD, Route("unicast", "eth0", NODE, OWN, 254), False, (), True, None)


def asked(outcome: Handshake) -> EndpointFacts:
    answer = HandshakeAnswer(END, outcome, None, None, None)
    return EndpointFacts((EndpointFound(END, Protocol.TCP, None, None, answer, None),))


def node(
    point: Point,
    *paths: PodPath,
    default: IPv4Address = GATEWAY,
    diverted: tuple[Diverted, ...] = (),
    rules: tuple[RoutingRule, ...] = (),
) -> VantagePoint:
    port = ProgrammedPort(
        vip=VIP,
        port=80,
        protocol=Protocol.TCP,
        backend="nft",
        service="home/web",
        endpoints=(END,),
        masquerade=True,
        kind="dnat",
        certain=True,
        names_vip=True,
        source_ranges=(),
        rule="",
    )
    services = ServiceRulesFacts((port,), (), ("nft",), ())
    routes = RouteFacts((), Route("unicast", "eth0", default, OWN, 254), rules, ())
    return point("n5", services, asked(Handshake.SILENT), PodPathFacts(paths, diverted), routes)


def verdict(*points: VantagePoint) -> Any:
    return judge(cross_node_pod_network_broken, Network(points), VIP)


def test_a_next_hop_that_sends_nothing_on_is_named(point: Point) -> None:
    found = verdict(node(point, PATH))
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.LIKELY
    assert any("192.0.2.20 is well" in each for each in found.because)


def test_a_dead_next_hop_is_the_path_between_the_nodes(point: Point) -> None:
    found = verdict(node(point, replace(PATH, hop_answers_ping=False)))
    assert isinstance(found, Diagnosis)
    assert any("path between the nodes is down" in each for each in found.because)


def test_pods_behind_the_default_gateway_have_no_route(point: Point) -> None:
    found = verdict(node(point, replace(PATH, said=TIME_EXCEEDED), default=NODE))
    assert isinstance(found, Diagnosis)
    assert any("no route of its own" in each for each in found.because)


def test_where_the_next_hop_sends_on_the_pod_itself_may_be_at_fault(point: Point) -> None:
    assert isinstance(verdict(node(point, replace(PATH, said=TIME_EXCEEDED))), Undetermined)


def test_another_machine_that_reaches_the_endpoint_proves_that_the_way_is_broken(point: Point) -> None:
    other = point("n6", asked(Handshake.OPEN))
    found = verdict(node(point, replace(PATH, said=TIME_EXCEEDED)), other)
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.PROVEN


def test_a_pod_that_answers_ping_is_reached(point: Point) -> None:
    assert isinstance(verdict(node(point, replace(PATH, answers_ping=True))), Cleared)


def test_a_route_that_discards_on_purpose_is_none_between_nodes(point: Point) -> None:
    discards = replace(PATH, route=replace(PATH.route, type="blackhole"))
    assert isinstance(verdict(node(point, discards)), Cleared)


def test_endpoints_that_answer_or_lie_here_are_no_matter(point: Point) -> None:
    assert isinstance(verdict(node(point)), Cleared)


PODS = HoldingRoute(IPv4Network("10.0.1.0/24"), "unicast", "cni0", None, 254)
BLOCK = HoldingRoute(IPv4Network("10.0.1.64/26"), "blackhole", None, None, 254)
LEFTOVER = HoldingRoute(IPv4Network("10.0.1.83/32"), "unreachable", None, None, 254)
TUNNEL = Route("unicast", "wg0", None, None, 51820)
VPN_RULE = RoutingRule(32764, "not, table 51820, fwmark 51820")


def test_a_blackhole_that_holds_the_pods_of_a_node_tells_that_the_pods_own_route_is_missing(
    point: Point,
) -> None:
    found = verdict(node(point, diverted=(Diverted(POD, None, (BLOCK,)),)))
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.PROVEN
    assert "n5 has a blackhole route for 10.0.1.83" in found.summary
    assert any("there is none for this one" in each for each in found.because)


def test_a_route_that_forbids_this_one_endpoint_is_taken_away(point: Point) -> None:
    found = verdict(node(point, diverted=(Diverted(POD, None, (LEFTOVER, PODS)),)))
    assert isinstance(found, Diagnosis)
    assert found.fixes[0].steps[0].commands == ("ip route del unreachable 10.0.1.83/32",)


@pytest.mark.parametrize("route", [TUNNEL, None], ids=["sent into a tunnel", "refused"])
def test_what_a_policy_rule_keeps_from_the_route_of_the_main_table_is_its_doing(
    point: Point, route: Route | None
) -> None:
    rule = VPN_RULE if route else RoutingRule(200, "blackhole, dst 10.0.0.0/16")
    captured = Diverted(POD, route, (PODS,), None if route is None else False)
    astray = replace(PATH, route=replace(TUNNEL, gateway=NODE))
    machine = node(point, astray, diverted=(captured,), rules=(rule,))
    assert isinstance(verdict(machine), Cleared)
    found = judge(policy_route_captures_reply, Network((machine,)), VIP)
    assert isinstance(found, Diagnosis)
    assert any(rule.text in each for each in found.because)
    assert found.fixes[0].steps[0].commands == (
        f"ip rule add to 10.0.1.0/24 lookup main priority {rule.priority - 1}",
    )


def test_a_silent_udp_endpoint_alone_breaks_nothing(point: Point) -> None:
    assert isinstance(verdict(node(point, replace(PATH, over_udp=True))), Cleared)
