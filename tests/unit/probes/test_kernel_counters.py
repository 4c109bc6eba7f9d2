"""Which counters rose between the first and the last moment of the scan."""

from __future__ import annotations

from typing import Any

from probes.kernel_counters import REVERSE_PATH, kernel_counters
from probes.probe import Phase, Scope
from probes.questions.machine import Counters, Moment


def look(fake: Any, before: dict[str, int], after: dict[str, int]) -> Any:
    answers = {Counters(Moment.BEFORE): before, Counters(Moment.AFTER): after}
    return kernel_counters.look(fake(answers), Scope(()))


def test_only_what_rose_is_shown_and_by_how_much(fake: Any) -> None:
    facts = look(fake, {"A": 1, "B": 5, "C": 9}, {"A": 4, "B": 5, "C": 2, "D": 6})
    assert facts.risen == {"A": 3, "D": 6}


def test_reverse_path_drops_are_told_since_boot(fake: Any) -> None:
    assert look(fake, {REVERSE_PATH: 7}, {REVERSE_PATH: 7}).reverse_path_drops_ever == 7
    assert look(fake, {}, {}).reverse_path_drops_ever == 0


def test_the_first_moment_is_asked_before_all_else_and_the_last_one_late() -> None:
    assert kernel_counters.asks_first == (Counters(Moment.BEFORE),)
    assert kernel_counters.phase is Phase.AFTER
