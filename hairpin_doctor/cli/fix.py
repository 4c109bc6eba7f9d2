"""`hairpin-doctor fix`: show the plan; with --apply carry it out, to stay only if it is proven and confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from hairpin_doctor.cli.completions import complete_causes, complete_files
from hairpin_doctor.cli.fix_engine import engine_for, require_root
from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.fixes.changes import Change
    from hairpin_doctor.mending.engine import Engine
    from hairpin_doctor.mending.plan import Option, Plan
    from probes.questions.configuration import NetworkSetup

KEPT = 0
STATE = "/var/lib/hairpin-doctor"
SECONDS = click.IntRange(5, 3600)


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    code: str | None
    targets: tuple[str, ...]
    files: tuple[str, ...]
    number: int | None
    apply: bool
    persist: bool
    context: str | None
    confirm_within: int
    state_dir: str
    output_dir: str | None

    @property
    def upper_code(self) -> str | None:
        """CODE as the catalogue writes it."""
        return self.code.upper() if self.code else None

    @property
    def again(self) -> str:
        """The words of this command line that say what to plan from, each with a blank before it."""
        targets = (f" --target {quote(each)}" for each in self.targets)
        return "".join((*targets, *(f" --from {quote(each)}" for each in self.files)))

    @property
    def engine(self) -> Engine:
        """Over this machine, with kubectl where a context was named."""
        return engine_for(Path(self.state_dir), self.context)


@click.command()
@click.argument("code", required=False, shell_complete=complete_causes)
@click.option("--target", "targets", multiple=True, metavar="TARGET", help="Scan this, as `scan` does.")
@click.option(
    "--from",
    "files",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_files,
    help="Plan from this report; with --target or --apply scan here too.",
)
@click.option("--option", "number", type=int, metavar="N", help="This option of the plan (1, the best here).")
@click.option("--apply", is_flag=True, help="Carry it out; without this nothing is changed.")
@click.option(
    "--persist", is_flag=True, help="Make it outlive a reboot once confirmed; alone: the last one kept."
)
@click.option("--output-dir", metavar="DIR", help="Write it as files, cluster objects too; install none.")
@click.option("--context", metavar="NAME", help="Change the cluster too, by kubectl in this context.")
@click.option("--confirm-within", type=SECONDS, default=60, metavar="SECONDS", help="Else it is undone (60).")
@click.option("--confirm", is_flag=True, help="Keep what awaits confirmation.")
@click.option(
    "--rollback", is_flag=True, help="Take back the run that is open, else the last one kept [of NAME]."
)
@click.option("--uninstall", is_flag=True, help="Take back what outlives a reboot [of NAME], running or not.")
@click.option("--history", is_flag=True, help="Show what was ever applied here.")
@click.option("--state-dir", default=STATE, metavar="DIR", help=f"Where checkpoints lie ({STATE}).")
def fix(confirm: bool, rollback: bool, uninstall: bool, history: bool, **asked: Any) -> int:
    """Show how to mend what a scan finds, or carry it out (--apply).

    CODE is a cause, such as HD104; for --rollback and --uninstall the NAME of a fix: its cause, VIP, or run of --history.
    Without --apply nothing is changed. With it, this machine's part is carried out under a
    watchdog: if a probe that worked fails, if what failed still fails, or if nobody confirms in time, all is taken back.
    It holds until the next reboot; --persist installs files that make it last, --output-dir writes them into a folder.

    Exit code: 0 shown or kept, 1 taken back, 2 error, 3 or 4 where the scan found no cause.
    """
    from hairpin_doctor.cli import applying, ending

    wanted = Asked(**asked)
    if sum((wanted.apply, confirm, rollback, uninstall, history, wanted.output_dir is not None)) > 1:
        raise Refused(
            "--apply, --output-dir, --confirm, --rollback, --uninstall and --history exclude each other"
        )
    if history:
        return ending.show_history(Path(wanted.state_dir))
    if confirm:
        return ending.confirm_run(wanted.engine)
    if rollback:
        return ending.roll_back_run(wanted.engine, wanted.code)
    if uninstall:
        return ending.uninstall_run(wanted.engine, wanted.code)
    if wanted.apply or wanted.persist:
        require_root()
    if wanted.persist and not wanted.apply:
        return _persist(wanted)
    if wanted.apply:
        applying.refuse_while_open(wanted.engine)
    return _plan_and_apply(wanted)


def _persist(asked: Asked) -> int:
    from hairpin_doctor.cli.ending import persist_run

    if asked.targets or asked.files or asked.number is not None or asked.output_dir is not None:
        raise Refused(
            "--persist goes with --apply, or alone for the last run that was kept. Nothing was changed"
        )
    return persist_run(asked.engine, asked.upper_code, _setup_here())


def _plan_and_apply(asked: Asked) -> int:
    from hairpin_doctor.cli.applying import Wanted, apply_option
    from hairpin_doctor.cli.fix_page import show_how_to_apply, show_other_plans, show_plan
    from hairpin_doctor.cli.fix_scan import machine_here, no_plan, request_of, scanned_for_a_plan
    from hairpin_doctor.cli.output_directory import write_out
    from hairpin_doctor.cli.persisting import lasting_changes
    from hairpin_doctor.fixes.persistence.persistence import name_of
    from hairpin_doctor.mending.plan import plans
    from hairpin_doctor.mending.together import together
    from hairpin_doctor.report.page import Page

    request = request_of(asked.targets, asked.files)
    only_read = bool(asked.files) and not asked.targets and not asked.apply
    scanned = scanned_for_a_plan(request, asked.context, only_read=only_read)
    me = machine_here(scanned)
    code = asked.upper_code
    found = together(plans(scanned.judgement, me, code=code, context=asked.context))
    page = Page()
    if not found:
        return no_plan(scanned, code, asked.again if only_read else None)
    if asked.output_dir is not None:
        option = _option(found[0], asked.number)
        return write_out(Path(asked.output_dir), found, option, lambda name: _setup(name, me), page)
    if not asked.apply:
        for plan in found:
            show_plan(plan, page, asked.number)
        show_how_to_apply(found[0], asked.again, page)
        return KEPT
    plan, option = found[0], _option(found[0], asked.number)
    show_plan(plan, page, option.number)
    lasting: tuple[Change, ...] = ()
    if asked.persist and option.changes:
        name = name_of(plan.code, plan.vips)
        lasting = lasting_changes(name, option.changes, _setup(me or "", me), asked.engine, page)
    wanted = Wanted(plan, option, me or "this machine", asked.context, asked.confirm_within, lasting)
    ended = apply_option(asked.engine, wanted, request, scanned.report, page)
    show_other_plans(found[1:], asked.again, page)
    return ended


def _setup(machine: str, me: str | None) -> NetworkSetup | None:
    """What configures the network of `machine`, if that is this very one and not only a namespace of it."""
    return _setup_here() if machine == me else None


def _setup_here() -> NetworkSetup | None:
    from hairpin_doctor.machine.processes import init_sees_the_same
    from probes.host import Unanswered
    from probes.linux.host import LinuxHost
    from probes.questions.configuration import NetworkConfiguration

    if not init_sees_the_same():
        return None
    try:
        return LinuxHost().ask(NetworkConfiguration())
    except Unanswered:
        return None


def _option(plan: Plan, number: int | None) -> Option:
    """The option asked for; without a number the best one for this network."""
    if number is not None:
        chosen = next((each for each in plan.options if each.number == number), None)
        if chosen is None:
            raise Refused(f"{plan.code} has options 1 to {len(plan.options)}, not {number}")
        return chosen
    return plan.options[0]
