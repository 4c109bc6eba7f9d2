"""What one vantage point found: per fact type, facts that were Seen, or Unseen with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from probes.host import Denied, Unanswered
from probes.probe import Probe
from probes.questions.cluster import RBAC

F = TypeVar("F")


@dataclass(frozen=True)
class Seen(Generic[F]):
    """Facts, and how long the probe took (ms)."""

    probe: Probe[F]
    facts: F
    duration_ms: float


@dataclass(frozen=True)
class Unseen(Generic[F]):
    """No facts, and why: in one sentence, with the missing right if one is missing.

    `crashed` marks a defect of the probe itself, which is shown as such and never as a finding.
    """

    probe: Probe[F]
    reason: str
    right: str | None = None
    duration_ms: float = 0.0
    crashed: bool = False

    @classmethod
    def because(cls, probe: Probe[F], error: Unanswered, duration_ms: float) -> Unseen[F]:
        """From the answer that the machine did not give."""
        right = error.right if isinstance(error, Denied) else None
        return cls(probe, str(error), right, duration_ms)


class MissingFacts(Exception):
    """A rule asked for facts that no probe could see from there. Becomes the verdict Undetermined."""

    def __init__(self, what: str, vantage_point: str | None, how_to_get: str) -> None:
        super().__init__(what)
        self.what, self.vantage_point, self.how_to_get = what, vantage_point, how_to_get


class Findings:
    """The findings of one vantage point; `findings[ArpFacts]` gives the facts or raises MissingFacts."""

    def __init__(self, vantage_point: str, found: Iterable[Seen[Any] | Unseen[Any]]) -> None:
        self.vantage_point = vantage_point
        self.all = tuple(found)
        self._by_type = {each.probe.facts: each for each in self.all}

    def __getitem__(self, fact_type: type[F]) -> F:
        found = self._by_type.get(fact_type)
        if isinstance(found, Seen):
            facts: F = found.facts
            return facts
        raise self._missing(fact_type, found)

    def get(self, fact_type: type[F]) -> F | None:
        """The facts, or None where they were not seen: for evidence that helps but is not needed."""
        found = self._by_type.get(fact_type)
        return found.facts if isinstance(found, Seen) else None

    def _missing(self, fact_type: type[Any], found: Unseen[Any] | None) -> MissingFacts:
        if found is None:
            what = f"{fact_type.__name__.removesuffix('Facts')} was not asked on {self.vantage_point}"
            return MissingFacts(
                what, self.vantage_point, f"scan on {self.vantage_point} without --only or --skip"
            )
        how = f"probe {found.probe.id}: {found.reason}"
        if found.right:
            how = f"run the scan on {self.vantage_point} as root"
            if found.right.startswith(RBAC):
                how = f"let the account of {self.vantage_point} read it: docs/cluster-access.yaml"
        return MissingFacts(
            f"{found.probe.id} on {self.vantage_point}: {found.reason}", self.vantage_point, how
        )
