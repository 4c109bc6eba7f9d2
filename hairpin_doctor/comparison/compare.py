"""Before and after: pure, over two judgements. Vantage points are matched by name, since a reboot changes all else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from hairpin_doctor.comparison.words import Fact, answered, facts
from hairpin_doctor.recording import Recording
from hairpin_doctor.report.report import Diagnosis, Report, Verdict
from hairpin_doctor.scan import Scanned
from hairpin_doctor.version import __version__
from probes import questions as q
from probes.questions.machine import Identity

SCHEMA = "hairpin-doctor/comparison/1"


@dataclass(frozen=True)
class Side:
    """One of the two judgements."""

    verdict: Verdict
    answer: str
    vantage_points: tuple[str, ...]
    taken_at: tuple[str, ...]


@dataclass(frozen=True)
class Changed:
    """Something that differs, as seen from a vantage point; null is what was not there."""

    vantage_point: str
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Cause:
    """A cause that came or went."""

    code: str
    slug: str
    vip: str
    severity: str
    confidence: str
    summary: str


@dataclass(frozen=True)
class Comparison:
    """What changed between two judgements. `not_comparable`: sentences about what only one of them saw.

    `doubts`: sentences that say why the two may be no before and after of one network.
    """

    schema: str
    tool_version: str
    before: Side
    after: Side
    states: tuple[Changed, ...]
    gone: tuple[Cause, ...]
    came: tuple[Cause, ...]
    facts: tuple[Changed, ...]
    not_comparable: tuple[str, ...]
    doubts: tuple[str, ...] = ()


def compare(before: Scanned, after: Scanned) -> Comparison:
    """What changed. Facts of a kind that one of the two did not see are not compared, but said."""
    ours = {each.vantage_point: each for each in before.recordings}
    theirs = {each.vantage_point: each for each in after.recordings}
    both = [name for name in ours if name in theirs]
    causes, now = _causes(before.report), _causes(after.report)
    vips = _vips(before), _vips(after)
    return Comparison(
        schema=SCHEMA,
        tool_version=__version__,
        before=_side(before.report),
        after=_side(after.report),
        states=tuple(_differences(_states(before.report), _states(after.report))),
        gone=tuple(cause for key, cause in causes.items() if key not in now and cause.vip in vips[1]),
        came=tuple(cause for key, cause in now.items() if key not in causes and cause.vip in vips[0]),
        facts=tuple(each for name in both for each in _facts(ours[name], theirs[name])),
        not_comparable=(
            *_only(ours, theirs, "before"),
            *_only(theirs, ours, "after"),
            *(f"{vip} was asked about before only" for vip in sorted(vips[0] - vips[1])),
            *(f"{vip} was asked about after only" for vip in sorted(vips[1] - vips[0])),
            *(each for name in both for each in _unseen(ours[name], theirs[name])),
        ),
        doubts=tuple(_doubts(ours, theirs)),
    )


def _doubts(before: Mapping[str, Recording], after: Mapping[str, Recording]) -> Iterator[str]:
    times = [[datetime.fromisoformat(each.taken_at) for each in side.values()] for side in (before, after)]
    if min(times[0]) > max(times[1]):
        yield "What is called after was looked at earlier than what is called before: the files may be in the wrong order"
    if not before.keys() & after.keys():
        yield "No machine was looked from both times, so what is different may be the machines"
    for name in before.keys() & after.keys():
        machines = {_machine(before[name]), _machine(after[name])} - {None}
        if len(machines) > 1:
            yield f"{name} is not the same machine both times, by its machine-id"


def _machine(recording: Recording) -> str | None:
    found = (each.answer for each in recording.asked if isinstance(each.answer, Identity))
    return next((each.machine for each in found), None)


def _side(report: Report) -> Side:
    points = report.vantage_points
    names, times = tuple(each.name for each in points), tuple(each.taken_at for each in points)
    return Side(report.verdict, report.answer, names, times)


def _causes(report: Report) -> dict[tuple[str, str], Cause]:
    return {(each.code, each.vip): _cause(each) for each in (*report.diagnoses, *report.consequences)}


def _cause(each: Diagnosis) -> Cause:
    return Cause(each.code, each.slug, each.vip, each.severity, each.confidence, each.summary)


def _vips(side: Scanned) -> set[str]:
    """A cause of a VIP that nobody asked about has neither come nor gone."""
    return {str(vip) for each in side.recordings for vip in each.scope.vips}


Place = tuple[str, str]


def _states(report: Report) -> dict[Place, str]:
    return {(state.vantage_point, target.name): state.said for target, state in report.states()}


def _differences(before: Mapping[Place, str], after: Mapping[Place, str]) -> Iterator[Changed]:
    for place in dict.fromkeys((*before, *after)):
        if before.get(place) != after.get(place):
            yield Changed(*place, before.get(place), after.get(place))


def _facts(before: Recording, after: Recording) -> Iterator[Changed]:
    seen = answered(before) & answered(after)
    if q.Links.__name__ not in seen:
        seen -= {
            kind.__name__ for kind in (q.ForwardingDatabase, q.Neighbours, q.PacketSockets)
        }  # which interface?
    old, new = (_by_what(each, seen) for each in (before, after))
    for what in dict.fromkeys((*old, *new)):
        known = [side[what] for side in (old, new) if what in side]
        values = [side[what].value if what in side else None for side in (old, new)]
        if values[0] != values[1] and (None not in values or known[0].lasting):
            yield Changed(before.vantage_point, what, *values)


def _by_what(recording: Recording, seen: frozenset[str]) -> dict[str, Fact]:
    """Facts of one name together, such as the ports behind which one MAC was heard."""
    found: dict[str, Fact] = {}
    for each in facts(recording):
        known = found.get(each.what)
        if each.about in seen and (known is None or each.value not in known.value.split(" and ")):
            value = f"{known.value} and {each.value}" if known else each.value
            found[each.what] = Fact(each.about, each.what, value, each.lasting)
    return found


def _only(these: Mapping[str, Recording], others: Mapping[str, Recording], when: str) -> Iterator[str]:
    for name in these:
        if name not in others:
            yield f"{name} was looked from {when} only"


def _unseen(before: Recording, after: Recording) -> Iterator[str]:
    for when, lacking, having in (("before", before, after), ("after", after, before)):
        missing = sorted(answered(having) - answered(lacking))
        if missing:
            yield f"Not seen on {before.vantage_point} {when}, so not compared: {', '.join(missing)}"
