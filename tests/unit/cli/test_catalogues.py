"""`explain`, `probes`, `rules`, and the pages that are generated from the same words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hairpin_doctor.docs_generator import pages, stale_pages, write
from hairpin_doctor.rules.catalogue import CATALOGUE as RULES
from probes.catalogue import CATALOGUE as PROBES

DOCS = Path(__file__).parents[3] / "docs"
Call = Callable[..., Result]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_cause_is_explained_by_code_and_by_slug(call: Call, rule: object) -> None:
    by_code, by_slug = call("explain", rule.code.lower()), call("explain", rule.slug)  # type: ignore[attr-defined]
    assert by_code.exit_code == 0
    assert by_code.stdout == by_slug.stdout
    for heading in ("Why", "Seen as", "Told apart from", "By hand", "Fix", "References"):
        assert f"\n{heading}\n" in by_code.stdout


def test_an_explanation_names_the_lab_case_to_try(call: Call) -> None:
    assert "sudo hairpin-doctor lab run vip-on-port-mac\n" in call("explain", "HD301").stdout


def test_an_explanation_shows_commands_as_they_are_and_where_references_lead(call: Call) -> None:
    text = call("explain", "HD304").stdout
    assert "\nbridge fdb show br BRIDGE\n" in text
    assert "· metallb/metallb#535\n    https://github.com/metallb/metallb/issues/535\n" in text


def test_without_a_code_every_cause_is_listed_as_by_rules(call: Call) -> None:
    listed, of_rules = call("explain").stdout, call("rules").stdout
    assert listed.startswith(of_rules)
    assert listed.endswith("hairpin-doctor explain CODE\n")


@pytest.mark.parametrize("word", ["HD999", "hairpin-of-on-port", "\x1b[2J"])
def test_an_unknown_cause_is_one_sentence(call: Call, word: str) -> None:
    found = call("explain", word)
    assert found.exit_code == 2
    assert len(found.stderr.splitlines()) == 1
    assert "there is no cause" in found.stderr
    assert "\x1b" not in found.stderr


def test_a_mistyped_slug_is_answered_with_the_near_one(call: Call) -> None:
    assert "did you mean hairpin-off-on-port" in call("explain", "hairpin-of-on-port").stderr


def test_the_lists_are_in_catalogue_order_in_both_formats(call: Call) -> None:
    assert [each["code"] for each in json.loads(call("rules", "-o", "json").stdout)] == [
        r.code for r in RULES
    ]
    assert [each["id"] for each in json.loads(call("probes", "-o", "json").stdout)] == [p.id for p in PROBES]
    heads = [line.split()[0] for line in call("rules").stdout.splitlines() if not line.startswith(" ")]
    assert heads == [rule.code for rule in RULES]


def test_the_lists_fit_eighty_columns(call: Call) -> None:
    for command in ("rules", "probes"):
        assert max(map(len, call(command).stdout.splitlines())) <= 80


def test_a_probe_names_the_rights_that_it_can_use(call: Call) -> None:
    found = {each["id"]: each for each in json.loads(call("probes", "-o", "json").stdout)}
    assert found["arp"]["rights"] == ["CAP_NET_RAW"]
    assert found["service_rules"]["rights"] == ["CAP_NET_ADMIN"]
    assert found["interfaces"]["rights"] == []
    assert all(each["question"] for each in found.values())


@pytest.mark.parametrize("path", sorted(pages()))
def test_a_committed_page_is_the_generated_one(path: str) -> None:
    committed = (DOCS / path).read_text() if (DOCS / path).is_file() else ""
    assert committed == pages()[path], "run: python -m hairpin_doctor.docs_generator"


def test_no_page_is_left_of_a_rule_or_probe_that_is_gone() -> None:
    assert stale_pages(DOCS, pages()) == []


def test_the_generator_writes_only_what_differs(tmp_path: Path) -> None:
    assert sorted(write(tmp_path)) == sorted(pages())
    (tmp_path / "causes" / "HD000-gone.md").write_text("old")
    assert write(tmp_path) == ["causes/HD000-gone.md"]
    assert write(tmp_path) == []
