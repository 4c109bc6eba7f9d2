"""The description of a packet whose way through a ruleset is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from probes.rulesets.truth import NO_MARK, Mark
from probes.target import Address, Network

NEW = frozenset({"new"})
NEW_AND_TRANSLATED = frozenset({"new", "dnat"})


@dataclass(frozen=True)
class Packet:
    """What is known of a packet; None is unknown everywhere, "" for an interface is "there is none".

    `source_outside`: the source is unknown but lies in none of these networks. `incoming_outside`: the same for the
    incoming interface, where "cali+" stands for all names with that beginning. `source_local`, `destination_local`: is
    it an address of this machine? `bridged`: handed to the IP hooks by br_netfilter, on its way from port to port; then
    `incoming` and `outgoing` are the bridge. `state`: conntrack state and status in lower case ("new", "dnat", ...).
    """

    destination: Address
    protocol: str | None = None
    port: int | None = None
    source: Address | None = None
    source_outside: tuple[Network, ...] = ()
    source_local: bool | None = False
    destination_local: bool | None = None
    incoming: str | None = None
    incoming_outside: tuple[str, ...] = ()
    outgoing: str | None = None
    physdev_in: str | None = None
    physdev_out: str | None = ""
    bridged: bool | None = False
    state: frozenset[str] | None = NEW
    mark: Mark = NO_MARK

    @property
    def family(self) -> int:
        """4 or 6."""
        return self.destination.version
