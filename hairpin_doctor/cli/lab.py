"""`hairpin-doctor lab`: networks with a known fault, in network namespaces of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hairpin_doctor.cli.completions import complete_cases

if TYPE_CHECKING:
    from hairpin_doctor.lab.checks import Observation
    from hairpin_doctor.lab.matrix import Seen
    from hairpin_doctor.lab.running import Setting
    from hairpin_doctor.machine.commands import Place


class LabError(click.ClickException):
    """One sentence for people; exit code 2, as for every error of usage or of a tool."""

    exit_code = 2


@contextmanager
def plainly() -> Iterator[None]:
    """Turn the errors that a user can do something about into one sentence; SIGTERM and SIGHUP tear down like Ctrl-C."""
    from hairpin_doctor.lab.readiness import NotReady
    from hairpin_doctor.lab.requirements import CannotBuild
    from hairpin_doctor.machine.commands import CommandFailed
    from hairpin_doctor.machine.signals import leaving_in_order

    try:
        with leaving_in_order():
            yield
    except (CannotBuild, CommandFailed, NotReady) as error:
        raise LabError(str(error)) from error


def _build_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that builds a case."""
    mode = click.Choice(["iptables", "nftables"])
    decorators = (
        click.option("--kube-proxy", type=mode, default="iptables", help="kube-proxy's mode on the host."),
        click.option("--call-iptables", type=click.Choice(["0", "1"]), help="bridge-nf-call-iptables there."),
        click.option(
            "--random", "seed", type=int, metavar="SEED", help="Draw every name and address by this seed."
        ),
    )
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def build_setting(name: str, kube_proxy: str, call_iptables: str | None, seed: int | None) -> Setting:
    """The case and how to build it. Raises LabError for what does not exist."""
    from hairpin_doctor.lab.cases import CATALOGUE, find
    from hairpin_doctor.lab.homelab import Variant
    from hairpin_doctor.lab.names import Names
    from hairpin_doctor.lab.running import Setting

    case = find(name)
    if case is None:
        raise LabError(f"there is no case {name!r}; `hairpin-doctor lab list` shows all {len(CATALOGUE)}")
    if call_iptables is not None and case.call_iptables not in (None, int(call_iptables)):
        raise LabError(f"case {name} shows its fault only with --call-iptables {case.call_iptables}")
    call = case.variant().call_iptables if call_iptables is None else int(call_iptables)
    variant = Variant("nftables" if kube_proxy == "nftables" else "iptables", 1 if call else 0)
    return Setting(case, Names.story() if seed is None else Names.random(seed), variant)


@click.group()
def lab() -> None:
    """Build networks with a known fault, and look around in them."""


@lab.command("list")
def list_cases() -> None:
    """Show every case: its name, the causes it reproduces, and one sentence."""
    from hairpin_doctor.lab.cases import CATALOGUE

    for case in CATALOGUE:
        codes = f"  [{', '.join(case.codes)}]" if case.codes else ""
        click.echo(f"{click.style(case.name, bold=True)}{codes}\n    {case.title}")


@lab.command()
@click.argument("case", required=False, shell_complete=complete_cases)
@_build_options
@click.option("--all", "every", is_flag=True, help="Every case, one after the other.")
@click.option("--matrix", is_flag=True, help="The verdict from each vantage point, expected against found.")
@click.option("--stand-in", is_flag=True, help="With --matrix: from the host alone, with a stand-in client.")
@click.option("--apart", is_flag=True, help="With --matrix: by two separate scans, merged afterwards.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", help="Form of the matrix."
)
@click.option(
    "--record",
    type=click.Path(exists=True, file_okay=False, writable=True),
    metavar="FOLDER",
    help="Keep what both scans saw as FOLDER/CASE.json.gz.",
)
def run(
    case: str | None,
    kube_proxy: str,
    call_iptables: str | None,
    seed: int | None,
    every: bool,
    matrix: bool,
    stand_in: bool,
    apart: bool,
    output: str,
    record: str | None,
) -> None:
    """Build CASE, prove symptom, verdicts and fix, and take it down again. Exit 1 if one is not as expected."""
    if every == (case is not None) or ((stand_in or apart) and not matrix) or (stand_in and apart):
        raise LabError("name one case, or give --all; --stand-in or --apart, not both, go with --matrix")
    with plainly():
        if matrix:
            from hairpin_doctor.cli.lab_matrix import show_matrix

            seen: Seen = "stand-in" if stand_in else "separately" if apart else "each side"
            cases = (build_setting(name, kube_proxy, call_iptables, seed).case for name in _cases(case))
            good = show_matrix(tuple(cases), seed, output, seen)
        else:
            proven = [_proven(name, kube_proxy, call_iptables, seed, record) for name in _cases(case)]
            good = all(proven)
    raise SystemExit(0 if good else 1)


