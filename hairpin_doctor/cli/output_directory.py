"""`fix --output-dir`: an option as files in a folder, instead of changes on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hairpin_doctor.cli.fix_page import show_plan
from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.machine.files import write_new
from hairpin_doctor.mending.handover.cluster import OutputFile
from hairpin_doctor.mending.handover.folder import SetupOf, files_of, parts_of
from hairpin_doctor.mending.handover.readme import NAME, readme
from hairpin_doctor.mending.plan import Option, Plan
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.printable import printable_block

WRITTEN = 0


def write_out(directory: Path, found: Sequence[Plan], option: Option, setup_of: SetupOf, page: Page) -> int:
    """Render all of an option of the first plan, refuse to write over anything, then write. The exit code."""
    plan = found[0]
    parts = parts_of(plan, option, setup_of)
    files = (*files_of(parts), OutputFile(NAME, printable_block(readme(plan, option, parts))))
    new = tuple(file for file in files if not _stands_already(directory / file.path, file.text))
    try:
        write_new((directory / file.path, file.text, file.mode) for file in new)
    except OSError as error:
        raise Refused(
            f"{error.filename or directory} cannot be written: {error.strerror}. No file was left there"
        ) from None
    show_plan(plan, page, option.number)
    _tell(directory, files, page)
    for part in parts:
        if part.why_not:
            page.marked("note", "no files", f"{part.stage.machine}: {part.why_not}.")
    others = ", ".join(dict.fromkeys(each.code for each in found if each.code != plan.code))
    if others:
        page.text(f"Other causes have plans of their own, each for a folder of its own: {others}.")
    return WRITTEN


def _stands_already(path: Path, text: str) -> bool:
    """Whether it is there as it would be written. Raises Refused where something else is."""
    try:
        if path.is_symlink() or path.exists():
            if not path.is_symlink() and path.read_text(errors="replace") == text:
                return True
            raise Refused(
                f"{path} is there already and is something else: nothing was written. Name an empty directory, or move it"
            )
    except OSError as error:
        raise Refused(f"{path} cannot be looked at: {error.strerror}. Nothing was written") from None
    return False


def _tell(directory: Path, files: tuple[OutputFile, ...], page: Page) -> None:
    page.blank()
    page.text(f"Nothing was changed. Written below {directory}:", 0, "bold")
    for file in files:
        page.item(file.path)
    page.text(
        f"{directory / NAME} says which file goes where, what brings it into force, and how it is taken back."
    )
