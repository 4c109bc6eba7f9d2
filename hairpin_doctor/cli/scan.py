"""`hairpin-doctor scan`: look at this machine, join what others saw, tell, and leave with the verdict's exit code."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from hairpin_doctor.cli.asked_cluster import chosen_cluster, cluster_options, host_beside, probes_for
from hairpin_doctor.cli.completions import complete_files, complete_probes
from hairpin_doctor.cli.from_afar import Afar, chosen_machines, from_afar_options, with_those_afar
from hairpin_doctor.cli.output import EXIT_CODES, Output, judged, output_options, read, tell
from hairpin_doctor.cli.redaction_key import chosen_key
from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.cli.standing_in import chosen_place, stand_in_options, with_stand_in
from hairpin_doctor.cli.time_limit import time_limit

if TYPE_CHECKING:
    from hairpin_doctor.report.report import Report
    from hairpin_doctor.scan import Request, Scanned
    from hairpin_doctor.stand_in import Place
    from probes.cluster.api import Api
    from probes.probe import Probe

NO_TARGET = EXIT_CODES["undetermined"]
SHORTEST, LONGEST = 0.05, 60


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@output_options
@click.option(
    "--with",
    "with_files",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_files,
    help="Judge together with this report.",
)
@from_afar_options
@stand_in_options
@click.option("--timeout", type=float, default=2.0, metavar="SECONDS", help="Wait this long per attempt (2).")
@click.option(
    "--only",
    multiple=True,
    metavar="PROBE",
    shell_complete=complete_probes,
    help="Run only this probe; it must be able to run.",
)
@click.option(
    "--skip", multiple=True, metavar="PROBE", shell_complete=complete_probes, help="Leave this probe out."
)
@cluster_options
def scan(
    targets: tuple[str, ...],
    output: str,
    save: str | None,
    with_files: tuple[str, ...],
    from_machines: tuple[str, ...],
    sudo: bool,
    stand_in: str | None,
    stand_in_addresses: tuple[str, ...],
    stand_in_like: str | None,
    timeout: float,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    redact: bool,
    redact_key: str | None,
    context: str | None,
    kubeconfig: str | None,
    no_cluster: bool,
    strict: bool,
    verbose: bool,
) -> int:
    """Find out why a LoadBalancer IP cannot be reached from here, and how to mend it.

    TARGET is VIP[:PORT[/tcp|udp]] or NAMESPACE/SERVICE. Without one: the targets of the reports given by --with, else
    every LoadBalancer Service of the cluster, else every LoadBalancer address in the service rules of this machine.

    The cluster is the one that kubectl would ask here; it is only read.

    Exit code: 0 healthy, 1 diagnosed, 2 error, 3 unexplained, 4 undetermined or no target, 130 interrupted.
    """
    place = chosen_place(stand_in, stand_in_addresses, stand_in_like)
    afar = chosen_machines(from_machines, sudo=sudo, only=only, skip=skip, no_cluster=no_cluster)
    api = chosen_cluster(context, kubeconfig, no_cluster=no_cluster)
    request = _request(targets, with_files, timeout, _chosen(only, skip, api), save)
    key = chosen_key(redact, redact_key)
    scanned = _scanned(request, afar, place, api, output)
    if scanned is None:
        return NO_TARGET
    if key is not None:
        scanned = judged(scanned.recordings, key, save)
    code = tell(scanned, Output(output, save, strict, verbose))
    failed = _failed(scanned.report, only)
    for each in failed:
        Refused(each).show()
    return 2 if failed else code


def _scanned(
    request: Request, afar: Afar, place: Place | None, api: Api | None, output: str
) -> Scanned | None:
    """Look, from afar and by a stand-in too where asked; None, after a sentence, where there is no target."""
    from hairpin_doctor.cli.progress import progress
    from hairpin_doctor.scan import NoTarget
    from hairpin_doctor.scan import scan as run
    from probes.target import BadTarget

    try:
        wanted = with_those_afar(host_beside(api), afar, request)
        with with_stand_in(host_beside(api), place, wanted) as joined, progress(len(request.probes)) as tick:
            page = _load_page if output == "table" else lambda: None
            return run(host_beside(api), joined, tick, page, _bounded if joined.others else nullcontext)
    except BadTarget as error:
        raise Refused(error) from None
    except NoTarget as error:
        Refused(error).show()
        return None


def _bounded() -> AbstractContextManager[None]:
    return time_limit("judging this")


def _request(
    targets: Iterable[str],
    with_files: Iterable[str],
    timeout: float,
    probes: tuple[Probe[Any], ...],
    save: str | None,
) -> Request:
    """Everything that can be wrong with the arguments is found before a packet is sent."""
    from hairpin_doctor.scan import Request
    from hairpin_doctor.targets import names_a_service
    from probes.target import BadTarget, parse_target

    if not SHORTEST <= timeout <= LONGEST:  # false for NaN as well
        raise Refused(f"--timeout must be between {SHORTEST} and {LONGEST} seconds")
    given = tuple(targets)
    services = tuple(each for each in given if names_a_service(each))
    try:
        wanted = tuple(parse_target(each) for each in given if not names_a_service(each))
    except BadTarget as error:
        raise Refused(error) from None
    others = read(with_files, save)
    if any(each.redacted_by for each in others):
        raise Refused(
            "a redacted report names other addresses than the real ones, so nothing can be looked for here; save a scan "
            "of this machine by the same --redact-key, and give both files to hairpin-doctor judge"
        )
    return Request(wanted, others, round(timeout * 1000), probes, save, services)


def _chosen(only: tuple[str, ...], skip: tuple[str, ...], api: Api | None) -> tuple[Probe[Any], ...]:
    from hairpin_doctor.cli.nearest import did_you_mean
    from probes.catalogue import CATALOGUE

    known = [each.id for each in CATALOGUE]
    for name in (*only, *skip):
        if name not in known:
            near = did_you_mean(name, known)
            raise Refused(f"there is no probe {name!r}{near} (`hairpin-doctor probes` lists them all)")
    able = probes_for(api)
    unable = [name for name in only if name not in [each.id for each in able]]
    if unable:
        raise Refused(f"probe {unable[0]}, asked for by --only, needs a cluster, and none is configured here")
    chosen = tuple(each for each in able if (not only or each.id in only) and each.id not in skip)
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


def _failed(report: Report, only: tuple[str, ...]) -> list[str]:
    """A probe asked for by name that could not run is an error."""
    live = {point.name for point in report.vantage_points if point.live}
    return [
        f"probe {run.id}, asked for by --only, could not run: {run.reason}"
        for run in report.probes
        if run.id in only and run.vantage_point in live and run.status != "ok"
    ]
