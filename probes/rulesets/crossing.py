"""What one netfilter hook does with a described packet: the result of a walk."""

from __future__ import annotations

from dataclasses import dataclass

from probes.questions.traffic import Endpoint
from probes.rulesets.lookup import Element
from probes.rulesets.model import Backend, BaseChain, Rule, RuleCounters
from probes.rulesets.truth import Mark, Truth
from probes.rulesets.verdicts import Decision


@dataclass(frozen=True)
class Step:
    """A rule passed on the way to an event, with the map element that led on where there was one."""

    rule: Rule
    element: Element | None = None


Path = tuple[Step, ...]


@dataclass(frozen=True)
class Event:
    """Something that happens to the packet: by the last rule of `path`, or by the base chain's policy (no path)."""

    base: BaseChain
    certain: bool
    mark: Mark
    path: Path

    @property
    def backend(self) -> Backend:
        """Which ruleset did it."""
        return self.base.backend

    @property
    def chain(self) -> str:
        """The chain that the deciding rule stands in."""
        return self.path[-1].rule.chain if self.path else self.base.name

    @property
    def text(self) -> str:
        """The deciding rule as its tool writes it; a policy as `policy drop`."""
        if not self.path:
            return f"policy {self.base.policy}"
        step = self.path[-1]
        return f"{step.rule.text} [{step.element.text}]" if step.element else step.rule.text

    @property
    def counters(self) -> RuleCounters | None:
        """What the kernel counted there; None where the dump has no counter."""
        return self.path[-1].rule.counters if self.path else self.base.counters


@dataclass(frozen=True)
class Verdict(Event):
    """Accept, drop or reject."""

    decision: Decision = "accept"

    @property
    def stops(self) -> bool:
        """Is the packet refused?"""
        return self.decision != "accept"


@dataclass(frozen=True)
class Translation(Event):
    """DNAT to an endpoint; None where the dump does not tell where to."""

    endpoint: Endpoint | None = None


@dataclass(frozen=True)
class Hiding(Event):
    """The source is replaced by an address of this machine."""


@dataclass(frozen=True)
class Marking(Event):
    """The mark is changed; `mark` is the mark before."""


@dataclass(frozen=True)
class Crossing:
    """What one hook does with the packet.

    `untranslated`: does it leave the hook with its own destination? `hidden`: is its source replaced? `continues`: does
    it leave the hook at all? `mark`: the mark it leaves with. `unclear`: texts of what may do anything. `bounded`: the
    walk was cut off (loop, depth, size), so that nothing in it is certain.
    """

    verdicts: tuple[Verdict, ...]
    translations: tuple[Translation, ...]
    markings: tuple[Marking, ...]
    untranslated: Truth
    hidden: Truth
    continues: Truth
    mark: Mark
    unclear: tuple[str, ...]
    visited: frozenset[tuple[str, str]]
    bounded: bool

    @property
    def stops(self) -> tuple[Verdict, ...]:
        """Drops and rejects, certain or possible."""
        return tuple(verdict for verdict in self.verdicts if verdict.stops)
