"""A walk on this machine, without one: what is shown once a fix was taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hairpin_doctor.recording import Recording
from hairpin_doctor.scan import Request, judge
from hairpin_doctor.walkthrough.live import Live

Recorded = Callable[[str], tuple[Recording, ...]]


def taken_back(before: tuple[Recording, ...], now: tuple[Recording, ...], others: bool) -> Any:
    """What a walk says that found `before`, applied a fix, took it back and finds `now`."""
    live = Live(None, lambda _: None, True, Request((), before[1:] if others else ()), 60)  # type: ignore[arg-type, return-value]
    live._run.take_back = lambda _: None  # type: ignore[method-assign]
    live.look = lambda *_: judge(now).report  # type: ignore[method-assign]
    live._diagnosed = judge(before)
    return live.undo(lambda _: None)


def test_what_a_client_said_before_the_fix_makes_nothing_unexplained_after_it(
    recordings_of: Recorded,
) -> None:
    before, now = recordings_of("hairpin-off-on-port"), recordings_of("unknown-pod-filters")
    assert judge(now).report.verdict == "unexplained"
    done = taken_back(before, now, others=True)
    assert done.report.verdict == "diagnosed"
    assert "What homeassistant reported then no longer fits" in done.note.replace("n5, ", "")
    assert taken_back(before, now, others=False).report.verdict == "unexplained"


@pytest.mark.parametrize("others", [True, False])
def test_what_is_seen_now_is_shown_where_it_is_a_diagnosis_again(
    recordings_of: Recorded, others: bool
) -> None:
    sick = recordings_of("hairpin-off-on-port")
    done = taken_back(sick, sick, others)
    assert (done.report.verdict, done.note, done.taken_back) == ("diagnosed", None, True)
