"""Every fix that a diagnosis offers, not only the first, and a note's too, mends the case as it is pasted; its undo brings
back what was.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.examination import InProcess, examine
from hairpin_doctor.lab.mend import first_broken
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.proofs import FURTHER, NOTED
from hairpin_doctor.lab.prove import is_mended
from hairpin_doctor.lab.reversible import Reversible
from hairpin_doctor.lab.running import Setting

PASTED = dict.fromkeys((*each, None) for cases in FURTHER.values() for each in cases)
PASTED |= dict.fromkeys((case, 0, code) for case, code in NOTED.values())


@pytest.mark.lab
@pytest.mark.parametrize(("name", "number", "code"), PASTED)
def test_a_further_fix_mends_the_case_and_its_undo_brings_state_and_symptom_back(
    name: str, number: int, code: str | None, tmp_path: Path
) -> None:
    case, names = find(name), Names.story()
    assert case is not None
    setting = Setting(case, names, case.variant())
    with setting.lab() as lab:
        scanner = InProcess(lab, case, names, tmp_path)
        report = examine(scanner)["both"].report
        noted = next((each for each in report["diagnoses"] if each["code"] == code), None)
        cause = noted or first_broken(report)
        assert cause is not None
        fix = cause["fixes"][number]
        pasted = Reversible(lab, setting, tmp_path, by_hand=True)
        done = list(pasted.apply(fix))
        assert is_mended(scanner, case, cause, lambda good, text: None), f"{fix['title']}: {done}"
        pasted.take_back()
        assert pasted.symptom() == [], fix["title"]
