"""HD410: the kernel's own lookup for the answer, and what it has seen of the request, decide together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

import pytest

from hairpin_doctor.fixes.changes import RouteEntry
from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Rule, Undetermined
from hairpin_doctor.rules.multihomed_asymmetry import multihomed_asymmetry
from hairpin_doctor.rules.no_way_back import no_way_back
from hairpin_doctor.rules.policy_route_captures_reply import policy_route_captures_reply
from hairpin_doctor.ways_of_answers import untracked
from probes.connection_table import ConnectionTableFacts
from probes.host import Absent
from probes.questions.firewall import TrackedConnections
from probes.questions.machine import Moment, Sysctl
from probes.questions.neighbours import Neighbour, Neighbours
from probes.questions.routing import (
    ConnectedPrefix,
    ConnectedPrefixes,
    HoldingRoute,
    Route,
    RoutesThatHold,
    RouteTo,
    RoutingRule,
    RoutingRules,
)
from probes.routes import SOMEWHERE_ELSE_IPV6, RouteFacts, RouteFound

Recorded = Callable[[str], Any]
CLIENT = IPv4Address("192.168.20.5")
"""Of `remote`, behind the router."""
MAIN, VPN = 254, 52
DEFAULT = HoldingRoute(ip_network("0.0.0.0/0"), "unicast", "bridge0", IPv4Address("192.168.8.1"), MAIN)
BAN = HoldingRoute(ip_network("192.168.20.0/24"), "prohibit", None, None, MAIN)


def refused(case: Any, *routes: HoldingRoute) -> Any:
    """No route from the host to the client, and these hold its address."""

    def nothing(question: RouteTo, route: Any) -> Any:
        return Absent("no route") if question.destination == CLIENT else route

    host = case.host_says(RouteTo, nothing).host
    return replace(case, host=replace(host, asked=(*host.asked, Asked(RoutesThatHold(CLIENT), routes))))


def overlapped(case: Any) -> Any:
    """The host takes the client to be in a subnet of its second NIC."""
    here = Route("unicast", "enp197s0", None, None, MAIN)

    def on_link(question: RouteTo, route: Any) -> Any:
        return here if question.destination == CLIENT else route

    prefix = ConnectedPrefix(ip_network("192.168.20.0/24"), "enp197s0")
    return case.host_says(RouteTo, on_link).host_says(ConnectedPrefixes, lambda _, found: (*found, prefix))


def with_rules(case: Any, *texts: str) -> Any:
    """Policy rules ahead of the main table's."""
    rules = tuple(RoutingRule(5210 + number, text) for number, text in enumerate(texts))
    return case.host_says(RoutingRules, lambda *_: rules)


def by_a_silent_gateway(case: Any, state: str) -> Any:
    """The way back leads to a machine that is not there."""
    gone = ip_address("192.168.8.250")

    def astray(question: RouteTo, route: Any) -> Any:
        return replace(route, gateway=gone) if question.source is not None else route

    out = case.link("enp197s0").index
    entry = Neighbour(interface=out, address=gone, mac=None, state=state, router=False)
    return case.host_says(RouteTo, astray).host_says(
        Neighbours, lambda question, found: (*found, entry) if question.moment is Moment.AFTER else found
    )


@pytest.fixture
def astray(recorded: Recorded) -> Any:
    """The client behind the router whose flows the host has answered."""
    return recorded("multihomed-asymmetry")


@pytest.mark.parametrize("rule", [multihomed_asymmetry, policy_route_captures_reply])
def test_without_any_route_it_is_proven_and_neither_asymmetry_nor_policy(astray: Any, rule: Rule) -> None:
    case = refused(astray)
    found = case.verdict(no_way_back)
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.PROVEN
    assert found.clients == ("remote",)
    assert isinstance(case.verdict(rule), Cleared)


def test_the_route_that_forbids_is_named_and_taken_away(astray: Any) -> None:
    found = refused(astray, BAN, DEFAULT).verdict(no_way_back)
    assert isinstance(found, Diagnosis)
    assert "prohibit route for 192.168.20.0/24" in found.summary
    gone = RouteEntry("192.168.20.0/24", present=False, of_type="prohibit")
    assert found.fixes[0].steps[0].changes == (gone,)
    assert gone.commands() == ("ip route del prohibit 192.168.20.0/24",)
    assert gone.undo() == ("ip route add prohibit 192.168.20.0/24",)


