"""The options of `scan --from`, and what they mean in a program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.machine.ssh import Destination
    from hairpin_doctor.recording import Recording
    from hairpin_doctor.scan import Request
    from probes.host import Host
    from probes.target import Target

C = TypeVar("C", bound=Callable[..., Any])
SCHEME = "ssh://"


def complete_destination(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """The beginning alone: which machines there are is ssh's to know."""
    return [CompletionItem(SCHEME)] if SCHEME.startswith(typed) else []


OPTIONS = (
    click.option(
        "--from",
        "from_machines",
        multiple=True,
        metavar="ssh://[USER@]HOST[:PORT]",
        shell_complete=complete_destination,
        help="Scan there too, by ssh, and judge both together; nothing is installed, and nothing stays there.",
    ),
    click.option("--sudo", is_flag=True, help="Look as root on the machines of --from, by sudo -n there."),
)


@dataclass(frozen=True)
class Afar:
    """The machines to scan from beside this one, and how: `options` are those of `scan` that hold there too."""

    destinations: tuple[Destination, ...]
    sudo: bool
    options: tuple[str, ...]


def from_afar_options(command: C) -> C:
    """Give a command the options, as parameters `from_machines` and `sudo`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen_machines(
    texts: tuple[str, ...], *, sudo: bool, only: tuple[str, ...], skip: tuple[str, ...], no_cluster: bool
) -> Afar:
    """Raises Refused for what cannot be meant."""
    if not texts:
        if sudo:
            raise Refused(
                "--sudo needs --from: it is for the machines there; here, call hairpin-doctor by sudo"
            )
        return Afar((), False, ())
    from hairpin_doctor.machine.ssh import parse_destination

    try:
        destinations = tuple(dict.fromkeys(parse_destination(text) for text in texts))
    except ValueError as error:
        raise Refused(error) from None
    named = (
        part
        for word, names in (("--only", only), ("--skip", skip))
        for name in names
        for part in (word, name)
    )
    return Afar(destinations, sudo, (*named, *(("--no-cluster",) if no_cluster else ())))


def with_those_afar(host: Host, afar: Afar, request: Request) -> Request:
    """The request with what the machines afar saw among the others. Raises Refused, and BadTarget as a scan does."""
    if not afar.destinations:
        return request
    from hairpin_doctor.remote_scan import Errand, RemoteFailed, scan_there

    errand = Errand(tuple(targets_of(host, request)), request.timeout_ms / 1000, afar.options, afar.sudo)
    found: list[Recording] = []
    for each in afar.destinations:
        if sys.stderr.isatty():
            click.echo(f"scanning on {each}", err=True)
        try:
            seen = scan_there(each, errand)
        except RemoteFailed as error:
            raise Refused(error) from None
        if seen.root is False:
            hint = "log in as root, or add --sudo, to see all"
            click.echo(f"{each} was scanned without root: {hint}", err=True)
        found.extend(seen.recordings)
    return replace(request, others=(*request.others, *found))


def targets_of(host: Host, request: Request) -> Iterator[Target]:
    """Those of this scan; none where this machine knows of none: then the others look for theirs."""
    from hairpin_doctor.targets import NoTarget, choose_targets, service_targets
    from probes.probe import Layer

    cluster = any(each.layer is Layer.CLUSTER for each in request.probes)
    services = [target for each in request.services if cluster for target in service_targets(host, each)]
    try:
        yield from choose_targets(host, (*request.targets, *services), request.others, cluster=cluster)
    except NoTarget:
        return
