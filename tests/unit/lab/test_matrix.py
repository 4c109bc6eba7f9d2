"""How a found verdict is scored: wrong is counted apart from undecided."""

from __future__ import annotations

import pytest

from hairpin_doctor.lab.cases.case import Expected
from hairpin_doctor.lab.examination import Verdict
from hairpin_doctor.lab.matrix import Row, Score, score, totals

DIAGNOSED, HEALTHY = Expected("diagnosed", ("HD301",), ("HD002",)), Expected("healthy", ("HD001",))


@pytest.mark.parametrize(
    ("expected", "outcome", "codes", "right"),
    [
        (DIAGNOSED, "diagnosed", ("HD301",), Score.RIGHT),
        (DIAGNOSED, "diagnosed", ("HD301", "HD002"), Score.RIGHT),
        (DIAGNOSED, "undetermined", (), Score.UNDECIDED),
        (DIAGNOSED, "unexplained", (), Score.UNDECIDED),
        (DIAGNOSED, "diagnosed", ("HD401",), Score.WRONG),
        (DIAGNOSED, "diagnosed", ("HD301", "HD401"), Score.WRONG),
        (DIAGNOSED, "healthy", (), Score.WRONG),
        (HEALTHY, "healthy", ("HD001",), Score.RIGHT),
        (HEALTHY, "healthy", ("HD001", "HD208"), Score.FALSE_ALARM),
        (HEALTHY, "diagnosed", ("HD301",), Score.FALSE_ALARM),
        (HEALTHY, "undetermined", (), Score.UNDECIDED),
    ],
)
def test_a_code_that_may_not_appear_is_wrong_and_silence_is_only_undecided(
    expected: Expected, outcome: str, codes: tuple[str, ...], right: Score
) -> None:
    assert score(expected, Verdict(outcome, codes, {})) is right


def test_top1_counts_rows_whose_first_code_is_the_expected_one() -> None:
    rows = [
        Row("a", "both", DIAGNOSED, "diagnosed", ("HD301",), Score.RIGHT),
        Row("b", "both", DIAGNOSED, "diagnosed", ("HD401", "HD301"), Score.WRONG),
        Row("c", "host", Expected("healthy", ()), "healthy", (), Score.RIGHT),
    ]
    assert totals(rows).top1 == 0.5
    assert (totals(rows).right, totals(rows).wrong, totals(rows).false_alarms) == (2, 1, 0)
