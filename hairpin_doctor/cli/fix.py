"""`hairpin-doctor fix`: show the plan; with --apply carry it out, to stay only if it is proven and confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hairpin_doctor.cli.completions import complete_causes, complete_files
from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hairpin_doctor.mending.engine import Engine
    from hairpin_doctor.mending.plan import Option, Plan
    from hairpin_doctor.report.page import Page
    from hairpin_doctor.scan import Request, Scanned
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
    context: str | None
    confirm_within: int
    state_dir: str
    output_dir: str | None


@click.command()
@click.argument("code", required=False, shell_complete=complete_causes)
@click.option("--target", "targets", multiple=True, metavar="VIP[:PORT]", help="Scan this, as `scan` does.")
@click.option(
    "--from",
    "files",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_files,
    help="Plan from this report; --apply scans too.",
)
@click.option("--option", "number", type=int, metavar="N", help="This option of the plan (1, the best here).")
@click.option("--apply", is_flag=True, help="Carry it out; without this nothing is changed.")
@click.option(
    "--output-dir", metavar="DIR", help="Write the fix as files, cluster objects too; install none."
)
@click.option("--context", metavar="NAME", help="Change the cluster too, by kubectl in this context.")
@click.option("--confirm-within", type=SECONDS, default=60, metavar="SECONDS", help="Else it is undone (60).")
@click.option("--confirm", is_flag=True, help="Keep what awaits confirmation.")
@click.option("--rollback", is_flag=True, help="Take back the run that is open, else the last one kept.")
@click.option("--history", is_flag=True, help="Show what was ever applied here.")
@click.option("--state-dir", default=STATE, metavar="DIR", help=f"Where checkpoints lie ({STATE}).")
def fix(confirm: bool, rollback: bool, history: bool, **asked: Any) -> int:
    """Show how to mend what a scan finds, or carry it out (--apply).

    CODE is a cause, such as HD104. Without --apply nothing is changed. With it, this machine's part is carried out under a
    watchdog: if a probe that worked fails, if what failed still fails, or if nobody confirms in time, all is taken back.

    Exit code: 0 shown or kept, 1 taken back, 2 error, 3 or 4 where the scan found no cause.
    """
    from hairpin_doctor.cli.applying import confirm_run, refuse_while_open, roll_back_run, show_history

    wanted = Asked(**asked)
    if sum((wanted.apply, confirm, rollback, history, wanted.output_dir is not None)) > 1:
        raise Refused("--apply, --output-dir, --confirm, --rollback and --history exclude each other")
    if history:
        return show_history(Path(wanted.state_dir))
    if confirm:
        return confirm_run(_engine(wanted))
    if rollback:
        return roll_back_run(_engine(wanted))
    if wanted.apply:
        _require_root()
        refuse_while_open(_engine(wanted))
    return _plan_and_apply(wanted)


def _plan_and_apply(asked: Asked) -> int:
    from hairpin_doctor.cli.applying import Wanted, apply_option
    from hairpin_doctor.cli.fix_page import show_how_to_apply, show_plan
    from hairpin_doctor.mending.plan import plans
    from hairpin_doctor.report.page import Page

    request = _request(asked.targets, asked.files)
    scanned = _scanned(request, only_read=bool(asked.files) and not asked.apply)
    me = _this_machine(scanned)
    code = asked.code.upper() if asked.code else None
    found = plans(scanned.judgement, me, code=code, context=asked.context)
    page = Page()
    if not found:
        return _nothing_to_mend(scanned, code)
    if asked.output_dir is not None:
        return _write_out(Path(asked.output_dir), found, asked.number, me, page)
    if not asked.apply:
        for plan in found:
            show_plan(plan, page, asked.number)
        show_how_to_apply(found[0], page)
        return KEPT
    plan, option = found[0], _option(found[0], asked.number)
    show_plan(plan, page, option.number)
    wanted = Wanted(plan, option, me or "this machine", asked.context, asked.confirm_within)
    return apply_option(_engine(asked), wanted, request, scanned.report, page)


def _write_out(directory: Path, found: Sequence[Plan], number: int | None, me: str | None, page: Page) -> int:
    from hairpin_doctor.cli.output_directory import write_out

    code = write_out(directory, found[0], _option(found[0], number), lambda name: _setup(name, me), page)
    others = ", ".join(dict.fromkeys(each.code for each in found[1:]) - {found[0].code: None}.keys())
    if others:
        page.text(f"Other causes have plans of their own, each for a folder of its own: {others}.")
    return code


def _setup(machine: str, me: str | None) -> NetworkSetup | None:
    """What configures the network of `machine`, if that is this very one and not only a namespace of it."""
    from hairpin_doctor.machine.processes import init_sees_the_same
    from probes.host import Unanswered
    from probes.linux.host import LinuxHost
    from probes.questions.configuration import NetworkConfiguration

    if machine != me or not init_sees_the_same():
        return None
    try:
        return LinuxHost().ask(NetworkConfiguration())
    except Unanswered:
        return None


def _request(targets: tuple[str, ...], files: tuple[str, ...]) -> Request:
    from hairpin_doctor.report.files import BadReport, load
    from hairpin_doctor.scan import Request
    from hairpin_doctor.targets import refuse_ipv6
    from probes.target import BadTarget, parse_target

    try:
        wanted = tuple(refuse_ipv6(parse_target(each)) for each in targets)
        others = tuple(recording for path in files for recording in load(path).recordings)
    except (BadTarget, BadReport) as error:
        raise Refused(error) from None
    return Request(wanted, others)


def _scanned(request: Request, *, only_read: bool) -> Scanned:
    from hairpin_doctor.cli.progress import progress
    from hairpin_doctor.scan import NoTarget, judge, scan
    from probes.linux.host import LinuxHost
    from probes.target import BadTarget

    if only_read:
        return judge(request.others)
    try:
        with progress(len(request.probes)) as tick:
            return scan(LinuxHost(), request, tick)
    except (BadTarget, NoTarget) as error:
        raise Refused(error) from None


def _this_machine(scanned: Scanned) -> str | None:
    """The name under which this very machine and network namespace was looked at, if it was."""
    from hairpin_doctor.vantage_points import identity_of
    from probes.host import Unanswered
    from probes.linux.host import LinuxHost
    from probes.questions.machine import MachineIdentity

    try:
        me = LinuxHost().ask(MachineIdentity())
    except Unanswered:
        return next((point.name for point in scanned.report.vantage_points if point.live), None)
    here = (me.boot_id, me.network_namespace)
    found = (
        each.name
        for each, r in zip(scanned.report.vantage_points, scanned.recordings, strict=True)
        if identity_of(r) == here
    )
    return next(found, None)


def _nothing_to_mend(scanned: Scanned, code: str | None) -> int:
    from hairpin_doctor.cli.output import exit_code
    from hairpin_doctor.report.printable import printable

    known = ", ".join(dict.fromkeys(each.code for each in scanned.report.diagnoses))
    click.echo(printable(scanned.report.answer))
    if code is not None and known:
        raise Refused(f"{code} was not found here (found: {known}); `hairpin-doctor scan -v` shows why")
    click.echo("There is nothing to mend.")
    return exit_code(scanned.report, strict=False)


def _option(plan: Plan, number: int | None) -> Option:
    """The option asked for; without a number the best one for this network."""
    if number is not None:
        chosen = next((each for each in plan.options if each.number == number), None)
        if chosen is None:
            raise Refused(f"{plan.code} has options 1 to {len(plan.options)}, not {number}")
        return chosen
    return plan.options[0]


def _engine(asked: Asked) -> Engine:
    from hairpin_doctor.machine.changing.hands import ThisMachine
    from hairpin_doctor.machine.changing.kubectl import Kubectl
    from hairpin_doctor.mending.engine import Engine
    from hairpin_doctor.mending.store import Store
    from hairpin_doctor.report.printable import printable

    def tell(text: str) -> None:
        click.echo(f"  {printable(text)}", err=True)

    kubectl = Kubectl(asked.context) if asked.context else None
    return Engine(Store(Path(asked.state_dir)), ThisMachine(kubectl), tell)


def _require_root() -> None:
    import os

    if os.geteuid() != 0:
        raise Refused(
            "only root can change a machine: sudo hairpin-doctor fix ... --apply. Nothing was changed"
        )
