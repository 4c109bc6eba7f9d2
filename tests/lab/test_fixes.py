"""Every fix that a diagnosis offers, not only the first, mends the case and can be undone by its own commands."""

from __future__ import annotations

from pathlib import Path

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
    """The first case of each cause that comes first in a verdict."""
    chosen: dict[str, Case] = {}
    for case in CATALOGUE:
        for code in case.expected["both"].codes[:1]:
            chosen.setdefault(code, case)
    return [case for code, case in chosen.items() if code not in ONLY_TOLD]


WITH_A_FAULT = [pytest.param(case, id=case.name) for case in one_case_per_cause()]


@pytest.mark.lab
@pytest.mark.parametrize("case", WITH_A_FAULT)
def test_every_further_fix_mends_the_case_and_its_undo_runs(case: Case, tmp_path: Path) -> None:
    names = Names.story()
    for number in range(1, FIXES_AT_MOST):
        with Setting(case, names, case.variant()).lab() as lab:
            scanner = InProcess(lab, case, names, tmp_path)
            cause = first_broken(examine(scanner)["both"].report)
            assert cause is not None
            if number >= len(cause["fixes"]):
                return
            fix = cause["fixes"][number]
            commands = " ".join(command for step in fix["steps"] for command in step["commands"])
            if not can_be_applied(fix) or any(
                case.name == name and part in commands for name, part in ANOTHER_REASON
            ):
                continue
            done = list(apply_fix(lab, case, names, fix))
            assert is_mended(scanner, case, cause, lambda good, text: None), f"{fix['title']}: {done}"
            undo_fix(lab, case, fix)
