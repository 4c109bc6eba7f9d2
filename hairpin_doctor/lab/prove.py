"""The proof of a case: the doctor's verdict from each vantage point, the fix as written, and the healthy scan after it."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Vantage
from hairpin_doctor.lab.examination import BOTH, Verdict, examine
from hairpin_doctor.lab.mend import apply_fix, can_be_applied, first_broken
from hairpin_doctor.lab.running import Examine, Setting

VANTAGES: tuple[Vantage, ...] = ("client", "host", "both")
Tell = Callable[[bool, str], None]


def proof(tell: Tell, record: Path | None = None) -> Examine:
    """A step for `run_case`: examine, compare with what is expected, mend, examine again.

    `record`: a folder that gets the report with both recordings, CASE.json.gz, from which pure tests judge again.
    """

    def step(lab: Lab, setting: Setting) -> bool:
        with tempfile.TemporaryDirectory(prefix="hairpin-doctor-") as folder:
            found = examine(lab, setting.case, setting.names, Path(folder))
            if record is not None:
                keep_recording(Path(folder) / BOTH, record / f"{setting.case.name}.json.gz")
            right = [_compare(setting, vantage, found[vantage], tell) for vantage in VANTAGES]
            return all(right) and _mend(lab, setting, found["both"], Path(folder), tell)

    return step


def _compare(setting: Setting, vantage: Vantage, found: Verdict, tell: Tell) -> bool:
    wrong = found.wrong(setting.case.expected[vantage])
    said = wrong or f"{found.outcome} {' '.join(found.codes)}"
    tell(wrong is None, f"{vantage:<7} {said}")
    return wrong is None


def _mend(lab: Lab, setting: Setting, found: Verdict, folder: Path, tell: Tell) -> bool:
    cause = first_broken(found.report)
    fix = cause["fixes"][0] if cause and cause["fixes"] else None
    if cause is None or fix is None or not can_be_applied(fix):
        return True
    for line in apply_fix(lab, setting.case, setting.names, fix):
        tell(True, f"mend    {line}")
    after = examine(lab, setting.case, setting.names, folder)
    gone = after["client"].outcome == "healthy" and cause["code"] not in after["both"].codes
    tell(gone, f"after   {after['client'].outcome} for the client; both: {' '.join(after['both'].codes)}")
    return gone


def keep_recording(report: Path, place: Path) -> None:
    """Compressed, without a time stamp, so that equal reports give equal files."""
    place.write_bytes(gzip.compress(report.read_bytes(), mtime=0))