def test_a_main_table_that_would_answer_means_that_a_policy_rule_refuses(recorded: Recorded) -> None:
    case = refused(recorded("multihomed-asymmetry"), DEFAULT)
    assert isinstance(case.verdict(no_way_back), Cleared)


def test_a_recording_that_asked_for_no_routes_leaves_it_open_where_policy_rules_may_decide(
    astray: Any,
) -> None:
    case = astray.host_says(RouteTo, lambda q, route: Absent("no") if q.destination == CLIENT else route)
    found = case.verdict(no_way_back)
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.LIKELY
    ruled = with_rules(case, "table 52")
    assert isinstance(ruled.verdict(no_way_back), Undetermined)
    assert isinstance(ruled.verdict(policy_route_captures_reply), Undetermined)


def test_requests_that_are_not_tracked_need_a_filter_that_drops_them(astray: Any) -> None:
    untracked = refused(astray).host_lists(TrackedConnections, lambda _: None)
    assert isinstance(untracked.verdict(no_way_back), Cleared)
    loose = untracked.host_says(Sysctl, lambda q, v: 2 if q.name.endswith("bridge0/rp_filter") else v)
    found = loose.verdict(no_way_back)
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.LIKELY
    assert "rp_filter is 2" in found.because[1]


def test_a_flow_that_the_backend_has_not_answered_is_another_matter(astray: Any) -> None:
    case = refused(astray).host_lists(TrackedConnections, lambda flow: replace(flow, seen_reply=False))
    assert isinstance(case.verdict(no_way_back), Cleared)


def test_a_subnet_of_the_hosts_own_in_which_the_client_is_not_heard_is_told_from_a_second_way(
    astray: Any,
) -> None:
    case = overlapped(astray)
    found = case.verdict(no_way_back)
    assert isinstance(found, Diagnosis)
    assert "192.168.20.0/24 on enp197s0" in found.summary
    assert isinstance(case.verdict(multihomed_asymmetry), Cleared)
    assert found.fixes[0].steps[0].commands == ("ip route add 192.168.20.5/32 via 192.168.8.1 dev bridge0",)


def test_a_client_that_is_heard_there_can_be_answered_there(astray: Any) -> None:
    case = overlapped(astray)
    nic = case.link("enp197s0").index
    mac = next(
        link.mac
        for each in case.client.asked
        if type(each.question).__name__ == "Links"
        for link in each.answer
        if link.name == "eth0"
    )
    met = Neighbour(nic, CLIENT, mac, "REACHABLE", False)
    heard = case.host_says(Neighbours, lambda _, entries: (*entries, met))
    assert isinstance(heard.verdict(no_way_back), Cleared)


def test_a_client_alone_cannot_tell(astray: Any) -> None:
    case = refused(astray)
    assert isinstance(case.verdict(no_way_back, case.client), Undetermined)


def test_an_answer_that_goes_by_another_table_or_a_gateway_is_not_this(
    recorded: Recorded, astray: Any
) -> None:
    assert isinstance(astray.verdict(no_way_back), Cleared)
    assert isinstance(recorded("policy-route-captures-lan").verdict(no_way_back), Cleared)


def test_a_gateway_that_is_silent_loses_the_answers(astray: Any) -> None:
    for state in ("FAILED", "INCOMPLETE"):
        found = by_a_silent_gateway(astray, state).verdict(no_way_back)
        assert isinstance(found, Diagnosis)
        assert "192.168.8.250" in found.summary
    assert isinstance(by_a_silent_gateway(astray, "STALE").verdict(no_way_back), Cleared)


TAILSCALE = ("fwmark 524288, table 254", "unreachable, fwmark 524288", "table 52")
"""What tailscaled sets (wgengine/router): only what has its mark, and a table that holds its own peers."""


