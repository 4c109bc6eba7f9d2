"""What a rule demands of a packet, evaluated to yes, no or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.rulesets.fields import Field, member
from probes.rulesets.lookup import Lookup
from probes.rulesets.packet import Packet
from probes.rulesets.truth import Mark, Truth
from probes.rulesets.values import Values


@dataclass(frozen=True)
class In:
    """The packet's field is (or, negated, is not) one of the values."""

    field: Field
    values: Values
    negated: bool = False

    def holds(self, packet: Packet, _: Mark) -> Truth:
        """Evaluate; an unknown source is told by `source_outside` where that suffices."""
        return member(self.field, self.values, packet).negated(self.negated)


@dataclass(frozen=True)
class Among:
    """Several fields together are among the keys of a set (nft concatenation)."""

    lookup: Lookup
    negated: bool = False

    def holds(self, packet: Packet, _: Mark) -> Truth:
        """Evaluate; a set whose members may be incomplete never says no."""
        found = [truth for truth, _ in self.lookup.found(packet)]
        if Truth.YES in found:
            return Truth.YES.negated(self.negated)
        return Truth.UNKNOWN if found or not self.lookup.complete else Truth.NO.negated(self.negated)


@dataclass(frozen=True)
class StateIn:
    """Conntrack state or status (new, established, related, invalid, dnat, ...) is one of these."""

    states: frozenset[str]
    negated: bool = False

    def holds(self, packet: Packet, _: Mark) -> Truth:
        """Evaluate."""
        if packet.state is None:
            return Truth.UNKNOWN
        return Truth.of(bool(self.states & packet.state)).negated(self.negated)


@dataclass(frozen=True)
class MarkIs:
    """`mark & mask` equals the value."""

    value: int
    mask: int
    negated: bool = False

    def holds(self, _: Packet, mark: Mark) -> Truth:
        """Evaluate against the mark the packet has at this rule."""
        return mark.equals(self.value, self.mask).negated(self.negated)


@dataclass(frozen=True)
class IsLocal:
    """The address is one of this machine's (addrtype LOCAL, fib type local)."""

    end: Literal["source", "destination"]
    negated: bool = False

    def holds(self, packet: Packet, _: Mark) -> Truth:
        """Evaluate."""
        local = packet.source_local if self.end == "source" else packet.destination_local
        return Truth.of(local).negated(self.negated)


@dataclass(frozen=True)
class IsBridged:
    """The frame goes from bridge port to bridge port (physdev-is-bridged)."""

    negated: bool = False

    def holds(self, packet: Packet, _: Mark) -> Truth:
        """Evaluate."""
        return Truth.of(packet.bridged).negated(self.negated)


@dataclass(frozen=True)
class Opens:
    """A TCP SYN that opens a connection (--syn)."""

    negated: bool = False

    def holds(self, packet: Packet, _: Mark) -> Truth:
        """Evaluate: a packet in state new is such a SYN where it is TCP."""
        if packet.protocol is None or packet.state is None:
            return Truth.UNKNOWN
        return Truth.of(packet.protocol == "tcp" and "new" in packet.state).negated(self.negated)


@dataclass(frozen=True)
class NotTold:
    """Something a description of a packet does not tell: chance, rate, sets outside the dump, time, owner."""

    text: str

    def holds(self, _: Packet, __: Mark) -> Truth:
        """Always unknown."""
        return Truth.UNKNOWN


Condition = In | Among | StateIn | MarkIs | IsLocal | IsBridged | Opens | NotTold
CONDITIONS = (In, Among, StateIn, MarkIs, IsLocal, IsBridged, Opens, NotTold)
