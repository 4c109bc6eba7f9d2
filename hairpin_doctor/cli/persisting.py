"""`fix --persist` and `--uninstall`: what is to be installed, what was done for it, and what is left to a person."""

from __future__ import annotations

from collections.abc import Sequence

from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.fixes.changes import Change, ConfigFile, EnabledUnit
from hairpin_doctor.fixes.persistence.choose import CannotPersist, persist
from hairpin_doctor.fixes.persistence.momentary import lasting_part
from hairpin_doctor.fixes.persistence.persistence import Persistence, name_of
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.mending.beforehand import refuse_uninstallable
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import MendingRefused
from hairpin_doctor.report.page import Page
from probes.questions.configuration import NetworkSetup

AS_FILES = "`--output-dir DIR` writes the files into a folder instead"
NOT_THIS = (
    "--persist writes into /etc of the machine that was examined, and this is not known to be that machine: process 1 has "
    f"another network or other files (a namespace, a container). Nothing was changed; {AS_FILES}"
)
TAKES_OVER = {
    "systemd-networkd": "networkd takes the interface over when it starts next (now: `networkctl reload`).",
    "NetworkManager": "NetworkManager takes the interface over when it starts next (now: `nmcli connection load FILE`).",
    "ifupdown": "ifupdown runs it whenever the interface below comes up, at boot too.",
}


def lasting_changes(
    name: str, changes: Sequence[Change], setup: NetworkSetup | None, engine: Engine, page: Page
) -> tuple[Change, ...]:
    """What is to be installed, shown; () where nothing of it is lost by a reboot. Raises Refused: nothing was changed."""
    if not lasting_part(changes)[0]:
        page.marked("note", "no files", "Nothing of this is lost by a reboot.")
        for each in lasting_part(changes)[1]:
            page.marked("warn", "careful", f"{each}.")
        return ()
    if setup is None:
        raise Refused(NOT_THIS)
    try:
        found = _under_a_free_name(name, changes, setup, engine)
        refuse_uninstallable(engine.hands, found.installation)
    except (CannotChange, CannotPersist, MendingRefused, OSError) as error:
        raise Refused(f"this cannot be made lasting here: {error}. Nothing was changed; {AS_FILES}") from None
    _show(found, page)
    return found.installation


def _under_a_free_name(
    name: str, changes: Sequence[Change], setup: NetworkSetup, engine: Engine
) -> Persistence:
    """No file of another fix is written over; some are of an interface, and are the same whatever the cause."""
    of_others = {
        change.path: change.text
        for run in engine.store.history()
        if run.phase == "confirmed"
        for change in run.installed
        if isinstance(change, ConfigFile)
    }
    found, other = persist(name, changes, setup), persist(f"{name}-2", changes, setup)
    whatever = {file.path for file in found.files} & {file.path for file in other.files}

    def is_taken(file: ConfigFile) -> bool:
        if file.path in whatever or of_others.get(file.path) == file.text:
            return False
        return file.path in of_others or _holds_another_text(file, engine)

    number = 2
    while number < 100 and any(map(is_taken, found.files)):
        found = persist(f"{name}-{number}", changes, setup)
        number += 1
    return found


def _holds_another_text(file: ConfigFile, engine: Engine) -> bool:
    """Whether a file stands there already, one that was installed by hand out of `--output-dir` too. Raises CannotChange."""
    found = engine.hands.find(file)
    return not found.so and any(isinstance(each, ConfigFile) for each in found.undo)


def _show(found: Persistence, page: Page) -> None:
    page.blank()
    page.text(f"Once it is confirmed, this makes it outlive a reboot ({found.manager}):", 2)
    for file in found.files:
        page.item(f"write {file.path}", 4)
    for unit in found.units:
        page.item(unit.commands()[0], 4)
    for remark in found.remarks:
        page.marked("warn", "careful", remark if remark.endswith(".") else f"{remark}.", 2)
    if found.manager in TAKES_OVER:
        page.text(TAKES_OVER[found.manager], 2)


def make_last_run_lasting(
    engine: Engine, code: str | None, setup: NetworkSetup | None, page: Page
) -> Checkpoint:
    """--persist alone: for the last run that was kept, which has to be one for `code` if that is named. Raises Refused."""
    kept = engine.last()
    if kept is None or kept.phase != "confirmed" or code not in (None, kept.code):
        raise Refused(
            "no run was kept that could be made lasting: `hairpin-doctor fix --apply --persist` first"
        )
    if kept.installed:
        raise Refused(f"run {kept.id} is lasting already: `hairpin-doctor fix --history` shows its files")
    if kept.of_another_boot:
        raise Refused(
            f"this machine was started anew since run {kept.id}, which ended it: `hairpin-doctor fix {kept.code} --apply "
            "--persist` applies it again"
        )
    lasting = lasting_changes(name_of(kept.code, kept.vips), kept.changes, setup, engine, page)
    return engine.make_lasting(kept.id, lasting) if lasting else kept


def loses(checkpoint: Checkpoint) -> bool:
    """Whether a reboot takes something of the run away."""
    return not checkpoint.installed and bool(lasting_part(checkpoint.changes)[0])


def tell_lasting(checkpoint: Checkpoint, page: Page) -> None:
    """Whether a run that was kept outlives a reboot, and how to take it back."""
    units = [each.unit for each in checkpoint.installed if isinstance(each, EnabledUnit)]
    if checkpoint.installed:
        enabled = f" systemd starts {', '.join(units)} at boot (enabled)." if units else ""
        page.text(f"It outlives a reboot.{enabled}")
        page.text(f"To take all of it back: sudo hairpin-doctor fix --uninstall {checkpoint.code}")
        return
    if loses(checkpoint):
        page.text("It holds until the next reboot. To make it lasting: sudo hairpin-doctor fix --persist")
    page.text("To take it back: sudo hairpin-doctor fix --rollback")
