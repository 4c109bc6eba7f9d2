"""Where on a path a cause breaks it, and what follows for the other hops: nothing behind a break is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from hairpin_doctor.diagnose import Judged as JudgedRule
from hairpin_doctor.rule import Diagnosis
from hairpin_doctor.service_path.hop import Evidence, Hop, Judged, Kind, State

BREAKS_AT: Mapping[str, tuple[Kind, ...]] = {
    "HD101": (Kind.ANNOUNCER,),
    "HD102": (Kind.ANNOUNCER,),
    "HD103": (Kind.SERVICE,),
    "HD104": (Kind.ANNOUNCER,),
    "HD105": (Kind.ANNOUNCER,),
    "HD107": (Kind.ANNOUNCER,),
    "HD108": (Kind.ANNOUNCER,),
    "HD109": (Kind.ROUTER, Kind.ANNOUNCER),
    "HD110": (Kind.CLIENT,),
    "HD111": (Kind.ROUTER, Kind.ANNOUNCER),
    "HD201": (Kind.ANNOUNCER,),
    "HD202": (Kind.ANNOUNCER,),
    "HD203": (Kind.ANNOUNCER,),
    "HD204": (Kind.ANNOUNCER,),
    "HD205": (Kind.CLIENT,),
    "HD206": (Kind.ROUTER, Kind.ANNOUNCER),
    "HD207": (Kind.REPLY,),
    "HD209": (Kind.ANNOUNCER,),
    "HD210": (Kind.ANNOUNCER,),
    "HD211": (Kind.ANNOUNCER,),
    "HD301": (Kind.ANNOUNCER,),
    "HD302": (Kind.ANNOUNCER,),
    "HD303": (Kind.SERVICE,),
    "HD304": (Kind.FORWARDING, Kind.SERVICE),
    "HD305": (Kind.BRIDGE, Kind.SERVICE),
    "HD306": (Kind.REPLY,),
    "HD307": (Kind.PORT, Kind.LINK),
    "HD310": (Kind.BRIDGE, Kind.LINK, Kind.ANNOUNCER),
    "HD401": (Kind.ANNOUNCER,),
    "HD402": (Kind.REPLY,),
    "HD403": (Kind.ROUTER, Kind.REPLY),
    "HD404": (Kind.FORWARDING, Kind.SERVICE),
    "HD405": (Kind.SERVICE,),
    "HD406": (Kind.REPLY,),
    "HD407": (Kind.LINK,),
    "HD408": (Kind.SERVICE,),
    "HD409": (Kind.CLIENT,),
    "HD410": (Kind.REPLY,),
    "HD501": (Kind.SERVICE,),
    "HD502": (Kind.SERVICE,),
    "HD503": (Kind.ENDPOINT, Kind.SERVICE),
    "HD504": (Kind.SERVICE,),
    "HD505": (Kind.SERVICE,),
    "HD506": (Kind.SERVICE,),
    "HD507": (Kind.SERVICE,),
    "HD508": (Kind.ENDPOINT,),
    "HD510": (Kind.ENDPOINT,),
    "HD511": (Kind.SERVICE,),
    "HD601": (Kind.ROUTER, Kind.ANNOUNCER),
    "HD602": (Kind.ROUTER, Kind.ANNOUNCER),
    "HD603": (Kind.ROUTER, Kind.ANNOUNCER),
}
"""Code of a cause -> the kinds of hop at which it stops packets, the first that the path has."""

FILTER = "HD405"
"""A packet filter may be on any machine, also one that was not looked at; its fix names it."""
NARROW_LINK = "HD407"
"""It may be anywhere between the client and the host."""
CAPTURED = "HD406"
"""A policy rule captures answers; or what the host sends on to the endpoint, which then is not reached."""
ONE_FLOW = "HD506"
"""It stops a flow that no scan made, and all that a scan tries may work beside it."""
BY_ITS_ANSWER = ("HD503", "HD510")
"""The endpoint itself answers, though not as it should: packets reach it, by every hop before it."""
ASTRAY = "HD205"
"""The client's frames do leave, to a wrong MAC: they get as far as they would to the right one, and nobody takes them."""


@dataclass(frozen=True)
class Break:
    """A cause that breaks the path: its code, its sentence, where, and the machine that its fix is for.

    `at`, `lost`, `clients`: as a Diagnosis has them.
    """

    code: str
    summary: str
    kinds: tuple[Kind, ...]
    machine: str | None
    at: tuple[str, str] | None = None
    lost: Literal["requests", "answers"] | None = None
    clients: tuple[str, ...] = ()


def breaks(diagnoses: Iterable[JudgedRule]) -> tuple[Break, ...]:
    """The causes that break traffic and are more than possible; a code without a place breaks no hop."""
    found = []
    for each in diagnoses:
        verdict = each.verdict
        if not isinstance(verdict, Diagnosis) or not verdict.breaks:
            continue
        machines = [step.machine for fix in verdict.fixes for step in fix.steps if step.place != "cluster"]
        kinds = BREAKS_AT.get(each.rule.code, ())
        machine = machines[0] if machines else None
        place, clients = (verdict.at, verdict.lost), verdict.clients
        found.append(Break(each.rule.code, verdict.summary, kinds, machine, *place, clients))
    return tuple(found)


@dataclass
class _Station:
    """A hop, and the causes that break the path there."""

    hop: Hop
    causes: list[Break] = field(default_factory=list)


