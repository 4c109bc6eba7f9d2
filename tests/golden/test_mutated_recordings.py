"""Recordings in which a stranger changed values: refused in one sentence or judged, and never a failure of our own.

Values are replaced by others of their type, doubled, swapped or left out, by a seed; a thousand more seeds are tried by
hand: `pytest tests/golden/test_mutated_recordings.py --mutations 1000`.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.report.files import BadReport, recordings_in, to_json
from hairpin_doctor.report.html import to_html
from hairpin_doctor.report.markdown import to_markdown
from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.short import show_short
from hairpin_doctor.report.terminal import show
from hairpin_doctor.scan import NotTogether, judge

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.json.gz"))
HOSTILE = "x';$(touch OWNED)`id`\x1b]0;OWNED\x07\u202e|<b>OWNED\n## OWNED"
VALUES: dict[type, tuple[Any, ...]] = {
    bool: (True, False),
    int: (0, -1, 1, 2**32, 2**63, 2**65),
    float: (0.0, -0.0, 1e300),
    str: ("", HOSTILE, "0.0.0.0", "::", "fe80::1", "ff:ff:ff:ff:ff:ff", "eth0", "9" * 40, "{", '{"nftables":[1]}'),
    list: ([], [None]),
    dict: ({}, {"a": 1}),
    type(None): (0, "", []),
}  # fmt: skip
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
QUOTED = re.compile(r"'[^']*'")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def mutated(seed: int) -> bytes:
    """A recorded report with one to three values changed."""
    chance = random.Random(seed)
    report = json.loads(gzip.decompress(chance.choice(RECORDINGS).read_bytes()))
    recordings = report["recordings"]
    for path in chance.sample([each for each in places(recordings) if each], chance.choice((1, 1, 3))):
        try:
            holder = at(recordings, path[:-1])
            old = holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
        how = chance.random()
        if how < 0.8:
            holder[path[-1]] = chance.choice(VALUES[type(old)])
        elif how < 0.9 and isinstance(holder, list):
            holder.append(copy.deepcopy(old))
        else:
            del holder[path[-1]]
    return json.dumps(report).encode()


def judged(content: bytes) -> Any:
    """The report, or the sentence by which it was refused."""
    try:
        return judge(recordings_in(content)).report
    except (BadReport, NotTogether) as error:
        return str(error)


def failures(report: Any) -> list[str]:
    """What a probe or a rule could not cope with."""
    said = [*(each.reason or "" for each in report.probes), *(each.missing for each in report.undetermined)]
    return [each for each in said if "itself failed" in each]


def commands(report: Any) -> Iterator[str]:
    fixes = (fix for each in (*report.diagnoses, *report.consequences) for fix in each.fixes)
    for step in (step for fix in fixes for step in fix.steps):
        yield from (*step.commands, *step.undo)
    for following in report.next_steps:
        yield from following.commands


def told(report: Any) -> Iterator[tuple[str, str]]:
    """The report in every form."""
    look = Look(unicode=True, colour=False, width=80)
    table, short = io.StringIO(), io.StringIO()
    show(report, Page(table, look), verbose=True)
    show_short(report, Page(short, look))
    yield "table", table.getvalue()
    yield "short", short.getvalue()
    yield "markdown", to_markdown(report)
    yield "html", to_html(report)
    yield "json", to_json(report)


def test_what_a_stranger_changed_breaks_no_probe_no_rule_no_command_and_no_form(
    request: pytest.FixtureRequest,
) -> None:
    survived = 0
    for seed in range(request.config.getoption("--mutations")):
        report = judged(mutated(seed))
        if isinstance(report, str):
            assert "\n" not in report, seed
            continue
        survived += 1
        assert failures(report) == [], seed
        assert not [each for each in commands(report) if "OWNED" in QUOTED.sub("", each)], seed
        for form, text in told(report):
            assert not CONTROL.search(text), (seed, form)
            assert form not in ("markdown", "html") or "<b>OWNED" not in text, (seed, form)
            assert form != "markdown" or "\n## OWNED" not in text, seed
    assert survived > 0


def test_mutations_are_many_and_repeatable() -> None:
    found = list(islice(map(mutated, range(4)), 4))
    assert len(set(found)) == 4
    assert mutated(2) == found[2]
