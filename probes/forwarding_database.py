"""Behind which bridge port does each MAC live (FDB), and which MACs are the bridge's and its ports' own?

Cannot see a station that has been silent for longer than the bridge's ageing time (300 s by default).
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.links import FdbEntry, ForwardingDatabase


@dataclass(frozen=True)
class ForwardingDatabaseFacts:
    """Unicast entries of every bridge."""

    entries: tuple[FdbEntry, ...]

    def learned(self, mac: str) -> tuple[FdbEntry, ...]:
        """Entries that say behind which port a station of this MAC was heard (or was set by hand)."""
        return tuple(entry for entry in self.entries if entry.mac == mac and not entry.own)

    def knows(self, mac: str, bridge: int) -> bool:
        """Whether the bridge has any entry for the MAC: without one it floods frames to it out of every port.

        An entry without a bridge is no forwarding entry but the device's list of addresses to receive, which the
        kernel shows in the same dump (ndo_dflt_fdb_dump, net/core/rtnetlink.c); a macvlan puts its MAC there.
        """
        return any(entry.mac == mac and entry.bridge == bridge for entry in self.entries)


@probe(Layer.BRIDGE, Phase.AFTER)
def forwarding_database(host: Host, _: Scope) -> ForwardingDatabaseFacts:
    """Read the FDB, after the traffic that teaches it."""
    return ForwardingDatabaseFacts(host.ask(ForwardingDatabase()))
