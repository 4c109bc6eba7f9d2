"""The tables of look-alikes name rules and lab cases that exist, and each case is one of that very cause."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hairpin_doctor.lab.cases import CATALOGUE as CASES
from hairpin_doctor.rules.catalogue import CATALOGUE as RULES

PAGE = Path(__file__).parents[2] / "docs" / "design" / "telling-apart-arp.md"
ROW = re.compile(r"^\| (HD\d{3}) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text())
CODES_OF = {case.name: case.codes for case in CASES}
SILENT = {"HD104", "HD105", "HD110", "HD201", "HD203", "HD205", "HD209", "HD601"}
TWO_ANSWER = {"HD106", "HD109", "HD202", "HD203", "HD204", "HD206", "HD208"}

each_row = pytest.mark.parametrize(("code", "decides", "rules_out", "cases"), ROWS, ids=[r[0] for r in ROWS])


def test_every_look_alike_has_a_row() -> None:
    assert {row[0] for row in ROWS} >= SILENT | TWO_ANSWER


@each_row
def test_a_row_is_a_rule_that_is_told_apart(code: str, decides: str, rules_out: str, cases: str) -> None:
    rule = next(rule for rule in RULES if rule.code == code)
    others = set(re.findall(r"HD\d{3}", rule.section("Told apart from")))
    assert others & (SILENT | TWO_ANSWER | {"HD302", "HD401", "HD402", "HD403", "HD406", "HD410", "HD503"}), (
        code
    )


@each_row
def test_its_cases_show_that_cause(code: str, decides: str, rules_out: str, cases: str) -> None:
    named = re.findall(r"`([a-z0-9-]+)`", cases)
    assert named
    for name in named:
        assert code in CODES_OF[name] or (code == "HD201" and name.endswith("real-speaker")), name
