"""The tables of look-alikes name causes that exist, cases that show them, and every cause of their group."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hairpin_doctor.lab.cases import find
from hairpin_doctor.rules.catalogue import CATALOGUE

TABLES = Path(__file__).parents[2] / "docs" / "design" / "telling-apart.md"
ROW = re.compile(r"^\| (HD\d{3}) \|.*\| ([^|]+) \|$", re.MULTILINE)
GROUPS = {
    "Ping works, TCP does not": "303 304 305 306 401 403 404 405 407 408 501 502 503 504 505 506 507 508 510",
    "Routed VIPs": "601 602 603",
}


def _section(title: str) -> str:
    return TABLES.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("title", GROUPS)
def test_every_cause_of_a_group_has_a_row(title: str) -> None:
    assert {f"HD{code}" for code in GROUPS[title].split()} <= {
        code for code, _ in ROW.findall(_section(title))
    }


@pytest.mark.parametrize("title", GROUPS)
def test_each_row_names_a_cause_and_cases_that_reproduce_it(title: str) -> None:
    known = {rule.code for rule in CATALOGUE}
    for code, cases in ROW.findall(_section(title)):
        found = [find(name) for name in re.findall(r"`([^`]+)`", cases)]
        assert code in known
        assert found
        # HD403 shows beside the deeper cause HD601 in its case.
        assert all(case is not None and (code in case.codes or code == "HD403") for case in found)


@pytest.mark.parametrize("title", GROUPS)
def test_each_rule_of_a_group_says_itself_from_which_of_the_group_it_is_told_apart(title: str) -> None:
    group = {code for code, _ in ROW.findall(_section(title))}
    for rule in CATALOGUE:
        if rule.code in group:
            told = set(re.findall(r"HD\d{3}", rule.section("Told apart from")))
            assert told - {rule.code}, f"{rule.code} tells itself apart from nothing"
