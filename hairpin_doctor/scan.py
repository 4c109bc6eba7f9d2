"""The whole of a scan, above the seam: find the targets, look at this machine, join what others saw, judge, report.

No terminal and no command line in here: `scan(host, Request(...))` is what a program calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hairpin_doctor.belonging import (
    NotTogether,
    groups,
    lacking,
    refuse_mixed_names,
    refuse_strangers,
    remarks,
    unaware,
)
from hairpin_doctor.examine import Examination, examine, of_the_machine, replay
from hairpin_doctor.recording import Recording, RememberingHost
from hairpin_doctor.targets import NoTarget, choose_targets, service_targets
from hairpin_doctor.vantage_point import VantagePoint
from hairpin_doctor.vantage_points import identity_of, newest_of_each, not_shown_by, unique_name
from hairpin_doctor.version import __version__
from probes.catalogue import CATALOGUE as PROBES
from probes.host import Host, Unanswered
from probes.probe import Layer, Probe, Scope
from probes.questions.machine import Identity, MachineIdentity
from probes.target import Address, BadTarget, Target

if TYPE_CHECKING:
    from hairpin_doctor.diagnose import Judgement
    from hairpin_doctor.report.compose import Looked
    from hairpin_doctor.report.report import Report

__all__ = ["NoTarget", "NotTogether", "Request", "Scanned", "judge", "scan"]


@dataclass(frozen=True)
class Request:
    """What to scan. `others`: recordings of other vantage points; `saved`: the file name that the report will get.

    `probes`: those of a cluster only where the host has one. `services`: NAMESPACE/NAME of Services to look up there.
    """

    targets: tuple[Target, ...] = ()
    others: tuple[Recording, ...] = ()
    timeout_ms: int = 2000
    probes: tuple[Probe[Any], ...] = of_the_machine(PROBES)
    saved: str | None = None
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scanned:
    """The report (without recordings), the recordings that it rests on, this machine's first, and the judgement itself."""

    report: Report
    recordings: tuple[Recording, ...]
    judgement: Judgement