def _cases(case: str | None) -> list[str]:
    from hairpin_doctor.lab.cases import CATALOGUE

    return [case] if case else [each.name for each in CATALOGUE]


def _proven(
    case: str, kube_proxy: str, call_iptables: str | None, seed: int | None, record: str | None
) -> bool:
    from pathlib import Path

    from hairpin_doctor.lab.prove import proof
    from hairpin_doctor.lab.running import run_case

    setting = build_setting(case, kube_proxy, call_iptables, seed)
    click.echo(click.style(case, bold=True))
    return run_case(setting, _tell, [proof(_tell_proof, Path(record) if record else None)])


def _tell_proof(good: bool, text: str) -> None:
    word = click.style("as expected", fg="green") if good else click.style("WRONG", fg="red")
    click.echo(f"{text}  {word}")


def _tell(observation: Observation) -> None:
    word = click.style("as expected", fg="green") if observation.holds else click.style("WRONG", fg="red")
    check = observation.check
    what = type(check.probe).__name__.lower()
    values = " ".join(str(value) for value in vars(check.probe).values() if not isinstance(value, bool))
    wanted = "" if observation.holds else f" (should be {' or '.join(check.right)})"
    click.echo(f"{check.role:<8} {what} {values}: {observation.seen}{wanted}  {word}")


@lab.command()
@click.argument("case", shell_complete=complete_cases)
@_build_options
def up(case: str, kube_proxy: str, call_iptables: str | None, seed: int | None) -> None:
    """Build CASE and leave it running until `lab down`."""
    setting = build_setting(case, kube_proxy, call_iptables, seed)
    with plainly(), setting.lab() as built:
        built.keep()
    click.echo(f"{case} is up (tag {built.tag}). Machines:")
    for role, name in built.state.hostnames.items():
        click.echo(f"    {name:<16} {role:<14} ip netns exec {built.state.namespaces[role]} ...")
    client = built.state.hostnames[setting.case.client]
    click.echo(f"Look around: hairpin-doctor lab shell {case} {client}", err=True)
    click.echo(f"Take it away: hairpin-doctor lab down {built.tag}", err=True)


@lab.command()
@click.argument("labs", nargs=-1, metavar="[TAG|CASE...]")
@click.option("--all", "every", is_flag=True, help="Those that others left running, too.")
def down(labs: tuple[str, ...], every: bool) -> None:
    """Take away the labs that you left running, and what a killed builder left behind; or those that are named.

    Yours is what your user made with this very installation. A lab that another process still uses stays in any case.
    """
    from hairpin_doctor.cli.lab_down import take_away
    from hairpin_doctor.lab.requirements import require_root

    if labs and every:
        raise LabError("name labs, or give --all")
    with plainly():
        require_root()
        take_away(labs, every=every)


@lab.command(context_settings={"ignore_unknown_options": True})
@click.argument("case", shell_complete=complete_cases)
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@_build_options
def shell(
    case: str,
    host: str,
    command: tuple[str, ...],
    kube_proxy: str,
    call_iptables: str | None,
    seed: int | None,
) -> None:
    """Open $SHELL, or run COMMAND, on HOST of CASE, which is built for the occasion unless it is up."""
    from hairpin_doctor.machine.commands import attend

    setting = build_setting(case, kube_proxy, call_iptables, seed)
    with plainly():
        place = _running_place(case, host)
        if place is not None:
            raise SystemExit(attend(place, command))
        with setting.lab() as built:
            _known(host, built.state.hostnames)
            code = attend(built.place(host), command)
    raise SystemExit(code)


def _running_place(case: str, host: str) -> Place | None:
    """The machine `host` of the lab of that case that `lab up` left running, if there is one."""
    from hairpin_doctor.lab.requirements import require_root
    from hairpin_doctor.lab.state import saved

    require_root()
    state = next((state for state in saved() if state.kept and state.case == case), None)
    if state is None:
        return None
    role = _known(host, state.hostnames)
    return state.place(role)


def _known(host: str, hostnames: Mapping[str, str]) -> str:
    """The role of `host`, given by role or by name. Raises LabError that lists what there is."""
    for role, name in hostnames.items():
        if host in (role, name):
            return role
    raise LabError(f"there is no machine {host!r}; there are {', '.join(hostnames.values())}")
