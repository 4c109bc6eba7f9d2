"""Where do the endpoints behind a VIP lie (route, MAC), and do they answer when asked directly, past the VIP?

Asked of the endpoints that this machine's own service rules name. A direct answer proves the backend and the pod
network as seen from here; an endpoint on another node may be reachable from here and not from there.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbours
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import (
    DatagramAnswer,
    Datagrams,
    Endpoint,
    Handshake,
    HandshakeAnswer,
    Handshakes,
)
from probes.service_rules import service_rules
from probes.target import Address, Protocol

ENDPOINTS_AT_MOST = 64
UDP_PATIENCE_MS = 300  # a refusal comes at once, and silence says nothing


@dataclass(frozen=True)
class EndpointFound:
    """One endpoint: the kernel's route to it, its MAC where it is on-link and known, and what it answered.

    `next_hop_mac`: of the gateway of that route.

    UDP endpoints are sent a datagram that few services answer: there only a refusal means something.
    """

    endpoint: Endpoint
    protocol: Protocol
    route: Route | None
    mac: str | None
    handshake: HandshakeAnswer | None
    datagram: DatagramAnswer | None
    next_hop_mac: str | None = None

    @property
    def answers(self) -> bool | None:
        """True or False for TCP; None where nothing can be said."""
        if self.handshake is None:
            return None
        return self.handshake.outcome in (Handshake.OPEN, Handshake.SMALL_ONLY, Handshake.RESET)


@dataclass(frozen=True)
class EndpointFacts:
    """Every endpoint of every VIP in scope, as the service rules name them."""

    endpoints: tuple[EndpointFound, ...]

    def of(self, endpoint: Endpoint, protocol: Protocol) -> EndpointFound | None:
        """What is known of this endpoint."""
        return next(
            (each for each in self.endpoints if (each.endpoint, each.protocol) == (endpoint, protocol)), None
        )


@probe(Layer.SERVICE)
def endpoints(host: Host, scope: Scope) -> EndpointFacts:
    """Ask each endpoint directly and look up where it lies."""
    rules = service_rules.look(host, scope)
    found = dict.fromkeys((end, port.protocol) for port in rules.ports for end in port.endpoints)
    chosen = list(found)[:ENDPOINTS_AT_MOST]
    tcp = tuple(end for end, protocol in chosen if protocol is Protocol.TCP)
    udp = tuple(end for end, protocol in chosen if protocol is Protocol.UDP)
    timeout = min(scope.timeout_ms, 1000)
    handshakes = {each.destination: each for each in (host.ask(Handshakes(tcp, timeout)) if tcp else ())}
    datagrams = {
        each.destination: each for each in (host.ask(Datagrams(udp, UDP_PATIENCE_MS)) if udp else ())
    }
    macs = {entry.address: entry.mac for entry in host.ask(Neighbours(Moment.AFTER)) if entry.mac}
    ways = {end.address: _route(host, end.address) for end, _ in chosen}
    hops = {end: route.gateway for end, route in ways.items() if route and route.gateway}
    return EndpointFacts(
        tuple(
            EndpointFound(
                endpoint=end,
                protocol=protocol,
                route=ways[end.address],
                mac=macs.get(end.address),
                handshake=handshakes.get(end) if protocol is Protocol.TCP else None,
                datagram=datagrams.get(end) if protocol is Protocol.UDP else None,
                next_hop_mac=macs.get(hops[end.address]) if end.address in hops else None,
            )
            for end, protocol in chosen
        )
    )


def _route(host: Host, destination: Address) -> Route | None:
    try:
        return host.ask(RouteTo(destination))
    except Absent:
        return None
