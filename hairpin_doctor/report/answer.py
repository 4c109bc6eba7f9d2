"""The answer in one sentence: what is wrong, where, and how sure; or that all is well, and from where."""

from __future__ import annotations

from collections.abc import Callable

from hairpin_doctor.report.next_steps import unnamed
from hairpin_doctor.report.report import Diagnosis, Report, State, Target, Undetermined
from hairpin_doctor.vantage_point import STAND_IN

A_PORT = "name a port that fails: only that is a symptom"


def answer(report: Report) -> str:
    """The first sentence of every output."""
    sentences: dict[str, Callable[[Report], str]] = {
        "healthy": _healthy,
        "diagnosed": _diagnosed,
        "unexplained": _unexplained,
        "undetermined": _undetermined,
    }
    return sentences[report.verdict](report)


def _healthy(report: Report) -> str:
    clients = [point.name for point in report.vantage_points if point.role == "client"]
    latent = _latent(report)
    if not clients:
        unsure = any(point.role == "unknown" for point in report.vantage_points)
        tested = (
            "whether that is a client's path could not be seen"
            if unsure
            else "the path of a client was not tested"
        )
        return f"{_works(report, _names(report))} from {', '.join(_names(report))} only; {tested}{latent}"
    no_vm = all(name.startswith(STAND_IN) for name in clients)
    unseen = "; a fault of one VM itself would not show" if no_vm else ""
    return f"{_works(report, clients)} from {', '.join(clients)}{_times(report, clients)}{unseen}{latent}"


def _works(report: Report, seen_from: list[str]) -> str:
    vips = _vips(report, seen_from)
    return f"{_listed(vips)} work{'s' if len(vips) == 1 else ''}"


def _names(report: Report) -> list[str]:
    return [point.name for point in report.vantage_points]


def _vips(report: Report, names: list[str]) -> list[str]:
    tried = (target.vip for target, state in report.states() if state.vantage_point in names)
    return list(dict.fromkeys(tried))


def _listed(items: list[str], most: int = 3) -> str:
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return " and ".join((", ".join(items[:-1]), items[-1])) if len(items) > 1 else "".join(items)


def _times(report: Report, names: list[str]) -> str:
    """The round trips of one VIP from one place; more would be a table, and that follows below."""
    found = [(target, state) for target, state in report.states() if state.vantage_point in names]
    if len(names) > 1 or len(_vips(report, names)) > 1:
        return ""
    times = [f"{t.ending} {s.round_trip_ms:.1f} ms" for t, s in found if s.round_trip_ms is not None]
    return f" ({', '.join(times)})" if times else ""


def _latent(report: Report) -> str:
    found = report.of_severity("latent")
    codes = ", ".join(dict.fromkeys(each.code for each in found))
    return f"; but see {codes}, which does harm later or to others" if found else ""


def _diagnosed(report: Report) -> str:
    causes = [each for each in report.of_severity("broken") if each.confidence != "possible"]
    first = causes[0]
    others = list(dict.fromkeys(each.code for each in causes if each.code != first.code))
    more = f"; also {', '.join(others)}" if others else ""
    same = [each.vip for each in causes if each.code == first.code and each.vip != first.vip]
    also = f"; the same holds for {_listed(same)}" if same else ""
    places = [state.vantage_point for target, state in _failing(report) if target.vip == first.vip]
    divided = _one_family(report, places[0]) if places else ""
    return f"{first.summary} ({first.code}, {first.confidence}){also}{more}{divided}"


def _unexplained(report: Report) -> str:
    """Of the VIPs that have no cause, or one that is not every client's; the others' causes after that."""
    vips = [each.vip for each in report.vips if each.verdict == "unexplained"]
    broken = report.of_severity("broken")
    if any(each.vip in vips and each.confidence != "possible" for each in broken):
        return (
            f"{_diagnosed(report)}; but that is not why every client fails: see where packets were last seen"
        )
    others = [each for each in broken if each.vip not in vips and each.confidence != "possible"]
    also = f"; for {_listed([e.vip for e in report.vips if e.verdict == 'diagnosed'])} see {_codes(others)}"
    tail = also if others else ""
    possible = [each for each in broken if each.vip in vips and each.confidence == "possible"]
    if possible:
        return f"{_symptom(report, vips)}, and no known cause is more than possible: {_codes(possible)}{tail}"
    looked_for = [each.code for each in report.cleared] + [each.code for each in report.undetermined]
    count = len(set(looked_for))
    return f"{_symptom(report, vips)}, and none of the {count} causes we looked for explains it{tail}"


def _codes(found: list[Diagnosis]) -> str:
    return ", ".join(dict.fromkeys(each.code for each in found))


def _undetermined(report: Report) -> str:
    if _failing(report):
        tail = ": the host that serves it must be looked at as well" if _no_host(report) else ""
        symptom = _symptom(report, [each.vip for each in report.vips])
        return f"{symptom}; from what was seen so far the cause cannot be told{tail}"
    suspected = [each for each in report.undetermined if each.suspected]
    if suspected:
        signs = ", ".join(dict.fromkeys(each.code for each in suspected))
        names = ", ".join(_names(report))
        return f"nothing failed from {names}, but there are signs of {signs}; {_decided_by(report, suspected[0])}"
    unknown = [target.name for target, state in report.states() if state.works is None]
    what = _listed(list(dict.fromkeys(unknown))) or "the targets"
    tail = f"; {A_PORT}" if any(map(unnamed, report.targets)) else ""
    return f"whether {what} works is not known from what was seen{tail}"


def _decided_by(report: Report, suspected: Undetermined) -> str:
    """What decides whether a suspected cause holds: a port that fails, a look from elsewhere, or what is open itself."""
    question, _, need = suspected.missing.partition(": needs ")
    if any(map(unnamed, report.targets)):
        return A_PORT
    if not need:
        return f"still open: {question}"
    return f"a look {'from a client' if 'from a client' in need else 'at the host that serves it'} decides"


def _no_host(report: Report) -> bool:
    return all(point.role != "host" for point in report.vantage_points)


def _failing(report: Report) -> list[tuple[Target, State]]:
    return [(target, state) for target, state in report.states() if state.works is False]


def _symptom(report: Report, vips: list[str]) -> str:
    """`192.0.2.53 fails from vm (53/udp DNS: no answer)`; for several VIPs or places the first, and how many more."""
    found = [(target, state) for vip in vips for target, state in _failing(report) if target.vip == vip]
    if not found:
        return f"nobody answers for {_listed(vips)}"
    vip, name = found[0][0].vip, found[0][1].vantage_point
    parts = [f"{t.ending} {s.said}" for t, s in found if t.vip == vip and s.vantage_point == name]
    others = _listed(list(dict.fromkeys(t.vip for t, _ in found if t.vip != vip)))
    and_others = f", as does {others}" if others else ""
    return f"{vip} fails from {name} ({'; '.join(parts)}){and_others}{_one_family(report, name)}"


def _one_family(report: Report, name: str) -> str:
    """`; IPv4 works from vm, IPv6 does not`, where the versions of IP part what works there from what fails."""
    seen = [(t, s) for t, s in report.states() if s.vantage_point == name]
    failing = {_version(t.vip) for t, s in seen if s.works is False}
    working = {_version(t.vip) for t, s in seen if s.works} - failing
    if len(failing) != 1 or len(working) != 1:
        return ""
    return f"; {working.pop()} works from {name}, {failing.pop()} does not"


def _version(vip: str) -> str:
    return "IPv6" if ":" in vip else "IPv4"
