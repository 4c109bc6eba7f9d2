"""What a walk carries from rule to rule: the mark, and whether the packet surely gets here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from probes.rulesets.crossing import Path
from probes.rulesets.model import BaseChain, Ruleset
from probes.rulesets.truth import Mark


@dataclass(frozen=True)
class State:
    """The packet's changing part at one rule."""

    mark: Mark
    certain: bool

    @property
    def maybe(self) -> State:
        """The same, no longer certain."""
        return State(self.mark, False) if self.certain else self


def joined(states: Iterable[State | None], certain: bool) -> State | None:
    """One state for all ways that meet here; None where no way leads here."""
    marks = [state.mark for state in states if state]
    if not marks:
        return None
    mark = marks[0]
    for other in marks[1:]:
        mark = mark.merged(other)
    return State(mark, certain)


@dataclass
class Frame:
    """One call of a chain: the rules that led to it, the chains being run, and the states that returned from it."""

    ruleset: Ruleset
    base: BaseChain
    path: Path
    callers: tuple[str, ...]
    returned: list[State] = field(default_factory=list)
    passed: list[State] = field(default_factory=list)
