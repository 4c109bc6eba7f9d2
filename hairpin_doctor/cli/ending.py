"""How runs end from the command line: kept, made lasting, taken back, uninstalled; and what the history says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hairpin_doctor.cli.fix_page import show_checkpoint
from hairpin_doctor.cli.persisting import loses, make_last_run_lasting, tell_lasting
from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.rollback import after_a_reboot
from hairpin_doctor.mending.store import MendingRefused, Store
from hairpin_doctor.mending.watchdog import hands_for
from hairpin_doctor.report.page import Page

if TYPE_CHECKING:
    from probes.questions.configuration import NetworkSetup

KEPT, NOT_KEPT = 0, 1


def end_of_run(checkpoint: Checkpoint, page: Page) -> int:
    """Show what became of it. The exit code."""
    show_checkpoint(checkpoint, page)
    if checkpoint.phase == "confirmed":
        tell_lasting(checkpoint, page)
    return KEPT if checkpoint.phase == "confirmed" else NOT_KEPT


def confirm_run(engine: Engine) -> int:
    """--confirm."""
    try:
        return end_of_run(engine.confirm(), Page())
    except (MendingRefused, OSError) as error:
        raise Refused(error) from None


def persist_run(engine: Engine, code: str | None, setup: NetworkSetup | None) -> int:
    """--persist without --apply."""
    page = Page()
    try:
        ended = make_last_run_lasting(engine, code, setup, page)
    except (MendingRefused, OSError) as error:
        raise Refused(error) from None
    return end_of_run(ended, page) or (NOT_KEPT if loses(ended) else KEPT)


def roll_back_run(engine: Engine, name: str | None) -> int:
    """--rollback, of the run of this name."""
    return _taken_back(
        engine,
        lambda last: (last.pending or last.phase == "confirmed") and last.is_called(name),
        lambda by: by.roll_back(name=name),
    )


def uninstall_run(engine: Engine, name: str | None) -> int:
    """--uninstall, of the run of this name."""
    return _taken_back(
        engine, lambda last: bool(last.installed) and last.is_called(name), lambda by: by.uninstall(name)
    )


def _taken_back(
    engine: Engine, is_it: Callable[[Checkpoint], bool], take_back: Callable[[Engine], Checkpoint]
) -> int:
    """By the context that the run was applied with."""
    try:
        run = next(filter(is_it, reversed(engine.store.history())), None)
        hands = engine.hands if run is None or run.context is None else hands_for(run)
        ended = take_back(Engine(engine.store, hands, engine.tell))
    except (MendingRefused, OSError) as error:
        raise Refused(error) from None
    show_checkpoint(ended, Page())
    return KEPT if ended.phase == "rolled-back" else NOT_KEPT


def _show_what_a_reboot_did(checkpoint: Checkpoint, page: Page) -> None:
    rebooted = after_a_reboot(checkpoint)
    if rebooted is None:
        return
    page.item(f"{rebooted}.")
    if checkpoint.pending:
        page.item(
            "`hairpin-doctor fix --rollback` takes back what is left of it: files, and what it told the cluster."
        )
    page.item(
        f"`hairpin-doctor fix {checkpoint.code} --apply` applies it again; with --persist it would have lasted."
    )


def show_history(directory: Path) -> int:
    """--history."""
    page, store = Page(), Store(directory)
    try:
        found = store.history()
    except (MendingRefused, OSError) as error:
        raise Refused(error) from None
    for checkpoint in found:
        show_checkpoint(checkpoint, page)
        _show_what_a_reboot_did(checkpoint, page)
    if not found:
        page.text(f"Nothing was ever applied here ({directory}).")
    return KEPT