def judged(
    hops: Iterable[Hop], found: Iterable[Break], *, works: bool | None, served: bool
) -> tuple[Judged, ...]:
    """Every hop with its state. Where all works nothing is broken, whatever else holds, but for a flow of this client's own.

    `served`: some port works, so that its packets pass what stops those of another.
    """
    path = [_Station(hop) for hop in hops]
    client = path[0].hop.machine
    for each in (e for e in found if not works or (e.code == ONE_FLOW and client in e.clients)):
        station = _place(path, each)
        if station is not None:
            station.causes.append(each)
    if path[-1].hop.kind is Kind.REPLY and not path[-1].causes and any(each.causes for each in path):
        path.pop()  # answers seen earlier, by somebody else's break, say nothing about the way back
    first = min((_stop(path, i) for i, station in enumerate(path) if station.causes), default=len(path))
    broken = _broken_by_themselves(path[:first], first < len(path))
    stop = min((first, *broken))
    arrived = first if first < len(path) and _answers(path[first]) else 0
    result = []
    for i, station in enumerate(path):
        if station.causes:
            said = "; ".join(each.summary for each in station.causes)
            codes = tuple(each.code for each in station.causes)
            result.append(Judged(replace(_named(station), said=said), State.BROKEN, codes))
        elif i in broken:
            result.append(Judged(station.hop, State.BROKEN))
        else:
            behind = i > stop and not served
            hop = (
                replace(station.hop, evidence=Evidence.PASSED)
                if _passed(station, i < arrived)
                else station.hop
            )
            result.append(Judged(hop, _state(hop, behind, stop < len(path))))
    return tuple(result)


def _broken_by_themselves(before: list[_Station], has_causes: bool) -> set[int]:
    """Of the hops before the first cause those that fail as their kernel says.

    None is a wire without a carrier whose other end is where the cause is: that is the same fault.
    """
    last = len(before) - 1
    return {
        i
        for i, each in enumerate(before)
        if each.hop.evidence is Evidence.BROKEN
        or (each.hop.evidence is Evidence.NO_CARRIER and not (has_causes and i == last))
    }


def _answers(station: _Station) -> bool:
    return all(each.code in BY_ITS_ANSWER for each in station.causes)


def _passed(station: _Station, before_who_answers: bool) -> bool:
    return before_who_answers and station.hop.evidence is not Evidence.NOT_SEEN


def _named(station: _Station) -> Hop:
    """The hop; where nothing is known of it but that a cause holds there, with the interface that the cause names."""
    at = next((each.at for each in station.causes if each.at), None)
    nameless = station.hop.name is None and station.hop.machine is None
    return replace(station.hop, machine=at[0], name=at[1]) if at and nameless else station.hop


def _stop(path: list[_Station], index: int) -> int:
    """The last hop that packets get to, where this one is broken."""
    if any(each.code != ASTRAY for each in path[index].causes):
        return index
    taken_by = (Kind.ROUTER, Kind.ANNOUNCER, Kind.SERVICE)
    return next((i - 1 for i, each in enumerate(path) if each.hop.kind in taken_by), index)


def _place(path: list[_Station], cause: Break) -> _Station | None:
    """Where the cause breaks the path; a hop is added for a way back, and for a filter or a narrow link elsewhere."""
    kinds = cause.kinds
    if cause.code == NARROW_LINK:
        return _at_link(path, cause)
    if cause.code == CAPTURED and cause.lost == "requests":
        kinds = (Kind.ENDPOINT,)
    if cause.code == FILTER and path[0].hop.machine == cause.machine:
        kinds = (Kind.REPLY if cause.lost == "answers" else Kind.CLIENT,)
    elif cause.code == FILTER and not _on_the_path(path, cause):
        where = next(i for i, each in enumerate(path) if each.hop.kind is Kind.SERVICE)
        return _added(path, where, Kind.LINK, name=cause.machine)
    for kind in kinds:
        for each in path:
            if each.hop.kind is kind:
                return each
    return _added(path, len(path), Kind.REPLY) if Kind.REPLY in kinds else None


def _at_link(path: list[_Station], cause: Break) -> _Station:
    """The interface that is too narrow; a hop of its own next to the client where that is not on the path."""
    found = next((each for each in path if cause.at == (each.hop.machine, each.hop.name)), None)
    machine, name = cause.at or (None, None)
    return found or _added(path, 1, Kind.LINK, name, machine)


def _added(
    path: list[_Station], where: int, kind: Kind, name: str | None = None, machine: str | None = None
) -> _Station:
    station = _Station(Hop(kind, name, machine, None, (), Evidence.NOT_SEEN, ""))
    path.insert(where, station)
    return station


def _on_the_path(path: list[_Station], cause: Break) -> bool:
    return any(each.hop.kind is Kind.SERVICE and each.hop.machine == cause.machine for each in path)


def _state(hop: Hop, behind: bool, is_broken: bool) -> State:
    """`behind`: no packet gets there. That ARP passes is enough only where it is known that another hop breaks the path."""
    if hop.evidence is Evidence.NOT_SEEN:
        return State.NOT_SEEN
    if hop.beside:
        return State.UNKNOWN if hop.evidence is Evidence.NONE else State.FINE
    if behind:
        return State.NOT_REACHED
    if hop.evidence is Evidence.PASSED:
        return State.FINE
    alive = hop.evidence in (Evidence.SERVED, Evidence.HEARD)
    return State.FINE if alive and is_broken else State.UNKNOWN
