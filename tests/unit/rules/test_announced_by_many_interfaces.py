"""HD106: one machine answers with several MACs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.announced_by_many_interfaces import announced_by_many_interfaces
from probes.questions.neighbours import ArpSweep
from probes.questions.routing import RouteTo

Recorded = Callable[[str], Any]
CASE, STRANGER = "announced-twice", "3c:06:30:77:88:99"


def second(case: Any) -> str:
    """The MAC that answers besides the bridge's."""
    replies = next(each.answer for each in case.client.asked if isinstance(each.question, ArpSweep))
    return next(r.mac for r in replies if r.address == case.vip and r.mac != case.link("bridge0").mac)


def test_two_macs_of_one_machine_are_proof(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(announced_by_many_interfaces)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


def test_one_answer_clears_it(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = second(case)
    verdict = case.client_lists(ArpSweep, lambda r: None if r.mac == mac else r).verdict(
        announced_by_many_interfaces
    )
    assert isinstance(verdict, Cleared)
    assert "no two MACs" in verdict.reason


def test_no_answer_at_all_is_not_called_one(recorded: Recorded) -> None:
    verdict = recorded("nobody-announces").verdict(announced_by_many_interfaces)
    assert isinstance(verdict, Cleared)
    assert "no two MACs answer" in verdict.reason


def test_a_client_behind_a_router_does_not_hide_what_another_one_hears(recorded: Recorded) -> None:
    case = recorded(CASE)
    gateway = IPv4Address("192.168.8.1")
    routed = case.client_says(
        RouteTo, lambda q, route: replace(route, gateway=gateway) if q.destination == case.vip else route
    ).client
    assert isinstance(case.verdict(announced_by_many_interfaces, case.host, routed), Cleared)
    together = case.verdict(announced_by_many_interfaces, case.host, routed, case.client)
    assert isinstance(together, Diagnosis)


def test_a_second_mac_of_a_stranger_is_another_cause(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = second(case)
    verdict = case.client_lists(ArpSweep, lambda r: replace(r, mac=STRANGER) if r.mac == mac else r).verdict(
        announced_by_many_interfaces
    )
    assert isinstance(verdict, Cleared)
    assert STRANGER in verdict.reason


def test_a_second_mac_of_another_scanned_machine_is_another_cause(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac, others = second(case), case.network().vantage_points[1].link_towards(case.vip).mac
    verdict = case.client_lists(ArpSweep, lambda r: replace(r, mac=others) if r.mac == mac else r).verdict(
        announced_by_many_interfaces
    )
    assert isinstance(verdict, Cleared)


def test_an_unknown_gateways_second_answer_is_proxy_arp_also_for_the_client_alone(recorded: Recorded) -> None:
    case = recorded("proxy-arp-beside-announcer")
    assert isinstance(case.verdict(announced_by_many_interfaces), Cleared)
    assert isinstance(case.verdict(announced_by_many_interfaces, case.client), Cleared)


def test_a_node_that_is_the_gateway_itself_may_answer_twice_like_any_other(recorded: Recorded) -> None:
    case = recorded(CASE)
    gateway = next(iter(case.network().vantage_points[1].gateway_macs()))
    own = case.link("bridge0").mac
    same = case.client_lists(ArpSweep, lambda r: replace(r, mac=own) if r.mac == gateway else r)
    assert own in same.network().vantage_points[1].gateway_macs()
    assert isinstance(same.verdict(announced_by_many_interfaces), Diagnosis)


def test_the_client_alone_cannot_know_the_owners(recorded: Recorded) -> None:
    case = recorded(CASE)
    assert isinstance(case.verdict(announced_by_many_interfaces, case.client), Undetermined)
