"""The engine: runs probes in phases, in parallel within a phase, isolates a crash, and remembers every answer."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hairpin_doctor.findings import Findings, Seen, Unseen
from hairpin_doctor.recording import Recording, RememberingHost, ReplayingHost
from hairpin_doctor.version import __version__
from probes.host import Host, Unanswered
from probes.machine import MachineFacts
from probes.probe import Layer, Phase, Probe, Scope
from probes.questions.cluster import ApiGroups
from probes.target import Address

AT_ONCE = 16
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Examination:
    """What an examination of one machine gave: findings for the rules, and the recording that they rest on.

    `unasked`: kinds of questions that a replayed recording says nothing of.
    """

    findings: Findings
    recording: Recording
    unasked: tuple[str, ...] = ()


def examine(
    host: Host,
    scope: Scope,
    probes: Iterable[Probe[Any]],
    *,
    name: str | None = None,
    progress: Progress = lambda _: None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Examination:
    """Run the probes on the host; findings come in the order of `probes`, however they ran.

    `meanwhile` is called once beside the probes of the phase that waits for ARP replies.
    """
    chosen = tuple(probes)
    remembering = host if isinstance(host, RememberingHost) else RememberingHost(host)
    _ask_first(remembering, chosen)
    found: dict[str, Seen[Any] | Unseen[Any]] = {}
    with _threads() as pool:
        for phase in Phase:
            now = [each for each in chosen if each.phase is phase]
            beside = pool.submit(meanwhile) if phase is Phase.DURING else None
            for result in pool.map(lambda each: run_probe(each, remembering, scope), now):
                found[result.probe.id] = result
                progress(result.probe.id)
            if beside is not None:
                beside.result()
    vantage_point = name or _name(found.values())
    findings = Findings(vantage_point, (found[each.id] for each in chosen))
    taken_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Examination(findings, Recording(vantage_point, taken_at, scope, remembering.asked(), __version__))


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """A pool that is waited for, unless Ctrl-C or a failure ends the examination: then nobody wants the answers."""
    pool = ThreadPoolExecutor(max_workers=AT_ONCE)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def replay(
    recording: Recording, probes: Iterable[Probe[Any]], clients: Iterable[Address] = ()
) -> Examination:
    """The same probes over a recording: no machine is touched.

    `clients`: addresses of further vantage points, which were unknown when it was made. What the recording holds of
    them (its rulesets decide on any packet, its routes on those that were asked about) is found all the same.
    """
    known = tuple(dict.fromkeys((*recording.scope.clients, *clients)))
    host, scope = ReplayingHost(recording), replace(recording.scope, clients=known)
    chosen = probes if _asked_a_cluster(recording) else of_the_machine(probes)
    found = [run_probe(each, host, scope) for each in chosen]
    return Examination(Findings(recording.vantage_point, found), recording, host.unasked)


def of_the_machine(probes: Iterable[Probe[Any]]) -> tuple[Probe[Any], ...]:
    """Without those of a cluster: where none is configured, nothing is to be said about it."""
    return tuple(each for each in probes if each.layer is not Layer.CLUSTER)


def _asked_a_cluster(recording: Recording) -> bool:
    return any(isinstance(each.question, ApiGroups) for each in recording.asked)


def run_probe(probe: Probe[Any], host: Host, scope: Scope) -> Seen[Any] | Unseen[Any]:
    """Run one probe; what it cannot see is a finding, and a crash of it does not stop the others."""
    start = time.monotonic()
    try:
        facts = probe.look(host, scope)
    except Unanswered as error:
        return Unseen.because(probe, error, _since(start))
    except Exception as error:  # noqa: BLE001 - a defect of one probe must not cost the user the whole scan
        reason = f"the probe itself failed ({type(error).__name__} {_place(error)}); please report this"
        return Unseen(probe, reason, duration_ms=_since(start), crashed=True)
    return Seen(probe, facts, _since(start))


def _place(error: Exception) -> str:
    """Where it happened. Never its words, which may quote what was being read, and stand in a report."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"in {last.name}, {Path(last.filename).name}:{last.lineno}"


def _since(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 1)


def _ask_first(host: Host, probes: Iterable[Probe[Any]]) -> None:
    for each in probes:
        for question in each.asks_first:
            try:
                host.ask(question)
            except Unanswered:
                continue  # remembered: the probe meets the same answer and reports it


def _name(found: Iterable[Seen[Any] | Unseen[Any]]) -> str:
    for each in found:
        if isinstance(each, Seen) and isinstance(each.facts, MachineFacts):
            return each.facts.identity.hostname
    return "this machine"
