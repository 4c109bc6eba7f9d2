"""`hairpin-doctor walk`: the guided tour from symptom to cure, on this machine, in a file, or in a lab."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hairpin_doctor.cli.asked_cluster import chosen_cluster, cluster_options, host_beside, probes_for
from hairpin_doctor.cli.completions import complete_cases, complete_files
from hairpin_doctor.cli.fix import SECONDS, STATE
from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.mending.engine import Engine
    from hairpin_doctor.walkthrough.doings import Doings, Tell
    from hairpin_doctor.walkthrough.state import Screen
    from probes.target import Target

NOTHING_SEEN, HUNG_UP = 4, 129
WITHOUT_CURSOR = ("", "dumb", "unknown")


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option(
    "--with",
    "with_files",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_files,
    help="Judge together with this report.",
)
@click.option(
    "--replay",
    "replays",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_files,
    help="Walk through a saved report.",
)
@click.option(
    "--lab",
    "case",
    metavar="CASE",
    shell_complete=complete_cases,
    help="Build this case of the lab, walk through it, tear it down.",
)
@cluster_options
@click.option(
    "--confirm-within",
    type=SECONDS,
    default=120,
    metavar="SECONDS",
    help="Without a yes an applied fix is undone (120).",
)
@click.option("--state-dir", default=STATE, metavar="DIR", help=f"Where checkpoints lie ({STATE}).")
def walk(
    targets: tuple[str, ...],
    with_files: tuple[str, ...],
    replays: tuple[str, ...],
    case: str | None,
    context: str | None,
    kubeconfig: str | None,
    no_cluster: bool,
    confirm_within: int,
    state_dir: str,
) -> int:
    """Be guided from symptom to cure: the path, the cause, the fixes, applied when you say so.

    TARGET is VIP[:PORT[/tcp|udp]] or NAMESPACE/SERVICE. Every screen shows its keys; nothing is changed before you say
    yes to a plan.

    Exit code: that of `scan` for the last verdict, 130 interrupted.
    """
    from hairpin_doctor.cli.output import read
    from hairpin_doctor.targets import names_a_service

    if sum((bool(replays), case is not None, bool(targets or with_files))) > 1:
        raise Refused("--replay, --lab and targets exclude each other")
    recordings = read((*replays, *with_files), None)
    services = tuple(each for each in targets if names_a_service(each))
    wanted = _targets(each for each in targets if each not in services)
    lacking = _lacking()
    if lacking is not None:
        asked = _words(context, kubeconfig, no_cluster=no_cluster)
        return _without_terminal(lacking, (*targets, *asked), with_files, replays, case)
    if case is not None:
        return _in_a_lab(case)
    from hairpin_doctor.walkthrough.doings import Replay

    if replays:
        return _walk(Replay(recordings), "a saved report", "look")
    from hairpin_doctor.scan import Request
    from hairpin_doctor.walkthrough.live import Live

    root = os.geteuid() == 0
    engine = partial(_engine, Path(state_dir))
    api = chosen_cluster(context, kubeconfig, no_cluster=no_cluster)
    request = Request(wanted, recordings, probes=probes_for(api), services=services)
    doings = Live(partial(host_beside, api), engine, root, request, confirm_within)
    return _walk(doings, "this machine", "look" if root else "rights", can_ask=True)


def _words(context: str | None, kubeconfig: str | None, *, no_cluster: bool) -> tuple[str, ...]:
    """The options of a cluster as they were typed."""
    named = (("--context", context), ("--kubeconfig", kubeconfig))
    given = (part for option, value in named if value is not None for part in (option, value))
    return (*given, *(("--no-cluster",) if no_cluster else ()))


def _targets(texts: Iterable[str]) -> tuple[Target, ...]:
    from probes.target import BadTarget, parse_target

    try:
        return tuple(parse_target(each) for each in texts)
    except BadTarget as error:
        raise Refused(error) from None


def _lacking() -> str | None:
    """What keeps a walk from being shown, in words."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "walk needs a terminal, and there is none"
    if os.environ.get("TERM", "") in WITHOUT_CURSOR:
        return "walk needs a terminal whose cursor can be moved, and by TERM this one's cannot"
    return None


def _without_terminal(
    lacking: str,
    targets: tuple[str, ...],
    with_files: tuple[str, ...],
    replays: tuple[str, ...],
    case: str | None,
) -> int:
    """There is nobody to ask: the same by `scan` or `judge`, said once."""
    if case is not None:
        raise Refused(f"{lacking}; `hairpin-doctor lab run {case}` builds the case without one")
    name = "judge" if replays else "scan"
    click.echo(f"{lacking}: this is hairpin-doctor {name}", err=True)
    from hairpin_doctor.cli.main import cli

    arguments = [name, *(replays or targets), *(part for each in with_files for part in ("--with", each))]
    code: int = cli.main(args=arguments, prog_name="hairpin-doctor", standalone_mode=False)
    return code


def _engine(state: Path, tell: Tell) -> Engine:
    from hairpin_doctor.machine.changing.hands import ThisMachine
    from hairpin_doctor.mending.engine import Engine
    from hairpin_doctor.mending.store import Store

    return Engine(Store(state), ThisMachine(None), tell)


def _in_a_lab(name: str) -> int:
    from hairpin_doctor.cli.lab import build_setting, plainly
    from hairpin_doctor.report.page import Page
    from hairpin_doctor.walkthrough.in_a_lab import InALab
    from probes.linux.host import LinuxHost

    setting = build_setting(name, "iptables", None, None)
    with plainly():
        Page(sys.stderr).text(f"building {name}: {setting.case.title}")
        with setting.lab() as lab:
            code = _walk(InALab(lab, setting, LinuxHost()), f"lab case {name}", "look")
            click.echo("tearing the lab down", err=True)
    return code


def _walk(doings: Doings, title: str, first: Screen, *, can_ask: bool = False) -> int:
    from hairpin_doctor.cli.output import exit_code
    from hairpin_doctor.cli.walk_terminal import WalkTerminal
    from hairpin_doctor.machine.signals import leaving_in_order, undisturbed
    from hairpin_doctor.walkthrough.loop import run
    from hairpin_doctor.walkthrough.state import Walk

    with leaving_in_order():
        try:
            with WalkTerminal() as terminal:
                last, act = run(Walk(title, first, can_ask=can_ask), doings, terminal)
        except EOFError:  # the terminal is gone, and no signal told so
            sys.exit(HUNG_UP)
        finally:
            with undisturbed():
                doings.close(_say)
    if act == "become root":
        from hairpin_doctor.archive import program

        os.execvp("sudo", ["sudo", *program(), *sys.argv[1:]])
    return exit_code(last.report, strict=False) if last.report else NOTHING_SEEN


def _say(text: str) -> None:
    """To whoever still has the terminal; a change is taken back all the same."""
    from hairpin_doctor.report.printable import printable

    with suppress(OSError):
        click.echo(f"  {printable(text)}", err=True)
