"""Which BGP sessions (TCP port 179, RFC 4271) does this machine hold, and with whom?

Cannot see what is advertised in them, nor who speaks: it may be MetalLB, Calico or a router daemon. Sessions of a pod
with its own network namespace are invisible here.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.sockets import TcpConnection, TcpConnections
from probes.target import Address

BGP_PORT = 179


@dataclass(frozen=True)
class BgpSessionFacts:
    """TCP connections with port 179 at either end, in any state."""

    connections: tuple[TcpConnection, ...]

    def established_peers(self) -> tuple[Address, ...]:
        """Addresses of peers with an established session, loopback left out."""
        peers = (each.remote.address for each in self.connections if each.state == "ESTABLISHED")
        return tuple(dict.fromkeys(peer for peer in peers if not peer.is_loopback))


@probe(Layer.ANNOUNCEMENT)
def bgp_sessions(host: Host, _: Scope) -> BgpSessionFacts:
    """Read the connections."""
    return BgpSessionFacts(host.ask(TcpConnections(BGP_PORT)))
