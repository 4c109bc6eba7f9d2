"""`hairpin-doctor scan`: look at this machine, join what others saw, tell, and leave with the verdict's exit code."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.recording import Recording
    from hairpin_doctor.report.report import Report
    from hairpin_doctor.scan import Request, Scanned
    from probes.probe import Probe

EXIT_CODES = {"healthy": 0, "diagnosed": 1, "unexplained": 3, "undetermined": 4}
NO_TARGET = EXIT_CODES["undetermined"]
SHORTEST, LONGEST = 0.05, 60


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", help="Form of the report."
)
@click.option("--save", metavar="FILE", help="Keep the report, for --with on another machine.")
@click.option("--with", "with_files", multiple=True, metavar="FILE", help="Judge together with this report.")
@click.option("--timeout", type=float, default=2.0, metavar="SECONDS", help="Wait this long per attempt (2).")
@click.option("--only", multiple=True, metavar="PROBE", help="Run only this probe; it must be able to run.")
@click.option("--skip", multiple=True, metavar="PROBE", help="Leave this probe out.")
@click.option("--strict", is_flag=True, help="Exit 1 for latent findings too.")
@click.option("-v", "--verbose", is_flag=True, help="Show probes, every fix, and what was ruled out.")
def scan(
    targets: tuple[str, ...],
    output: str,
    save: str | None,
    with_files: tuple[str, ...],
    timeout: float,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    strict: bool,
    verbose: bool,
) -> int:
    """Find out why a LoadBalancer IP cannot be reached from here, and how to mend it.

    TARGET is VIP[:PORT[/tcp|udp]]. Without one: the targets of the reports given by --with, else every LoadBalancer
    address in the service rules of this machine.

    Exit code: 0 healthy, 1 diagnosed, 2 error, 3 unexplained, 4 undetermined or no target, 130 interrupted.
    """
    from hairpin_doctor.cli.progress import progress
    from hairpin_doctor.scan import NoTarget
    from hairpin_doctor.scan import scan as run
    from probes.linux.host import LinuxHost
    from probes.target import BadTarget

    request = _request(targets, with_files, timeout, _chosen(only, skip), save)
    try:
        with progress(len(request.probes)) as tick:
            scanned = run(LinuxHost(), request, tick, _load_page if output == "table" else lambda: None)
    except BadTarget as error:
        raise Refused(error) from None
    except NoTarget as error:
        Refused(error).show()
        return NO_TARGET
    return _tell(scanned, output, save, only, strict=strict, verbose=verbose)


def _request(
    targets: Iterable[str],
    with_files: Iterable[str],
    timeout: float,
    probes: tuple[Probe[Any], ...],
    save: str | None,
) -> Request:
    """Everything that can be wrong with the arguments is found before a packet is sent."""
    from hairpin_doctor.scan import Request
    from hairpin_doctor.targets import refuse_ipv6
    from probes.target import BadTarget, parse_target

    if not SHORTEST <= timeout <= LONGEST:  # false for NaN as well
        raise Refused(f"--timeout must be between {SHORTEST} and {LONGEST} seconds")
    try:
        wanted = tuple(refuse_ipv6(parse_target(each)) for each in targets)
    except BadTarget as error:
        raise Refused(error) from None
    others = _read(with_files, save)
    return Request(wanted, others, round(timeout * 1000), probes, save)


def _read(with_files: Iterable[str], save: str | None) -> tuple[Recording, ...]:
    """The recordings of others, and whether the report can be saved; the reader of files loads only if there is any."""
    paths = tuple(with_files)
    if not paths and save is None:
        return ()
    from hairpin_doctor.report.files import BadReport, check_destination, load

    try:
        if save is not None:
            check_destination(save)
        return tuple(recording for path in paths for recording in load(path).recordings)
    except BadReport as error:
        raise Refused(error) from None


def _chosen(only: tuple[str, ...], skip: tuple[str, ...]) -> tuple[Probe[Any], ...]:
    from hairpin_doctor.cli.nearest import did_you_mean
    from probes.catalogue import CATALOGUE

    known = [each.id for each in CATALOGUE]
    for name in (*only, *skip):
        if name not in known:
            near = did_you_mean(name, known)
            raise Refused(f"there is no probe {name!r}{near} (`hairpin-doctor probes` lists them all)")
    chosen = tuple(each for each in CATALOGUE if (not only or each.id in only) and each.id not in skip)
    if not chosen:
        raise Refused("--only and --skip leave no probe to run")
    return chosen


def _load_page() -> None:
    """Import the terminal report, rich and all, while the scan waits."""
    for module in (
        "hairpin_doctor.report.terminal",
        "hairpin_doctor.report.page",
        "rich.console",
        "rich.text",
    ):
        importlib.import_module(module)


def _tell(
    scanned: Scanned, output: str, save: str | None, only: tuple[str, ...], *, strict: bool, verbose: bool
) -> int:
    report = scanned.report
    if save is not None or output == "json":
        from hairpin_doctor.report.compose import with_recordings

        report = with_recordings(report, scanned.recordings)
    _print(report, output, verbose=verbose)
    if save is not None:
        _save(report, save)
    failed = _failed(report, only)
    for each in failed:
        Refused(each).show()
    return 2 if failed else exit_code(report, strict=strict)


def _save(report: Report, path: str) -> None:
    from hairpin_doctor.report.files import BadReport, save
    from hairpin_doctor.report.printable import printable

    try:
        save(report, path)
    except BadReport as error:
        raise Refused(error) from None
    click.echo(f"saved to {printable(path)}", err=True)


def _print(report: Report, output: str, *, verbose: bool) -> None:
    if output == "json":
        from hairpin_doctor.report.files import to_json

        click.echo(to_json(report), nl=False)
        return
    from hairpin_doctor.report.page import Page
    from hairpin_doctor.report.terminal import show

    show(report, Page(), verbose=verbose)


def _failed(report: Report, only: tuple[str, ...]) -> list[str]:
    """A probe asked for by name that could not run is an error."""
    live = {point.name for point in report.vantage_points if point.live}
    return [
        f"probe {run.id}, asked for by --only, could not run: {run.reason}"
        for run in report.probes
        if run.id in only and run.vantage_point in live and run.status != "ok"
    ]


def exit_code(report: Report, *, strict: bool) -> int:
    """The verdict as an exit code; `strict` makes latent findings count."""
    if strict and report.verdict == "healthy" and report.of_severity("latent"):
        return EXIT_CODES["diagnosed"]
    return EXIT_CODES[report.verdict]
