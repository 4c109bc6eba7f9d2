"""HD402 and HD406: the answer was made; which table sends it where?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Diagnosis, Rule, Undetermined
from hairpin_doctor.rules.multihomed_asymmetry import multihomed_asymmetry
from hairpin_doctor.rules.policy_route_captures_reply import policy_route_captures_reply
from probes.host import Absent, Denied
from probes.questions.firewall import TrackedConnections
from probes.questions.links import Links
from probes.questions.neighbours import Neighbour, Neighbours
from probes.questions.routing import Route, RouteTo

Recorded = Callable[[str], Any]
MAIN = 254
CLIENT = IPv4Address("192.168.8.100")
CASES = (
    ("policy-route-captures-lan", policy_route_captures_reply, multihomed_asymmetry),
    ("policy-route-captures-pods", policy_route_captures_reply, multihomed_asymmetry),
    ("multihomed-asymmetry", multihomed_asymmetry, policy_route_captures_reply),
)
each_case = pytest.mark.parametrize(("name", "holds", "does_not"), CASES)


def back(case: Any, change: Callable[[Route], Any]) -> Any:
    """The kernel's decisions for answers, altered."""
    return case.host_says(RouteTo, lambda question, route: change(route) if question.source else route)


@each_case
def test_the_table_decides_which_of_the_two_it_is(
    recorded: Recorded, name: str, holds: Rule, does_not: Rule
) -> None:
    case = recorded(name)
    assert isinstance(case.verdict(holds), Diagnosis)
    assert isinstance(case.verdict(does_not), Cleared)


@each_case
def test_an_answer_that_leaves_as_the_request_came_is_neither(
    recorded: Recorded, name: str, holds: Rule, does_not: Rule
) -> None:
    case = back(recorded(name), lambda route: replace(route, interface="bridge0"))
    assert isinstance(case.verdict(holds), Cleared)
    assert isinstance(case.verdict(does_not), Cleared)


@each_case
def test_without_an_answer_there_is_nothing_to_route(
    recorded: Recorded, name: str, holds: Rule, does_not: Rule
) -> None:
    case = recorded(name).host_lists(TrackedConnections, lambda flow: replace(flow, seen_reply=False))
    assert isinstance(case.verdict(holds), Cleared)
    assert isinstance(case.verdict(does_not), Cleared)


@each_case
def test_without_connection_tracking_it_is_open(
    recorded: Recorded, name: str, holds: Rule, does_not: Rule
) -> None:
    case = recorded(name).host_says(TrackedConnections, lambda *_: Denied("CAP_NET_ADMIN", "connections"))
    assert isinstance(case.verdict(holds), Undetermined)
    assert isinstance(case.verdict(does_not), Undetermined)


def test_the_main_table_by_another_nic_is_asymmetry(recorded: Recorded) -> None:
    case = back(recorded("policy-route-captures-lan"), lambda route: replace(route, table=MAIN))
    found = case.verdict(multihomed_asymmetry)
    assert isinstance(found, Diagnosis)
    assert any("(table main)" in each for each in found.because)
    assert isinstance(case.verdict(policy_route_captures_reply), Cleared)


def test_a_client_that_is_heard_on_the_other_nic_too_gets_its_answer_there(recorded: Recorded) -> None:
    case = recorded("policy-route-captures-lan")
    nic = next(
        link
        for each in case.client.asked
        if isinstance(each.question, Links)
        for link in each.answer
        if link.name == "eth0"
    )
    met = Neighbour(case.link("enp197s0").index, CLIENT, nic.mac, "STALE", False)
    both = case.host_says(Neighbours, lambda _, entries: (*entries, met))
    assert isinstance(both.verdict(policy_route_captures_reply), Cleared)
    stranger = case.host_says(
        Neighbours, lambda _, entries: (*entries, replace(met, mac="02:00:00:00:00:01"))
    )
    assert isinstance(stranger.verdict(policy_route_captures_reply), Diagnosis)


def test_no_route_at_all_is_blamed_on_policy_rules_only_where_there_are_some(recorded: Recorded) -> None:
    def nothing(_: Route) -> Absent:
        return Absent("no route")

    captured = back(recorded("policy-route-captures-lan"), nothing)
    assert isinstance(captured.verdict(policy_route_captures_reply), Diagnosis)
    plain = back(recorded("multihomed-asymmetry"), nothing)
    assert isinstance(plain.verdict(policy_route_captures_reply), Cleared)
    assert isinstance(plain.verdict(multihomed_asymmetry), Cleared)


def test_the_fix_goes_before_the_rule_that_captures(recorded: Recorded) -> None:
    verdict = recorded("policy-route-captures-lan").verdict(policy_route_captures_reply)
    assert verdict.fixes[0].steps[0].commands == ("ip rule add to 192.168.8.0/24 lookup main priority 5269",)