def scan(
    host: Host,
    request: Request,
    progress: Callable[[str], None] = lambda _: None,
    meanwhile: Callable[[], None] = lambda: None,
    bounded: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Scanned:
    """Look at this machine and judge it together with the others.

    Raises NoTarget, or BadTarget for a Service that the cluster has not or that has no address.

    `meanwhile` is called once while ARP replies are waited for, the time for whatever the caller has to prepare. `bounded`
    goes round all work on what others recorded, which may be made to take for ever.
    """
    remembering = RememberingHost(host)
    me = _identity(remembering)
    cluster = any(each.layer is Layer.CLUSTER for each in request.probes)
    named = (*request.targets, *_named_services(remembering, request.services, cluster=cluster))
    targets = choose_targets(remembering, named, request.others, cluster=cluster)
    elsewhere, superseded = _without_this_machine(me, request.others)
    others, older = newest_of_each(elsewhere)
    scope = Scope(targets, timeout_ms=request.timeout_ms)
    with bounded():
        replayed = [replay(each, PROBES) for each in others]
        scope = replace(scope, clients=_client_addresses(replayed, scope.vips))
    name = unique_name(me.hostname if me else "this-machine", [each.vantage_point for each in others])

    def preparations() -> None:
        load_judging()
        meanwhile()

    here = examine(remembering, scope, request.probes, name=name, progress=progress, meanwhile=preparations)
    mine = _looked(here, live=True)
    with bounded():
        replayed = _aware_of_each_other([here, *replayed])[1:]
        together, strangers = _without_strangers(mine, [_looked(each, live=False) for each in replayed])
        notices = (*superseded, *older, *strangers, *_lacking(replayed))
        return _conclude([mine, *together], notices, request.saved)


def judge(recordings: Iterable[Recording], saved: str | None = None) -> Scanned:
    """The same judgement over recordings alone: no machine is touched. `saved`: the one file that they come from.

    Raises NotTogether where they are of different networks, or redacted by different keys.
    """
    others, notices = newest_of_each(recordings)
    refuse_mixed_names(others)
    replayed = _aware_of_each_other([replay(each, PROBES) for each in others])
    looked = [_looked(each, live=False) for each in replayed]
    refuse_strangers([each.point for each in looked])
    return _conclude(looked, (*notices, *_lacking(replayed)), saved)


def _named_services(host: Host, services: Iterable[str], *, cluster: bool) -> tuple[Target, ...]:
    wanted = tuple(services)
    if wanted and not cluster:
        raise BadTarget(f"{wanted[0]}: a Service is looked up in the cluster, and none is configured here.")
    return tuple(target for each in wanted for target in service_targets(host, each))


def load_judging() -> None:
    """Import rules and report, which looking does not need: at start it would delay the first packet by 80 ms."""
    import hairpin_doctor.report.compose
    import hairpin_doctor.rules.catalogue  # noqa: F401


def _without_strangers(mine: Looked, others: list[Looked]) -> tuple[list[Looked], tuple[str, ...]]:
    """The others that can be of this machine's network, and a sentence for each that cannot."""
    group = groups([mine.point, *(each.point for each in others)])[0]
    return [each for each in others if each.point in group], tuple(
        f"the report of {each.point.name} is of another network, so it is left out: its gateway has the address of ours "
        "and another MAC, and no MAC is known to both"
        for each in others
        if each.point not in group
    )


def _lacking(replayed: Iterable[Examination]) -> tuple[str, ...]:
    return tuple(said for each in replayed for said in lacking(each.recording, each.unasked, __version__))


def _conclude(looked: list[Looked], notices: Iterable[str], saved: str | None) -> Scanned:
    from hairpin_doctor.diagnose import Outcome, diagnose
    from hairpin_doctor.last_seen import last_seen
    from hairpin_doctor.network import Network
    from hairpin_doctor.report.compose import compose
    from hairpin_doctor.rules.catalogue import CATALOGUE as RULES
    from hairpin_doctor.service_path.paths import service_paths

    network = Network(each.point for each in looked)
    judgement = diagnose(network, RULES)
    left = judgement.unexplained_clients
    trails = [
        trail
        for vip, outcome in judgement.per_vip.items()
        if outcome is Outcome.UNEXPLAINED or (outcome is Outcome.UNDETERMINED and network.hosts(vip))
        for trail in last_seen(network, vip)
        if trail.client in left[vip]
    ]
    now = remarks([each.recording for each in looked], __version__, datetime.now(UTC))
    said = (
        *notices,
        *now,
        *dict.fromkeys(unaware(network)),
        *not_shown_by([each.point.name for each in looked], network.vips),
        *(each.said for each in trails),
    )
    paths = service_paths(network, judgement, lambda part: diagnose(part, RULES))
    report = compose(looked, judgement, paths, said, trails, saved)
    return Scanned(report, tuple(each.recording for each in looked), judgement)


def _looked(found: Examination, *, live: bool) -> Looked:
    from hairpin_doctor.report.compose import Looked

    return Looked(
        VantagePoint(found.findings, found.recording.scope, found.recording.taken_at), found.recording, live
    )


def _identity(host: Host) -> Identity | None:
    try:
        return host.ask(MachineIdentity())
    except Unanswered:
        return None


def _client_addresses(replayed: Iterable[Examination], vips: Iterable[Address]) -> tuple[Address, ...]:
    """From where the others send: conntrack entries and routes of theirs are looked for here."""
    points = [VantagePoint(each.findings, each.recording.scope) for each in replayed]
    wanted = tuple(vips)
    found = (
        point.address_towards(vip) for point in points for vip in wanted if point.serves(vip) is not True
    )
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _aware_of_each_other(found: list[Examination]) -> list[Examination]:
    """Machines that serve a VIP and were looked at before anybody knew of the others, replayed with those as clients."""
    aware = []
    for each in found:
        scope = each.recording.scope
        point = VantagePoint(each.findings, scope)
        others = _client_addresses([other for other in found if other is not each], scope.vips)
        unknown = [address for address in others if address not in scope.clients]
        serves = any(point.serves(vip) is not False for vip in scope.vips)
        aware.append(replay(each.recording, PROBES, unknown) if unknown and serves else each)
    return aware


def _without_this_machine(
    me: Identity | None, others: Iterable[Recording]
) -> tuple[list[Recording], tuple[str, ...]]:
    """What we see now goes before what a report says of this same machine and network namespace."""
    here = (me.boot_id, me.network_namespace) if me else None
    kept, said = [], []
    for each in others:
        if here is None or identity_of(each) != here:
            kept.append(each)
        else:
            said.append(
                f"the report of {each.taken_at} was made on this very machine: what is seen now replaces it"
            )
    return kept, tuple(said)
