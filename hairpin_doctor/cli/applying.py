"""Applying an option from the command line: what is said, and how a person confirms."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import click

from hairpin_doctor.cli.ending import KEPT, NOT_KEPT, end_of_run
from hairpin_doctor.cli.fix_page import place_of
from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.fixes.changes import Change
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.kubectl import Kubectl, is_clusters
from hairpin_doctor.mending.beforehand import is_done
from hairpin_doctor.mending.checkpoint import Checkpoint, Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.plan import Option, Plan
from hairpin_doctor.mending.reprobe import States, fails_elsewhere, must_work_from_here, states_here
from hairpin_doctor.mending.store import MendingRefused
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.report import Report
from hairpin_doctor.scan import Request, scan


@dataclass(frozen=True)
class Wanted:
    """The option to apply, on which machine, by which context, and how long to wait for a person."""

    plan: Plan
    option: Option
    machine: str
    context: str | None
    confirm_within: int
    lasting: tuple[Change, ...] = ()

    @property
    def work(self) -> Work:
        """The changes of the stages that are carried out from here, in order."""
        return Work(
            self.option.fix.title,
            self.plan.code,
            self.plan.vips,
            self.machine,
            self.option.changes,
            self.context,
            self.lasting,
        )


def refuse_while_open(engine: Engine) -> None:
    """Before a scan is made for nothing."""
    try:
        engine.refuse_while_open()
    except (MendingRefused, OSError) as error:
        raise Refused(error) from None


def apply_option(engine: Engine, wanted: Wanted, request: Request, report: Report, page: Page) -> int:
    """Apply, probe, wait for a person. The exit code."""
    work, before = wanted.work, states_here(report)
    if not work.changes:
        raise Refused(_why_nothing(wanted))
    must_mend = not wanted.option.elsewhere and must_work_from_here(report, work.vips)
    try:
        if is_done(engine.hands, (*work.changes, *work.lasting)):
            page.marked("good", "done", "All of it is so already: nothing was changed.")
            _tell_who_did_it(engine, work, page)
            _tell_what_is_left(wanted, page)
            return KEPT
        _rehearse(wanted)
        checkpoint = engine.apply(
            work, before, lambda: _states(request), must_mend=must_mend, confirm_within=wanted.confirm_within
        )
    except (MendingRefused, CannotChange) as error:
        raise Refused(error) from None
    if not checkpoint.pending:
        return end_of_run(checkpoint, page)
    failing = fails_elsewhere(report, work.vips)
    _tell_what_was_proven(wanted, checkpoint, page, failing, must_mend=must_mend)
    ended = _confirmed(engine, checkpoint.id, wanted.confirm_within)
    return end_of_run(ended, page) or (NOT_KEPT if wanted.lasting and not ended.installed else KEPT)


def _tell_who_did_it(engine: Engine, work: Work, page: Page) -> None:
    """A fix for other VIPs may be what these rest on too."""
    for run in engine.store.history():
        if run.phase == "confirmed" and set(run.changes) & set(work.changes):
            whose = f"Run {run.id} did it, for {', '.join(run.vips)}"
            page.marked(
                "note", "shared", f"{whose}: taking that back takes it from {', '.join(work.vips)} too."
            )


def _states(request: Request) -> States:
    from probes.linux.host import LinuxHost

    return states_here(scan(LinuxHost(), request).report)


def _rehearse(wanted: Wanted) -> None:
    """The server checks everything that the cluster is to be told, before anything is changed anywhere."""
    if wanted.context is not None:
        for change in wanted.work.changes:
            if is_clusters(change):
                Kubectl(wanted.context).do(change, dry_run=True)  # type: ignore[arg-type]


def _why_nothing(wanted: Wanted) -> str:
    places = [place_of(stage) for stage in wanted.option.elsewhere]
    better = [str(each.number) for each in wanted.plan.options if each.here]
    hint = f" Option {' or '.join(better)} has a part for this machine (--option)." if better else ""
    cluster = any(s.place == "cluster" and s.changes for s in wanted.option.elsewhere)
    context = " The cluster's part needs --context NAME." if cluster and wanted.context is None else ""
    return f"no part of option {wanted.option.number} belongs to this machine ({', '.join(places)}).{context}{hint}"


def _tell_what_was_proven(
    wanted: Wanted, checkpoint: Checkpoint, page: Page, failing: tuple[str, ...], *, must_mend: bool
) -> None:
    """`failing`: the other machines that said so before; none of them has been asked again."""
    for each in checkpoint.said:
        page.marked("good", "proven", f"{each}.")
    if not must_mend:
        seen = "From here it is only seen that every change holds and that nothing broke."
        if failing:
            whom = " and ".join(failing)
            seen += f" It failed from {whom}, which was not asked again: ask there before you keep it."
        elif wanted.option.elsewhere:
            seen += " Other stages are still to come."
        page.marked("note", "not proven", seen)
    _tell_what_is_left(wanted, page)


def _tell_what_is_left(wanted: Wanted, page: Page) -> None:
    for stage in wanted.option.elsewhere:
        page.marked("warn", "to do", f"{place_of(stage)}: see its stage above.")
    page.text(f"To see it end to end: {wanted.option.fix.check}")


def _confirmed(engine: Engine, id_: str, seconds: int) -> Checkpoint:
    """Wait for a yes here, or for --confirm in another shell."""
    from hairpin_doctor.machine.terminal import forget_typed

    asked = sys.stdin.isatty()
    if asked:
        forget_typed()
        click.echo(f"Keep it? Type yes within {seconds} seconds, or all is taken back: ", err=True, nl=False)
    else:
        click.echo(f"To keep it: sudo hairpin-doctor fix --confirm, within {seconds} seconds", err=True)
    try:
        return _asked(engine, id_) if asked else engine.await_end(id_)
    except KeyboardInterrupt:
        click.echo("", err=True)
        return engine.roll_back(id_)


def _asked(engine: Engine, id_: str) -> Checkpoint:
    from hairpin_doctor.machine.terminal import typed_within

    while True:
        typed = typed_within(0.3)
        checkpoint = engine.store.read(id_)
        if not checkpoint.pending:
            click.echo("", err=True)
            return checkpoint
        if typed is not None:
            return _answered(engine, id_, yes=typed.lower() in ("y", "yes"))
        if time.monotonic() > checkpoint.deadline + 2:
            return engine.await_end(id_)


def _answered(engine: Engine, id_: str, *, yes: bool) -> Checkpoint:
    """Somebody may have confirmed in another shell, or the watchdog have come first."""
    try:
        return engine.confirm() if yes else engine.roll_back(id_)
    except MendingRefused:
        return engine.await_end(id_)
