"""Judgement -> report: internals become the plain, published types; nothing is judged here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from hairpin_doctor import rule as judged_types
from hairpin_doctor.contradictions import Contradiction, contradictions
from hairpin_doctor.diagnose import Judged, Judgement
from hairpin_doctor.findings import Seen, Unseen
from hairpin_doctor.fixes import fix as fixes
from hairpin_doctor.last_seen import Trail
from hairpin_doctor.network import Network
from hairpin_doctor.recording import Recording
from hairpin_doctor.report import report as r
from hairpin_doctor.report import service_path as drawn
from hairpin_doctor.report.answer import answer
from hairpin_doctor.report.next_steps import bridge_of_vms, next_steps
from hairpin_doctor.report.unseen import hindered, missing_rights, not_seen, not_tested
from hairpin_doctor.service_path import hop as hops
from hairpin_doctor.states import TargetState, Works
from hairpin_doctor.vantage_point import VantagePoint
from hairpin_doctor.version import __version__
from probes.catalogue import CATALOGUE as PROBES
from probes.machine import MachineFacts
from probes.probe import Layer
from probes.target import Address, Target

WORKS = {Works.YES: True, Works.NO: False, Works.UNKNOWN: None}


@dataclass(frozen=True)
class Looked:
    """A vantage point with the recording it rests on. `live`: looked at in this run, else replayed from a file."""

    point: VantagePoint
    recording: Recording
    live: bool


def compose(
    looked: Iterable[Looked],
    judgement: Judgement,
    paths: Iterable[hops.ServicePath] = (),
    notices: Iterable[str] = (),
    trails: Iterable[Trail] = (),
    saved: str | None = None,
) -> r.Report:
    """The report, without the recordings (`with_recordings` adds them). `trails`: where packets were last seen;
    `saved`: the file that will hold it.
    """
    chosen = tuple(looked)
    here = [each for each in chosen if each.live] or chosen  # reports judged alone are all there is to see
    network = Network(each.point for each in chosen)
    vantage_points = tuple(_vantage_point(each, network) for each in chosen)
    found = r.Report(
        schema=f"{r.SCHEMA_NAME}/{r.MAJOR}",
        tool_version=__version__,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=cast(r.Verdict, str(judgement.outcome)),
        answer="",
        vantage_points=vantage_points,
        vips=tuple(r.VipVerdict(str(v), cast(r.Verdict, str(o))) for v, o in judgement.per_vip.items()),
        targets=_targets(state for each in chosen for state in each.point.states),
        diagnoses=tuple(_diagnosis(each) for each in judgement.diagnoses),
        consequences=tuple(_diagnosis(each) for each in judgement.consequences),
        undetermined=tuple(_undetermined(each) for each in judgement.undetermined),
        cleared=tuple(_cleared(each) for each in judgement.cleared),
        not_tested=not_tested(network),
        not_seen=(
            *not_seen((each.point.name, each.recording) for each in here),
            *(said for each in here for said in hindered(each.point.findings)),
        ),
        notices=tuple(notices),
        next_steps=(),
        probes=tuple(run for each in chosen for run in _runs(each)),
        contradictions=tuple(_contradiction(each) for each in contradictions(network)),
        paths=tuple(map(_path, paths)),
    )
    steps = next_steps(
        found, saved, trails, bridge_of_vms([each.point for each in here if each.live], network.vips)
    )
    found = replace(found, next_steps=steps)
    return replace(found, answer=answer(found))


def with_recordings(report: r.Report, recordings: Iterable[Recording]) -> r.Report:
    """The report with the answers it rests on: what --save, --with and judge exchange."""
    from hairpin_doctor.report.codec import encode_recording

    return replace(report, recordings=tuple(encode_recording(each) for each in recordings))


def _vantage_point(looked: Looked, network: Network) -> r.VantagePoint:
    facts = looked.point.findings.get(MachineFacts)
    return r.VantagePoint(
        name=looked.point.name,
        role=_role(looked.point, network.vips),
        root=facts.identity.root if facts else None,
        missing_rights=missing_rights(looked.recording),
        taken_at=looked.recording.taken_at,
        live=looked.live,
        kernel=facts.identity.kernel if facts else None,
    )


def _role(point: VantagePoint, vips: Iterable[Address]) -> r.Role:
    serves = [point.serves(vip) for vip in vips]
    if True in serves:
        return "host"
    return "client" if False in serves else "unknown"


def _targets(states: Iterable[TargetState]) -> tuple[r.Target, ...]:
    found: dict[Target, list[r.State]] = {}
    for each in states:
        state = r.State(each.vantage_point, WORKS[each.works], each.said, each.round_trip_ms)
        found.setdefault(each.target, []).append(state)
    return tuple(_target(target, tuple(states)) for target, states in sorted(found.items(), key=_place_of))


def _place_of(item: tuple[Target, object]) -> tuple[int, int, int, str]:
    target = item[0]
    return target.vip.version, int(target.vip), target.port or 0, str(target.protocol or "")


def _target(target: Target, states: tuple[r.State, ...]) -> r.Target:
    return r.Target(
        str(target.vip), target.port, cast(Any, str(target.protocol) if target.protocol else None), states
    )


def _diagnosis(judged: Judged) -> r.Diagnosis:
    verdict = cast(judged_types.Diagnosis, judged.verdict)
    return r.Diagnosis(
        code=judged.rule.code,
        slug=judged.rule.slug,
        title=judged.rule.title,
        summary=verdict.summary,
        vip=str(judged.vip),
        severity=cast(r.Severity, str(verdict.severity)),
        confidence=cast(r.Confidence, str(verdict.confidence)),
        because=verdict.because,
        ruled_out=verdict.ruled_out,
        fixes=tuple(_fix(each) for each in verdict.fixes),
        explained_by=judged.explained_by,
    )


def _fix(fix: fixes.Fix) -> r.Fix:
    return r.Fix(fix.title, tuple(map(_step, fix.steps)), fix.check, fix.cautions, fix.reason)


def _step(step: fixes.Step) -> r.Step:
    return r.Step(
        step.place,
        step.machine,
        step.why,
        step.commands,
        step.undo,
        step.manifest,
        step.instructions,
        tuple(change.to_json() for change in step.changes),
    )


def _undetermined(judged: Judged) -> r.Undetermined:
    verdict = cast(judged_types.Undetermined, judged.verdict)
    return r.Undetermined(
        judged.rule.code,
        judged.rule.slug,
        judged.rule.title,
        cast(r.Severity, str(judged.rule.severity)),
        str(judged.vip),
        verdict.missing,
        verdict.how_to_get,
        verdict.suspected,
    )


def _cleared(judged: Judged) -> r.Cleared:
    verdict = cast(judged_types.Cleared, judged.verdict)
    return r.Cleared(judged.rule.code, judged.rule.slug, judged.rule.title, str(judged.vip), verdict.reason)


def _contradiction(found: Contradiction) -> r.Contradiction:
    claims = (r.Claim(each.vantage_point, each.macs, each.how) for each in found.claims)
    return r.Contradiction(str(found.address), found.what, tuple(claims))


def _path(path: hops.ServicePath) -> drawn.ServicePath:
    return drawn.ServicePath(path.client, str(path.vip), path.works, tuple(map(_hop, path.hops)))


def _hop(judged: hops.Judged) -> drawn.Hop:
    hop = judged.hop
    return drawn.Hop(
        kind=cast(drawn.HopKind, str(hop.kind)),
        name=hop.name,
        machine=hop.machine,
        mac=hop.mac,
        addresses=tuple(map(str, hop.addresses)),
        state=cast(drawn.HopState, str(judged.state)),
        said=hop.said,
        codes=judged.codes,
        beside=hop.beside,
    )


def _runs(looked: Looked) -> Iterator[r.ProbeRun]:
    """Every probe of the catalogue, in its order; those that the user left out are skipped for that reason.

    Probes of a cluster that did not run are not mentioned: most machines have none.
    """
    ran = {run.probe.id: run for run in looked.point.findings.all}
    for probe in PROBES:
        if probe.id in ran:
            yield _run(looked, ran[probe.id])
        elif probe.layer is not Layer.CLUSTER:
            reason = "left out by --only or --skip"
            yield r.ProbeRun(probe.id, str(probe.layer), looked.point.name, "skipped", reason, None)


def _run(looked: Looked, run: Seen[Any] | Unseen[Any]) -> r.ProbeRun:
    status, reason = _status(run)
    duration = run.duration_ms if looked.live else None
    return r.ProbeRun(run.probe.id, str(run.probe.layer), looked.point.name, status, reason, duration)


def _status(run: Seen[Any] | Unseen[Any]) -> tuple[r.ProbeStatus, str | None]:
    if isinstance(run, Seen):
        return "ok", None
    if run.crashed:
        return "failed", run.reason
    return ("denied" if run.right else "skipped"), run.reason
