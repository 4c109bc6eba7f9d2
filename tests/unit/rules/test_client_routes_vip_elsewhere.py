"""HD409: whose answer shows that the packets go the wrong way?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

from hairpin_doctor.diagnose import Outcome
from hairpin_doctor.fixes.changes import PolicyRule, RouteEntry
from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.client_routes_vip_elsewhere import client_routes_vip_elsewhere
from probes.host import Absent, Denied
from probes.questions.neighbours import (
    ArpReply,
    ArpSweep,
    Neighbour,
    Neighbours,
    NeighbourSolicitations,
    Solicited,
)
from probes.questions.routing import ConnectedPrefix, ConnectedPrefixes, RouteTo, RoutingRule, RoutingRules
from probes.questions.traffic import RoutedEchoes
from probes.routes import SOMEWHERE_ELSE

Recorded = Callable[[str], Any]
NIC, OWN = "enp1s0", IPv4Address("192.168.8.10")
OWN_IPV6 = IPv6Address("fd00:c0a8:800:1::a")
BY_POLICY, MAIN = 52, 254


def sent_by_a_tunnel(case: Any, table: int) -> Any:
    """The VM, to which nobody answers, as if its packets for the VIP left by a tunnel."""
    return case.client_says(
        RouteTo,
        lambda question, route: (
            replace(route, interface="tunnel", table=table) if question == RouteTo(case.vip) else route
        ),
    )


def asked_in_the_lan(case: Any, *macs: str) -> Any:
    """And who answers for the VIP in its LAN."""
    replies = tuple(ArpReply(case.vip, mac, mac, 0.2) for mac in macs)
    asked = Asked(ArpSweep(NIC, OWN, (case.vip,), (), case.client.scope.arp_window_ms), replies)
    return replace(case, client=replace(case.client, asked=(*case.client.asked, asked)))


def captured(recorded: Recorded, table: int = BY_POLICY, *macs: str) -> Any:
    return asked_in_the_lan(sent_by_a_tunnel(recorded("nobody-announces"), table), *macs)


def test_an_answer_in_the_lan_is_proof_and_the_client_alone_knows_it(recorded: Recorded) -> None:
    case = captured(recorded, BY_POLICY, "02:00:00:00:00:53")
    for only in ((), (case.client,)):
        verdict = case.verdict(client_routes_vip_elsewhere, *only)
        assert isinstance(verdict, Diagnosis)
        assert verdict.confidence is Confidence.PROVEN
        assert "tunnel" in verdict.summary
    assert case.judgement().outcome is Outcome.DIAGNOSED
    assert [each.rule.code for each in case.judgement().diagnoses] == ["HD409"]


def test_without_an_answer_in_the_lan_it_is_possible_at_most(recorded: Recorded) -> None:
    case = captured(recorded)
    verdict = case.verdict(client_routes_vip_elsewhere)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.POSSIBLE
    assert case.judgement().outcome is not Outcome.DIAGNOSED


def test_the_fix_goes_before_the_policy_rule_or_is_the_longest_route(recorded: Recorded) -> None:
    by_route = captured(recorded, MAIN, "02:00:00:00:00:53").verdict(client_routes_vip_elsewhere)
    by_rule = (
        captured(recorded, BY_POLICY, "02:00:00:00:00:53")
        .client_says(RoutingRules, lambda *_: (RoutingRule(5270, "table 52"), RoutingRule(9, "table 7")))
        .verdict(client_routes_vip_elsewhere)
    )
    assert isinstance(by_route, Diagnosis)
    assert isinstance(by_rule, Diagnosis)
    assert by_route.fixes[0].steps[0].changes == (RouteEntry("192.168.8.53/32", device=NIC),)
    assert by_rule.fixes[0].steps[0].changes == (PolicyRule("192.168.8.0/24", 5269),)


def test_packets_that_go_into_the_lan_are_no_such_thing(recorded: Recorded) -> None:
    assert isinstance(recorded("nobody-announces").verdict(client_routes_vip_elsewhere), Cleared)


def test_without_the_right_to_ask_it_is_open(recorded: Recorded) -> None:
    case = captured(recorded).client_says(ArpSweep, lambda *_: Denied("CAP_NET_RAW", "asking"))
    assert isinstance(case.verdict(client_routes_vip_elsewhere), Undetermined)


def test_a_client_without_any_route_is_proven_by_its_own_kernel(recorded: Recorded) -> None:
    case = recorded("vip-outside-prefix")
    lost = case.client_says(
        RouteTo, lambda question, route: Absent("no route") if question == RouteTo(case.vip) else route
    )
    verdict = lost.verdict(client_routes_vip_elsewhere)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert "has no route to" in verdict.summary
    assert isinstance(case.verdict(client_routes_vip_elsewhere), Cleared)


def test_a_client_on_no_network_at_all_has_another_trouble(recorded: Recorded) -> None:
    case = recorded("vip-outside-prefix")
    off = case.client_says(
        RouteTo, lambda question, route: Absent("no route") if question == RouteTo(case.vip) else route
    ).client_says(
        ConnectedPrefixes, lambda _, prefixes: tuple(each for each in prefixes if each.interface == "lo")
    )
    verdict = off.verdict(client_routes_vip_elsewhere)
    assert isinstance(verdict, Cleared)
    assert "on no network" in verdict.reason


def asked_by_solicitations(case: Any, *macs: str) -> Any:
    """The same of an IPv6 VIP."""
    replies = tuple(ArpReply(case.vip, mac, mac, 0.2) for mac in macs)
    window = case.client.scope.arp_window_ms
    question = NeighbourSolicitations(NIC, OWN_IPV6, None, (case.vip,), (), (), window)
    asked = Asked(question, Solicited(replies, (), ()))
    return replace(case, client=replace(case.client, asked=(*case.client.asked, asked)))


def test_over_ipv6_the_lan_is_asked_by_solicitations_and_a_rule_of_ipv4_captures_nothing(
    recorded: Recorded,
) -> None:
    case = asked_by_solicitations(
        sent_by_a_tunnel(recorded("nobody-announces-ipv6"), BY_POLICY), "02:00:00:00:00:53"
    ).client_says(RoutingRules, lambda *_: (RoutingRule(9, "table 52"), RoutingRule(5270, "IPv6, table 52")))
    verdict = case.verdict(client_routes_vip_elsewhere)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert any("Asked for by NDP" in each for each in verdict.because)
    assert verdict.fixes[0].steps[0].changes == (PolicyRule("fd00:c0a8:800:1::/64", 5269),)


def test_a_client_with_link_local_addresses_alone_has_no_route_and_is_told_why(recorded: Recorded) -> None:
    lost = (
        recorded("vip-outside-prefix-ipv6")
        .client_says(RouteTo, lambda *_: Absent("no route"))
        .client_says(ConnectedPrefixes, lambda *_: (ConnectedPrefix(ip_network("fe80::/64"), "eth0"),))
    )
    verdict = lost.verdict(client_routes_vip_elsewhere)
    assert isinstance(verdict, Diagnosis)
    assert verdict.because[-1] == "It has no IPv6 address besides link-local ones."


GATEWAY, GATEWAY_MAC = IPv4Address("192.168.8.1"), "74:83:c2:11:22:01"


def in_a_network_of_its_own(recorded: Recorded, *macs: str) -> Any:
    """The client whose gateway, on another interface, sends the VIP on to the host; `macs` answer for the VIP on its own."""
    case = recorded("bgp-same-subnet")

    def default(question: RouteTo, route: Any) -> Any:
        return replace(route, interface="wlan0") if question.destination == SOMEWHERE_ELSE else route

    known = Neighbour(9, GATEWAY, GATEWAY_MAC, "REACHABLE", False)
    moved = case.client_says(RouteTo, default).client_says(Neighbours, lambda *_: (known,))
    asked = [
        replace(each, question=replace(each.question, interface="wlan0"))
        if isinstance(each.question, RoutedEchoes)
        else each
        for each in moved.client.asked
    ]
    replies = tuple(ArpReply(case.vip, mac, mac, 0.2) for mac in macs)
    sweep = ArpSweep(NIC, OWN, case.client.scope.vips, (), case.client.scope.arp_window_ms)
    return replace(moved, client=replace(moved.client, asked=(*asked, Asked(sweep, replies))))


def test_a_network_of_the_clients_own_that_holds_the_vip_is_named_where_the_gateway_is_elsewhere(
    recorded: Recorded,
) -> None:
    case = in_a_network_of_its_own(recorded)
    found = case.verdict(client_routes_vip_elsewhere)
    assert isinstance(found, Diagnosis)
    assert f"takes {case.vip} to be in 192.168.8.0/24, a network of its own on {NIC}" in found.summary
    assert found.because[-1] == f"The gateway {GATEWAY} on wlan0 sends a packet for it on to 192.168.8.246."


def test_a_network_of_its_own_in_which_somebody_answers_is_not_named(recorded: Recorded) -> None:
    case = in_a_network_of_its_own(recorded, "02:00:00:00:00:99")
    assert isinstance(case.verdict(client_routes_vip_elsewhere), Cleared)


def test_a_network_that_the_gateway_is_in_as_well_is_hd601s(recorded: Recorded) -> None:
    assert isinstance(recorded("bgp-same-subnet").verdict(client_routes_vip_elsewhere), Cleared)
