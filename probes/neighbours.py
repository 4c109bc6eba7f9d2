"""What does the neighbour cache say, as it was before this scan sent anything?

Cannot see the caches of other machines: a gateway may hold another entry than we do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbour, Neighbours
from probes.target import Address

UNUSABLE = {"FAILED", "INCOMPLETE", "NONE"}


@dataclass(frozen=True)
class NeighbourFacts:
    """Entries of both families; `entry` is one whose MAC the kernel would use."""

    entries: tuple[Neighbour, ...]

    def entry(self, address: Address, interface: int | None = None) -> Neighbour | None:
        """The usable entry for an address, if there is one; a link-local one may be on several interfaces."""
        usable = (
            each
            for each in self.entries
            if each.address == address and each.state not in UNUSABLE and interface in (None, each.interface)
        )
        return next((each for each in usable if each.mac), None)


def asked_in_vain(entries: Iterable[Neighbour], addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Those of the addresses for whose MAC the kernel has asked without an answer, or still asks (ip-neighbour(8))."""
    entries = tuple(entries)
    known = {each.address for each in entries if each.mac and each.state not in UNUSABLE}
    asked = {each.address for each in entries if each.state in ("FAILED", "INCOMPLETE")}
    return tuple(dict.fromkeys(each for each in addresses if each in asked - known))


@probe(Layer.NEIGHBOUR, Phase.BEFORE)
def neighbours(host: Host, _: Scope) -> NeighbourFacts:
    """Read the cache before any traffic: a reply to our own ARP question would heal a stale entry."""
    return NeighbourFacts(host.ask(Neighbours(Moment.BEFORE)))
