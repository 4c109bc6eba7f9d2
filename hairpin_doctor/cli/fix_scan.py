"""What `fix` plans from: a scan of this machine, reports of others, or both judged together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.scan import Request, Scanned


def request_of(targets: tuple[str, ...], files: tuple[str, ...]) -> Request:
    from hairpin_doctor.report.files import BadReport, load
    from hairpin_doctor.scan import Request
    from hairpin_doctor.targets import names_a_service
    from probes.target import BadTarget, parse_target

    services = tuple(each for each in targets if names_a_service(each))
    try:
        wanted = tuple(parse_target(each) for each in targets if each not in services)
        others = tuple(recording for path in files for recording in load(path).recordings)
    except (BadTarget, BadReport) as error:
        raise Refused(error) from None
    return Request(wanted, others, services=services)


def scanned_for_a_plan(request: Request, context: str | None, *, only_read: bool) -> Scanned:
    """`context`: the cluster that is read too; without one, whichever is configured here."""
    from hairpin_doctor.cli.asked_cluster import chosen_cluster, host_beside, probes_for
    from hairpin_doctor.cli.progress import progress
    from hairpin_doctor.scan import NoTarget, judge, scan
    from probes.target import BadTarget

    if only_read:
        return judge(request.others)
    api = chosen_cluster(context, None)
    asked = replace(request, probes=probes_for(api))
    try:
        with progress(len(asked.probes)) as tick:
            return scan(host_beside(api), asked, tick)
    except (BadTarget, NoTarget) as error:
        raise Refused(error) from None


def machine_here(scanned: Scanned) -> str | None:
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


def no_plan(scanned: Scanned, code: str | None, again: str | None) -> int:
    """Say why there is none. `again`: what of the command line named the reports, where nothing but these was looked at."""
    from hairpin_doctor.cli.output import exit_code
    from hairpin_doctor.report.printable import printable

    known = ", ".join(dict.fromkeys(each.code for each in scanned.report.diagnoses))
    click.echo(printable(scanned.report.answer))
    if code is not None and known:
        raise Refused(f"{code} was not found here (found: {known}); `hairpin-doctor scan -v` shows why")
    found = exit_code(scanned.report, strict=False)
    if not found:
        click.echo("There is nothing to mend.")
        return found
    click.echo("No cause is known yet, so there is no plan.")
    if again is not None:
        targets = dict.fromkeys(f" --target {each.vip}" for each in scanned.report.targets)
        click.echo(
            "Only the report was read. On the machine that serves it, to look there too:\n"
            f"sudo hairpin-doctor fix{''.join(targets)}{printable(again)}"
        )
    return found
