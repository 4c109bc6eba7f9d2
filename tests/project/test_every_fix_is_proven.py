"""No fix without its proof in the lab: every function that makes one stands in hairpin_doctor/lab/proofs.py, rightly."""

from __future__ import annotations

import ast
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.mend import can_be_applied, first_broken
from hairpin_doctor.lab.proofs import ELSEWHERE, FIRST, FURTHER, NOTED, TOLD
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse, to_json
from hairpin_doctor.scan import judge

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "tests" / "golden" / "recordings"
PROVEN = [
    *((maker, case, 0) for maker, case in FIRST.items()),
    *((maker, *each) for maker, cases in FURTHER.items() for each in cases),
    *((maker, case, 0) for maker, (case, _) in NOTED.items()),
]
RECORDED = [each for each in PROVEN if (RECORDINGS / f"{each[1]}.json.gz").exists()]
"""A new case is recorded with the next recording of all; tests/golden sees that none is forgotten."""


def makers() -> Iterator[str]:
    """MODULE.FUNCTION of everything that makes a Fix."""
    package = ROOT / "hairpin_doctor"
    for path in (*package.glob("fixes/*.py"), *package.glob("rules/*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and any(map(_makes, ast.walk(function))):
                yield f"{path.stem}.{function.name}"


def _makes(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fix"


def test_every_fix_is_proven_or_it_is_said_why_not() -> None:
    assert set(makers()) == {*FIRST, *FURTHER, *NOTED, *TOLD, *ELSEWHERE}


def test_every_proof_is_a_case_of_the_lab() -> None:
    assert [case for _, case, _ in PROVEN if find(case) is None] == []


def test_no_fix_is_both_proven_and_excused() -> None:
    assert not {*FIRST, *FURTHER, *NOTED} & {*TOLD, *ELSEWHERE}
    assert not {*TOLD} & {*ELSEWHERE}


@pytest.fixture(scope="module")
def offered() -> dict[str, tuple[list[str], list[dict[str, Any]]]]:
    """Case -> who made the fixes of its first cause, in their order, and the fixes; from the recordings."""
    made: dict[str, str] = {}
    make = Fix.__init__

    def remember(self: Fix, *parts: Any, **named: Any) -> None:
        make(self, *parts, **named)
        code = sys._getframe(1).f_code
        made[self.title] = f"{Path(code.co_filename).stem}.{code.co_name}"

    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fix, "__init__", remember)
        for name in dict.fromkeys(case for _, case, _ in RECORDED):
            made.clear()
            report, codes = judged(name), [code for case, code in NOTED.values() if case == name]
            noted = next((each for each in report["diagnoses"] if each["code"] in codes), None)
            cause = noted or first_broken(report)
            assert cause is not None, name
            found[name] = ([made[each["title"]] for each in cause["fixes"]], cause["fixes"])
    return found


def judged(name: str) -> Any:
    case = find(name)
    assert case is not None, name
    path = RECORDINGS / f"{name}.json.gz"
    every = [decode_recording(each) for each in parse(gzip.decompress(path.read_bytes()))["recordings"]]
    seen = tuple(every) if "all" in case.expected else (every[0], every[-1])
    return json.loads(to_json(judge(seen).report))


@pytest.mark.parametrize(("maker", "case", "number"), RECORDED)
def test_the_case_offers_the_fix_and_the_lab_can_carry_it_out(
    maker: str, case: str, number: int, offered: dict[str, tuple[list[str], list[dict[str, Any]]]]
) -> None:
    who, fixes = offered[case]
    assert who[number] == maker
    assert can_be_applied(fixes[number])
