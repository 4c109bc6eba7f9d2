"""Every fix that a diagnosis offers, not only the first, mends the case and can be undone by its own commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.lab.cases import CATALOGUE, Case
from hairpin_doctor.lab.examination import InProcess, examine
from hairpin_doctor.lab.mend import apply_fix, can_be_applied, first_broken, undo_fix
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.prove import is_mended
from hairpin_doctor.lab.running import Setting

FIXES_AT_MOST = 4
ANOTHER_REASON = {
    (
        "protocol-missing",
        "rollout restart",
    )  # restarts the proxy, should it have missed the port; here the Service lacks it
}
ONLY_TOLD = {"HD001", "HD002", "HD201", "HD206"}  # nothing to mend, or nothing that a command could


def one_case_per_cause() -> list[Case]:
    """The first case of each cause that comes first in a verdict, and explains it."""
    chosen: dict[str, Case] = {}
    for case in CATALOGUE:
        expected = case.expected["both"]
        for code in expected.codes[:1] if expected.verdict != "unexplained" else ():
            chosen.setdefault(code, case)
    return [case for code, case in chosen.items() if code not in ONLY_TOLD]


WITH_A_FAULT = [pytest.param(case, id=case.name) for case in one_case_per_cause()]


def is_to_be_tried(case: Case, fix: Mapping[str, Any]) -> bool:
    commands = " ".join(command for step in fix["steps"] for command in step["commands"])
    told = any(case.name == name and part in commands for name, part in ANOTHER_REASON)
    return can_be_applied(fix) and not told


def try_the_next(case: Case, tried: int, folder: Path) -> int | None:
    """Apply the first fix after number `tried` in a new lab, and undo it. None if there is none to be tried after it."""
    names = Names.story()
    with Setting(case, names, case.variant()).lab() as lab:
        scanner = InProcess(lab, case, names, folder)
        cause = first_broken(examine(scanner)["both"].report)
        assert cause is not None
        further = range(tried + 1, min(FIXES_AT_MOST, len(cause["fixes"])))
        numbers = [each for each in further if is_to_be_tried(case, cause["fixes"][each])]
        if not numbers:
            return None
        fix = cause["fixes"][numbers[0]]
        done = list(apply_fix(lab, case, names, fix))
        assert is_mended(scanner, case, cause, lambda good, text: None), f"{fix['title']}: {done}"
        undo_fix(lab, case, fix)
    return numbers[0] if len(numbers) > 1 else None


@pytest.mark.lab
@pytest.mark.parametrize("case", WITH_A_FAULT)
def test_every_further_fix_mends_the_case_and_its_undo_runs(case: Case, tmp_path: Path) -> None:
    tried: int | None = 0
    while tried is not None:
        tried = try_the_next(case, tried, tmp_path)
