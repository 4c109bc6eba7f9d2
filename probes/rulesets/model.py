"""A ruleset of either backend as data: base chains, chains, rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from probes.rulesets.actions import Action
from probes.rulesets.conditions import Condition, In
from probes.rulesets.nftables_sets import Sets

Backend = Literal["iptables-nft", "iptables-legacy", "nftables"]
Hook = Literal["prerouting", "input", "forward", "output", "postrouting"]


class BadRuleset(ValueError):
    """A ruleset that cannot be read; the message is one sentence for the user."""


@dataclass(frozen=True)
class RuleCounters:
    """What the kernel counted at a rule or policy."""

    packets: int
    bytes: int


@dataclass(frozen=True)
class Rule:
    """One rule: conditions and actions in the order they are worked off.

    `text` is the rule as its own tool writes it, without counters; `line` the line of the dump or nft's handle.
    """

    chain: str
    steps: tuple[Condition | Action, ...]
    text: str
    line: int
    counters: RuleCounters | None = None
    comment: str | None = None

    @property
    def destinations(self) -> tuple[In, ...]:
        """The conditions on the destination address."""
        return tuple(step for step in self.steps if isinstance(step, In) and step.field == "destination")


@dataclass(frozen=True)
class Chain:
    """A chain; its rules are compiled when first asked for, since most chains of a big ruleset are never walked."""

    table: str
    name: str
    compile: Callable[[], tuple[Rule, ...]] = field(repr=False, compare=False)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in order."""
        return self.compile()


@dataclass(frozen=True)
class BaseChain:
    """A chain that the kernel calls at a hook. `family` is ip, ip6, inet or bridge; lower `priority` comes first."""

    backend: Backend
    family: str
    table: str
    name: str
    hook: str
    kind: str
    priority: int
    policy: Literal["accept", "drop"]
    counters: RuleCounters | None = None


@dataclass(frozen=True)
class Ruleset:
    """All tables of one backend; `chains` by (table, chain name), nftables' table names carry their family.

    `translates`: does it hold DNAT rules or kube-proxy's? `populated`: any rule at all? `sets`: nftables' by table.
    """

    backend: Backend
    bases: tuple[BaseChain, ...]
    chains: Mapping[tuple[str, str], Chain] = field(repr=False)
    translates: bool = False
    populated: bool = False
    sets: Mapping[str, Sets] = field(default_factory=dict, repr=False, compare=False)

    def chain(self, table: str, name: str) -> Chain | None:
        """The chain, None where the ruleset has none of this name."""
        return self.chains.get((table, name))

    def tables(self) -> tuple[str, ...]:
        """Names of all tables, each once."""
        return tuple(dict.fromkeys(table for table, _ in self.chains))
