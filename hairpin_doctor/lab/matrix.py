"""Every case from every vantage point: expected against found, top-1 accuracy, false alarms and wrong codes.

Wrong is worse than undetermined and is counted apart: a code that is neither expected nor allowed, or a healthy verdict
where traffic is broken. The scans run in this process (`examination.InProcess`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case, Expected, Vantage
from hairpin_doctor.lab.examination import InProcess, Verdict, examine
from hairpin_doctor.lab.expected_stand_in import expected_of_a_stand_in
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.lab.separately import separate_verdict
from hairpin_doctor.lab.standing_in import stand_in_verdict

LABS_AT_ONCE = 3
Seen = Literal["each side", "stand-in", "separately"]


class Score(StrEnum):
    """How a found verdict compares with the expected one."""

    RIGHT = "right"
    UNDECIDED = "undecided"  # less was said than could be: undetermined or unexplained, and no wrong code
    WRONG = "WRONG"
    FALSE_ALARM = "FALSE ALARM"  # a cause named where all is well


@dataclass(frozen=True)
class Row:
    """One case from one vantage point."""

    case: str
    vantage: Vantage
    expected: Expected
    found: str
    codes: tuple[str, ...]
    score: Score


@dataclass(frozen=True)
class Totals:
    """Counts over rows; `top1` is the share of rows with an expected code whose first found code it is."""

    rows: int
    right: int
    undecided: int
    wrong: int
    false_alarms: int
    top1: float


def matrix(
    cases: Iterable[Case], seed: int | None, tell: Callable[[Row], None], seen: Seen = "each side"
) -> list[Row]:
    """Build and scan every case; `tell` is called for each row as it comes. Raises what building raises.

    `seen`: from each of the three vantage points; or from the host with a stand-in client; or, compared with what both
    together say, by two separate scans that are merged.
    """
    chosen = tuple(cases)
    rows: list[Row] = []
    with ThreadPoolExecutor(max_workers=LABS_AT_ONCE) as pool:
        for found in pool.map(lambda case: list(_rows(case, seed, seen)), chosen):
            for row in found:
                tell(row)
                rows.append(row)
    return rows


def _rows(case: Case, seed: int | None, seen: Seen) -> Iterator[Row]:
    names = Names.story() if seed is None else Names.random(seed)
    with Setting(case, names, case.variant()).lab() as lab:
        for vantage, verdict in _verdicts(lab, case, names, seen).items():
            expected = expected_of_a_stand_in(case, names) if seen == "stand-in" else case.expected[vantage]
            scored = score(expected, verdict)
            yield Row(case.name, vantage, expected, verdict.outcome, verdict.codes, scored)


def _verdicts(lab: Lab, case: Case, names: Names, seen: Seen) -> dict[Vantage, Verdict]:
    if seen == "stand-in":
        return {"both": stand_in_verdict(lab, case, names)}
    if seen == "separately":
        return {"both": separate_verdict(lab, case, names)}
    with tempfile.TemporaryDirectory() as folder:
        return examine(InProcess(lab, case, names, Path(folder)))


def score(expected: Expected, found: Verdict) -> Score:
    """Compare; a code that may not appear is wrong whatever the verdict."""
    if found.wrong(expected) is None:
        return Score.RIGHT
    superfluous = [code for code in found.codes if code not in (*expected.codes, *expected.allowed)]
    if superfluous:
        return Score.FALSE_ALARM if expected.verdict == "healthy" else Score.WRONG
    if found.outcome == "healthy" and expected.verdict != "healthy":
        return Score.WRONG
    return Score.UNDECIDED


def totals(rows: Sequence[Row]) -> Totals:
    """Add up."""
    scores = [row.score for row in rows]
    coded = [row for row in rows if row.expected.codes]
    first = sum(row.codes[:1] == row.expected.codes[:1] for row in coded)
    return Totals(
        rows=len(rows),
        right=scores.count(Score.RIGHT),
        undecided=scores.count(Score.UNDECIDED),
        wrong=scores.count(Score.WRONG),
        false_alarms=scores.count(Score.FALSE_ALARM),
        top1=round(first / len(coded), 4) if coded else 1.0,
    )
