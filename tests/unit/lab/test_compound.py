"""Compound faults: enough of them, and what the first verdict does not name yet is named once the first cause is mended."""

from __future__ import annotations

import pytest

from hairpin_doctor.lab.cases import CATALOGUE, Case, compound

NAMES = {case.name for case in compound.CASES} | {"two-vms-two-faults"}
COMPOUND = [case for case in CATALOGUE if case.name in NAMES]


def test_there_are_at_least_twelve() -> None:
    assert len(COMPOUND) >= 12
    masked = [case for case in COMPOUND if len(case.expected["both"].codes) < len(case.codes)]
    assert len(masked) >= 6


@pytest.mark.parametrize("case", COMPOUND, ids=lambda case: case.name)
def test_every_cause_is_named_at_first_or_once_the_one_before_is_mended(case: Case) -> None:
    first = case.expected.get("all", case.expected["both"])
    named = {*first.codes, *(code for each in case.afterwards for code in each.codes)}
    assert set(case.codes) <= named


@pytest.mark.parametrize("case", COMPOUND, ids=lambda case: case.name)
def test_the_lab_goes_on_after_the_first_is_mended_while_harm_is_left(case: Case) -> None:
    *_, last = case.codes
    if last != "HD206":  # a note, which names nobody to mend it here
        assert case.afterwards
        assert last in case.afterwards[-1].codes
