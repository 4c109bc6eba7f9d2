"""What does connection tracking remember of flows to the VIPs: translated to which endpoint, answered or not?

Entries of unanswered TCP attempts live for two minutes, so a client's recent failure is still visible on the host.
Needs CAP_NET_ADMIN.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.firewall import TrackedConnection, TrackedConnections
from probes.target import Address


@dataclass(frozen=True)
class ConnectionFacts:
    """Tracked TCP and UDP connections whose original destination is a VIP of the scope."""

    entries: tuple[TrackedConnection, ...]

    def from_client(self, client: Address, vip: Address) -> tuple[TrackedConnection, ...]:
        """Flows of this client to this VIP."""
        return tuple(e for e in self.entries if e.original.source == client and e.original.destination == vip)


@probe(Layer.SERVICE, Phase.AFTER)
def connections(host: Host, scope: Scope) -> ConnectionFacts:
    """Read the entries, after the traffic."""
    return ConnectionFacts(host.ask(TrackedConnections(scope.vips)))
