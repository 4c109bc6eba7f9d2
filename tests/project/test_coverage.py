"""No cause is without its proof: an N one has a case, another one says what tests it instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hairpin_doctor.coverage import AS_WRITTEN, LANES, WITHOUT_A_CASE, Coverage, coverage
from hairpin_doctor.lab.examination import of_report
from hairpin_doctor.lab.mend import can_be_applied, first_broken
from hairpin_doctor.report.files import load
from hairpin_doctor.rules.catalogue import CATALOGUE
from hairpin_doctor.scan import judge

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests" / "golden" / "recordings"
each_cause = pytest.mark.parametrize("found", coverage(CATALOGUE), ids=lambda found: found.rule.code)


@each_cause
def test_what_can_be_built_has_a_case_and_what_cannot_says_what_tests_it(found: Coverage) -> None:
    assert bool(found.ipv4 or found.ipv6) != bool(found.instead)
    for path in re.findall(r"tests/\S+\.py", found.instead):
        assert (ROOT / path).is_file()


def test_lanes_and_excuses_are_of_causes_that_exist() -> None:
    known = {rule.code for rule in CATALOGUE}
    assert set(LANES) | set(WITHOUT_A_CASE) <= known


@pytest.mark.parametrize(("code", "case"), AS_WRITTEN.items())
def test_the_first_fix_of_a_case_that_is_said_to_carry_it_out_can_be(code: str, case: str) -> None:
    cause = first_broken(of_report(judge(load(RECORDINGS / f"{case}.json.gz").recordings).report).report)
    assert cause is not None
    assert cause["code"] == code
    assert can_be_applied(cause["fixes"][0])
