"""HD408: a table that is full and drops; the numbers are those of the lab's case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.diagnose import Outcome
from hairpin_doctor.fixes.changes import Sysctl
from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.conntrack_trouble import conntrack_trouble
from probes.host import Absent
from probes.questions.firewall import ConnectionTable, ConnectionTableState, TrackedConnections
from probes.questions.machine import Moment

Recorded = Callable[[str], Any]
LIMIT = 262144


def with_table(case: Any, before: ConnectionTableState, after: ConnectionTableState) -> Any:
    asked = (Asked(ConnectionTable(Moment.BEFORE), before), Asked(ConnectionTable(Moment.AFTER), after))
    others = tuple(each for each in case.host.asked if type(each.question) is not ConnectionTable)
    return replace(case, host=replace(case.host, asked=(*others, *asked)))


def state(
    entries: int = LIMIT, dropped: int | None = 0, failed: int = 0, maximum: int = LIMIT
) -> ConnectionTableState:
    return ConnectionTableState(entries, maximum, dropped, failed)


def silent(recorded: Recorded) -> Any:
    """Every new flow is dropped: nothing is tracked of the client."""
    return recorded("forwarding-off").host_says(TrackedConnections, lambda _, __: ())


def test_a_full_table_that_drops_is_proven_and_explains_the_silence(recorded: Recorded) -> None:
    case = with_table(silent(recorded), state(), state(dropped=23))
    verdict = case.verdict(conntrack_trouble)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.BROKEN, Confidence.PROVEN)
    assert "262144 of 262144" in verdict.summary
    assert verdict.fixes[0].steps[0].changes == (Sysctl("net/netfilter/nf_conntrack_max", 2 * LIMIT, LIMIT),)
    assert "HD408" in {each.rule.code for each in case.judgement().diagnoses}


def test_a_full_table_that_drops_nothing_is_latent(recorded: Recorded) -> None:
    case = with_table(recorded("healthy"), state(), state())
    verdict = case.verdict(conntrack_trouble)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT
    assert case.judgement().outcome is Outcome.HEALTHY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(state(1000), state(1200, dropped=7), id="room: what is dropped has another reason"),
        pytest.param(state(5, maximum=0), state(5, dropped=3, maximum=0), id="no limit"),
    ],
)
def test_a_table_with_room_is_not_it(
    recorded: Recorded, before: ConnectionTableState, after: ConnectionTableState
) -> None:
    assert isinstance(with_table(silent(recorded), before, after).verdict(conntrack_trouble), Cleared)


def test_entries_that_lost_a_race_are_not_dropped_for_want_of_room(recorded: Recorded) -> None:
    verdict = with_table(silent(recorded), state(), state(dropped=4, failed=4)).verdict(conntrack_trouble)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT


def test_without_root_a_full_table_is_suspected_where_something_fails(recorded: Recorded) -> None:
    hidden = state(dropped=None)
    verdict = with_table(silent(recorded), hidden, hidden).verdict(conntrack_trouble)
    assert isinstance(verdict, Undetermined)
    assert verdict.suspected
    verdict = with_table(recorded("healthy"), hidden, hidden).verdict(conntrack_trouble)
    assert isinstance(verdict, Undetermined)
    assert not verdict.suspected


def test_a_machine_without_connection_tracking_has_no_table(recorded: Recorded) -> None:
    none = Asked(ConnectionTable(Moment.BEFORE), unanswered=Absent("no such file"))
    case = silent(recorded)
    case = replace(case, host=replace(case.host, asked=(*case.host.asked, none)))
    assert isinstance(case.verdict(conntrack_trouble), Cleared)


def test_a_client_alone_cannot_tell(recorded: Recorded) -> None:
    case = silent(recorded)
    assert isinstance(case.verdict(conntrack_trouble, case.client), Undetermined)
