"""The proof of a case: the doctor's verdict from each vantage point, the fix as written, and the healthy scan after it."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case, Vantage
from hairpin_doctor.lab.examination import BOTH, ByCommand, Scanner, ScannerOf, Verdict, examine, sufferers
from hairpin_doctor.lab.mend import advice, apply_fix, can_be_applied, repair, to_mend
from hairpin_doctor.lab.reversible import NotReversed, Reversible
from hairpin_doctor.lab.running import Examine, Setting
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.mending.store import MendingRefused

Tell = Callable[[bool, str], None]


def proof(
    tell: Tell,
    record: Path | None = None,
    scanner_of: ScannerOf = ByCommand,
    *,
    reversibly: bool = False,
) -> Examine:
    """A step for `run_case`: examine, compare with what is expected, mend, examine again.

    `reversibly`: by the engine instead of by the commands as they are written; then it is taken back, and the symptom must
    be there again and everything else as before.

    `record`: a folder that gets the report with both recordings, CASE.json.gz, from which pure tests judge again; only
    scans by command leave such a report.
    """

    def step(lab: Lab, setting: Setting) -> bool:
        with tempfile.TemporaryDirectory(prefix="hairpin-doctor-") as folder:
            scanner = scanner_of(lab, setting.case, setting.names, Path(folder))
            found = examine(scanner)
            if record is not None:
                keep_recording(Path(folder) / BOTH, record / f"{setting.case.name}.json.gz")
            right = [_compare(setting, vantage, verdict, tell) for vantage, verdict in found.items()]
            if not all(right):
                return False
            most = found.get("all", found["both"])
            if reversibly and not setting.case.afterwards:
                return _mend_reversibly(lab, setting, most, scanner, tell, Path(folder))
            return _mend(lab, setting, most, scanner, tell)

    return step


def _compare(setting: Setting, vantage: Vantage, found: Verdict, tell: Tell) -> bool:
    wrong = found.wrong(setting.case.expected[vantage])
    if wrong is None and vantage == "all":
        wrong = _wrongly_blamed(setting, found)
    tell(wrong is None, f"{vantage:<7} {wrong or _said(found)}")
    return wrong is None


def _wrongly_blamed(setting: Setting, found: Verdict) -> str | None:
    """Who is said to suffer, where others do."""
    topology = setting.case.build(setting.names, setting.variant)
    wanted = {topology.machine(role).name for role in setting.case.suffers}
    said = sufferers(found.report)
    return None if said == wanted else f"expected to speak of {sorted(wanted)}, found {sorted(said)}"


def _said(found: Verdict) -> str:
    return f"{found.outcome} {' '.join(found.codes)}"


def _mend(lab: Lab, setting: Setting, found: Verdict, scanner: Scanner, tell: Tell) -> bool:
    """Mend the first cause; where the case has more, what is found afterwards is compared and mended in turn."""
    for expected in setting.case.afterwards:
        if _carry_out(lab, setting, found, tell) is None:
            tell(False, "mend    nothing to carry out, though the case goes on")
            return False
        _, recordings = scanner.client()
        found, _ = scanner.both((*scanner.others(), *recordings))
        wrong = found.wrong(expected)
        tell(wrong is None, f"then    {wrong or _said(found)}")
        if wrong is not None:
            return False
    cause, case = _carry_out(lab, setting, found, tell), setting.case
    if case.moved is not None:
        scanner = scanner.asking(replace(case, targets=case.moved))
    return cause is None or is_mended(scanner, case, cause, lambda good, text: tell(good, f"after   {text}"))


def _mend_reversibly(
    lab: Lab, setting: Setting, found: Verdict, scanner: Scanner, tell: Tell, folder: Path
) -> bool:
    """Mend the first cause by the engine, and take it back."""
    cause = to_mend(found.report, setting.case)
    fix = cause["fixes"][0] if cause and cause["fixes"] else None
    if cause is None or fix is None or not can_be_applied(fix):
        return _mend(lab, setting, found, scanner, tell)
    reversible = Reversible(lab, setting, folder)
    try:
        for line in reversible.apply(fix):
            tell(True, f"mend    {line}")
        if not is_mended(scanner, setting.case, cause, lambda good, text: tell(good, f"after   {text}")):
            return False
        reversible.take_back()
    except (NotReversed, CannotChange, MendingRefused) as error:
        tell(False, f"undo    {error}")
        return False
    missing = reversible.symptom()
    tell(not missing, f"undone  {'; '.join(missing) or 'all is as before, the symptom too'}")
    return not missing


def _carry_out(lab: Lab, setting: Setting, found: Verdict, tell: Tell) -> Mapping[str, Any] | None:
    """Apply the first fix of the cause that is to be mended; that cause, or None where there is nothing to do."""
    cause = to_mend(found.report, setting.case)
    fix = cause["fixes"][0] if cause and cause["fixes"] else None
    if cause is None or fix is None or not (can_be_applied(fix) or advice(setting.case)):
        return None
    how = apply_fix(lab, setting.case, setting.names, fix) if can_be_applied(fix) else None
    for line in how or repair(lab, setting.case, setting.names):
        tell(True, f"mend    {line}")
    return cause


def is_mended(scanner: Scanner, case: Case, cause: Mapping[str, Any], tell: Tell) -> bool:
    """The client is healthy; and where it was so before, or is not alone, the cause is no longer found from all sides."""
    client, recordings = scanner.client()
    unseen = cause["severity"] != "broken" or case.expected["client"].verdict == "healthy"
    found = scanner.both((*scanner.others(), *recordings))[0] if unseen or case.others else client
    well = client.outcome == "healthy" and (found.outcome == "healthy" or not case.others)
    mended = well and cause["code"] not in found.codes
    tell(mended, f"{client.outcome} for the client; {' '.join(found.codes)}")
    return mended


def keep_recording(report: Path, place: Path) -> None:
    """Compressed, without a time stamp, so that equal reports give equal files."""
    place.write_bytes(gzip.compress(report.read_bytes(), mtime=0))
