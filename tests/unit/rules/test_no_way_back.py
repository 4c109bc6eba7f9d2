"""HD410: the backend answers, and the host's own routes lose the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis
from hairpin_doctor.rules.no_way_back import no_way_back
from probes.host import Absent
from probes.questions.firewall import TrackedConnections
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbour, Neighbours
from probes.questions.routing import RouteTo

Recorded = Callable[[str], Any]
GONE = ip_address("192.168.8.250")


def routed_back(case: Any, change: Callable[[Any], Any]) -> Any:
    """The host's routes for answers to the client, which carry another source than its own packets."""
    return case.host_says(
        RouteTo, lambda question, route: change(route) if question.source is not None else route
    )


def by_a_silent_gateway(case: Any, state: str) -> Any:
    astray = routed_back(case, lambda route: replace(route, gateway=GONE))
    entry = Neighbour(interface=2, address=GONE, mac=None, state=state, router=False)
    return astray.host_says(
        Neighbours, lambda question, found: (*found, entry) if question.moment is Moment.AFTER else found
    )


def test_without_a_route_the_answers_go_nowhere(recorded: Recorded) -> None:
    case = routed_back(recorded("multihomed-asymmetry"), lambda _: Absent("no route"))
    verdict = case.verdict(no_way_back)
    assert isinstance(verdict, Diagnosis)
    assert "has no route" in verdict.summary


def test_a_gateway_that_is_silent_loses_them_too(recorded: Recorded) -> None:
    for state in ("FAILED", "INCOMPLETE"):
        verdict = by_a_silent_gateway(recorded("multihomed-asymmetry"), state).verdict(no_way_back)
        assert isinstance(verdict, Diagnosis)
        assert str(GONE) in verdict.summary
    assert isinstance(
        by_a_silent_gateway(recorded("multihomed-asymmetry"), "STALE").verdict(no_way_back), Cleared
    )


def test_a_gateway_that_answers_and_an_answer_that_was_never_made_are_other_causes(
    recorded: Recorded,
) -> None:
    case = recorded("multihomed-asymmetry")
    assert isinstance(case.verdict(no_way_back), Cleared)
    silent = routed_back(case, lambda _: Absent("no route")).host_says(
        TrackedConnections, lambda _, flows: tuple(replace(flow, seen_reply=False) for flow in flows)
    )
    assert isinstance(silent.verdict(no_way_back), Cleared)