@pytest.mark.parametrize("routes", [(), (BAN,), (BAN, DEFAULT)])
@pytest.mark.parametrize(
    "rules",
    [
        TAILSCALE,
        ("src 192.168.99.0/24, blackhole",),
        ("iifname wg0, prohibit",),
        ("IPv6, unreachable",),
        ("oifname eth0, unreachable",),
        ("ipproto 6, unreachable",),
    ],
)
def test_policy_rules_that_do_not_refuse_this_answer_are_not_named(
    astray: Any, rules: tuple[str, ...], routes: tuple[HoldingRoute, ...]
) -> None:
    case = with_rules(refused(astray, *routes), *rules)
    assert isinstance(case.verdict(no_way_back), Diagnosis)
    assert isinstance(case.verdict(policy_route_captures_reply), Cleared)


@pytest.mark.parametrize("routes", [(), (DEFAULT,)])
@pytest.mark.parametrize(
    ("rule", "held"),
    [
        ("unreachable", ()),
        ("not, fwmark 51820, unreachable", ()),
        ("dst 192.168.20.0/24, blackhole", ()),
        ("table 52", (replace(BAN, table=VPN),)),
    ],
)
def test_a_rule_that_refuses_it_by_its_action_or_its_table_is_named_whatever_the_main_table_says(
    astray: Any, rule: str, held: tuple[HoldingRoute, ...], routes: tuple[HoldingRoute, ...]
) -> None:
    case = with_rules(refused(astray, *held, *routes), "fwmark 7, table 9", rule)
    found = case.verdict(policy_route_captures_reply)
    assert isinstance(found, Diagnosis)
    assert f"Its policy rule 5211 is: {rule}." in found.because
    assert "5210" not in " ".join(found.because)
    assert isinstance(case.verdict(no_way_back), Cleared)


def test_a_refusal_that_neither_a_rule_nor_a_route_explains_is_neither(astray: Any) -> None:
    case = with_rules(refused(astray, DEFAULT), *TAILSCALE)
    assert isinstance(case.verdict(no_way_back), Cleared)
    assert isinstance(case.verdict(policy_route_captures_reply), Cleared)


def test_a_main_table_that_is_asked_before_the_rule_that_refuses_decides_where_it_forbids(
    astray: Any,
) -> None:
    rules = ("table 254", "unreachable")
    banned = with_rules(refused(astray, BAN), *rules)
    assert isinstance(banned.verdict(no_way_back), Diagnosis)
    assert isinstance(banned.verdict(policy_route_captures_reply), Cleared)
    assert isinstance(with_rules(refused(astray), *rules).verdict(policy_route_captures_reply), Diagnosis)


def test_over_ipv6_no_filter_of_ipv4_explains_silence_and_a_node_that_forwards_lacks_what_routers_advertise(
    recorded: Recorded,
) -> None:
    case = recorded("multihomed-asymmetry-ipv6")
    client = case.network().failing(case.vip)[0].address_towards(case.vip)

    def nothing(question: RouteTo, route: Any) -> Any:
        return Absent("no route") if question.destination in (client, SOMEWHERE_ELSE_IPV6) else route

    lost = case.host_says(RouteTo, nothing).host
    lost = replace(case, host=replace(lost, asked=(*lost.asked, Asked(RoutesThatHold(client), ()))))
    found = lost.verdict(no_way_back)
    assert isinstance(found, Diagnosis)
    assert found.because[-1].startswith("It forwards IPv6")
    untracked = lost.host_says(TrackedConnections, lambda *_: ()).host_says(
        Sysctl, lambda question, value: 1 if question.name.endswith("/rp_filter") else value
    )
    assert isinstance(untracked.verdict(no_way_back), Cleared)


def test_that_nothing_is_tracked_tells_nothing_where_no_connection_is(point: Any) -> None:
    vip = ip_address("192.0.2.60")

    def says(entries: int, kind: str) -> str | None:
        route = RouteFound(vip, Route(kind, "lo", None, None, 255))
        return untracked(
            point("cp1", ConnectionTableFacts(entries, 100, 0), RouteFacts((route,), None, (), ())), vip
        )

    assert "tracks no connections at all" in (says(0, "local") or "")
    assert says(3, "local") is None
    assert says(0, "unicast") is None
