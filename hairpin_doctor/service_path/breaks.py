"""Where on a path a cause breaks it, and what follows for the other hops: nothing behind a break is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hairpin_doctor.diagnose import Judged as JudgedRule
from hairpin_doctor.rule import Confidence, Diagnosis, Severity
from hairpin_doctor.service_path.hop import Evidence, Hop, Judged, Kind, State

BREAKS_AT: Mapping[str, tuple[Kind, ...]] = {
    "HD101": (Kind.ANNOUNCER,),
    "HD102": (Kind.ANNOUNCER,),
    "HD103": (Kind.SERVICE,),
    "HD104": (Kind.ANNOUNCER,),
    "HD105": (Kind.ANNOUNCER,),
    "HD107": (Kind.ANNOUNCER,),
    "HD108": (Kind.ANNOUNCER,),
    "HD109": (Kind.ANNOUNCER,),
    "HD110": (Kind.CLIENT,),
    "HD111": (Kind.ROUTER, Kind.ANNOUNCER),
    "HD201": (Kind.ANNOUNCER,),
    "HD202": (Kind.ANNOUNCER,),
    "HD203": (Kind.ANNOUNCER,),
    "HD204": (Kind.ANNOUNCER,),
    "HD205": (Kind.ANNOUNCER,),
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
    "HD407": (Kind.REPLY,),
    "HD408": (Kind.SERVICE,),
    "HD501": (Kind.SERVICE,),
    "HD502": (Kind.SERVICE,),
    "HD503": (Kind.ENDPOINT,),
    "HD504": (Kind.SERVICE,),
    "HD505": (Kind.SERVICE,),
    "HD506": (Kind.SERVICE,),
    "HD507": (Kind.SERVICE,),
    "HD508": (Kind.ENDPOINT,),
    "HD510": (Kind.ENDPOINT,),
    "HD511": (Kind.SERVICE,),
    "HD601": (Kind.ANNOUNCER,),
    "HD602": (Kind.ANNOUNCER,),
    "HD603": (Kind.ANNOUNCER,),
}
"""Code of a cause -> the kinds of hop at which it stops packets, the first that the path has."""

ANYWHERE = "HD405"
"""A packet filter may be on any machine, also one that was not looked at; its fix names it."""


@dataclass(frozen=True)
class Break:
    """A cause that breaks the path: its code, its sentence, where, and the machine that its fix is for."""

    code: str
    summary: str
    kinds: tuple[Kind, ...]
    machine: str | None


def breaks(diagnoses: Iterable[JudgedRule]) -> tuple[Break, ...]:
    """The causes that break traffic and are more than possible; a code without a place breaks no hop."""
    found = []
    for each in diagnoses:
        verdict = each.verdict
        if not isinstance(verdict, Diagnosis) or verdict.severity is not Severity.BROKEN:
            continue
        if verdict.confidence is Confidence.POSSIBLE:
            continue
        machines = [step.machine for fix in verdict.fixes for step in fix.steps if step.place != "cluster"]
        kinds = BREAKS_AT.get(each.rule.code, ())
        found.append(Break(each.rule.code, verdict.summary, kinds, machines[0] if machines else None))
    return tuple(found)


def judged(
    hops: Iterable[Hop], found: Iterable[Break], *, works: bool | None, served: bool
) -> tuple[Judged, ...]:
    """Every hop with its state. Where all works nothing is broken, whatever else holds.

    `served`: some port works, so that its packets pass what stops those of another.
    """
    path = list(hops)
    placed: dict[int, list[Break]] = {}
    for each in () if works else found:
        index = _place(path, each)
        if index is not None:
            placed.setdefault(index, []).append(each)
    if placed and path[-1].kind is Kind.REPLY and len(path) - 1 not in placed:
        path.pop()  # answers seen earlier, by somebody else's break, say nothing about the way back
    first = min(placed, default=len(path))
    broken = {i for i, hop in enumerate(path) if hop.evidence is Evidence.BROKEN and i < first}
    stop = min((*placed, *broken), default=len(path))
    result = []
    for i, hop in enumerate(path):
        if i in placed:
            said = "; ".join(each.summary for each in placed[i])
            codes = tuple(each.code for each in placed[i])
            result.append(Judged(replace(hop, said=said), State.BROKEN, codes))
        elif i in broken:
            result.append(Judged(hop, State.BROKEN))
        else:
            result.append(Judged(hop, _state(hop, i > stop and not served, stop < len(path))))
    return tuple(result)


def _place(path: list[Hop], cause: Break) -> int | None:
    """Where the cause breaks the path; a hop is added for a way back and for a filter that stands elsewhere."""
    if cause.code == ANYWHERE and path[0].machine == cause.machine:
        beyond = any(hop.evidence is Evidence.PASSED for hop in path[1:] if not hop.beside)
        cause = replace(cause, kinds=(Kind.REPLY,) if beyond else (Kind.CLIENT,))
    elif cause.code == ANYWHERE and not _on_the_path(path, cause):
        where = next(i for i, hop in enumerate(path) if hop.kind is Kind.SERVICE)
        path.insert(where, Hop(Kind.LINK, cause.machine, None, None, (), Evidence.NOT_SEEN, ""))
        return where
    for kind in cause.kinds:
        for i, hop in enumerate(path):
            if hop.kind is kind:
                return i
    if Kind.REPLY in cause.kinds:
        path.append(Hop(Kind.REPLY, None, None, None, (), Evidence.NONE, ""))
        return len(path) - 1
    return None


def _on_the_path(path: list[Hop], cause: Break) -> bool:
    return any(hop.kind is Kind.SERVICE and hop.machine == cause.machine for hop in path)


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
