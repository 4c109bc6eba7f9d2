"""The report as others read it: types of its own, versioned, plain values only (text, numbers, lists, null).

Null means unknown, never false. Fields are only ever added within version 1; docs/report.schema.json is generated from
these classes. Addresses are text, times are ISO 8601 in UTC, durations are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hairpin_doctor.report.service_path import ServicePath

SCHEMA_NAME = "hairpin-doctor/report"
MAJOR = 1

Verdict = Literal["healthy", "diagnosed", "unexplained", "undetermined"]
Severity = Literal["broken", "latent", "note"]
Confidence = Literal["proven", "likely", "possible"]
Role = Literal["client", "host", "unknown"]
ProbeStatus = Literal["ok", "skipped", "denied", "failed"]
Place = Literal["host", "client", "cluster", "router"]


@dataclass(frozen=True)
class VantagePoint:
    """A machine that was looked from. `role`: host serves a VIP itself, client does not. `live`: looked at in this run.

    `root` and `kernel` (its release) are null where the machine's identity could not be read; `missing_rights` names what
    was refused.
    """

    name: str
    role: Role
    root: bool | None
    missing_rights: tuple[str, ...]
    taken_at: str
    live: bool
    kernel: str | None = None


@dataclass(frozen=True)
class State:
    """What one vantage point experienced of a target. `works`: null is unknown; `said`: what was observed."""

    vantage_point: str
    works: bool | None
    said: str
    round_trip_ms: float | None


@dataclass(frozen=True)
class Target:
    """A VIP, and its port and protocol where they are known, with one state per vantage point that tried it."""

    vip: str
    port: int | None
    protocol: Literal["tcp", "udp"] | None
    states: tuple[State, ...]

    @property
    def name(self) -> str:
        """For people: `192.0.2.53 53/udp`."""
        return self.vip if self.port is None else f"{self.vip} {self.ending}"

    @property
    def ending(self) -> str:
        """For people, where the VIP is already said: `53/udp`."""
        return "any port" if self.port is None else f"{self.port}/{self.protocol or 'tcp'}"


@dataclass(frozen=True)
class VipVerdict:
    """The verdict on one VIP."""

    vip: str
    verdict: Verdict


@dataclass(frozen=True)
class Step:
    """What is done in one place: shell commands of a root shell there, YAML for `kubectl apply -f -`, or prose.

    `changes`: the same as typed values, each with its `kind` and that kind's fields (hairpin_doctor/fixes/changes), for
    programs. A reader that applies them must judge them as it would any command from a stranger.
    """

    place: Place
    machine: str
    why: str
    commands: tuple[str, ...]
    undo: tuple[str, ...]
    manifest: str | None
    instructions: str | None
    changes: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Fix:
    """One way to mend a cause; `check` tells how success is seen, `reason` why it has its place among others."""

    title: str
    steps: tuple[Step, ...]
    check: str
    cautions: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """A cause that holds. `explained_by`: the code of the cause that it is a mere consequence of."""

    code: str
    slug: str
    title: str
    summary: str
    vip: str
    severity: Severity
    confidence: Confidence
    because: tuple[str, ...]
    ruled_out: tuple[str, ...]
    fixes: tuple[Fix, ...]
    explained_by: str | None


@dataclass(frozen=True)
class Undetermined:
    """A cause that could not be judged: what is missing, how to get it, and whether the evidence points to it."""

    code: str
    slug: str
    title: str
    severity: Severity
    vip: str
    missing: str
    how_to_get: str
    suspected: bool


@dataclass(frozen=True)
class Cleared:
    """A cause that does not hold, and the reason."""

    code: str
    slug: str
    title: str
    vip: str
    reason: str


@dataclass(frozen=True)
class ProbeRun:
    """One probe at one vantage point. `failed` is a defect of the probe; `duration_ms` is null for a replayed one."""

    id: str
    layer: str
    vantage_point: str
    status: ProbeStatus
    reason: str | None
    duration_ms: float | None


@dataclass(frozen=True)
class NextStep:
    """What to do to learn more: where (a machine, in words), why, and the commands to paste there."""

    where: str
    why: str
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """Where a vantage point finds an address: at which MACs, and how it knows."""

    vantage_point: str
    macs: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class Contradiction:
    """What vantage points say of one address that cannot both be so. `what`: whose address it should be."""

    address: str
    what: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Report:
    """Everything that a run has to say. `recordings` are the answers it rests on, for --with and judge."""

    schema: str
    tool_version: str
    made_at: str
    verdict: Verdict
    answer: str
    vantage_points: tuple[VantagePoint, ...]
    vips: tuple[VipVerdict, ...]
    targets: tuple[Target, ...]
    diagnoses: tuple[Diagnosis, ...]
    consequences: tuple[Diagnosis, ...]
    undetermined: tuple[Undetermined, ...]
    cleared: tuple[Cleared, ...]
    not_tested: tuple[str, ...]
    not_seen: tuple[str, ...]
    notices: tuple[str, ...]
    next_steps: tuple[NextStep, ...]
    probes: tuple[ProbeRun, ...]
    paths: tuple[ServicePath, ...] = ()
    recordings: tuple[dict[str, Any], ...] = ()
    contradictions: tuple[Contradiction, ...] = ()

    def of_severity(self, *severities: Severity) -> tuple[Diagnosis, ...]:
        """The diagnoses of these severities, in the report's order."""
        return tuple(each for each in self.diagnoses if each.severity in severities)

    def states(self) -> tuple[tuple[Target, State], ...]:
        """Every target with every state of it."""
        return tuple((target, state) for target in self.targets for state in target.states)
