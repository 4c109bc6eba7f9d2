"""Where an endpoint beyond another machine does not answer: does it answer ping, and does the next hop send packets on?

Asked only of endpoints that the service rules name, that lie behind a next hop or a tunnel, and that were silent when
asked directly. Cannot see what happens behind the next hop: that needs a scan there.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.endpoints import EndpointFound, endpoints
from probes.host import Host
from probes.interfaces import interfaces
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import Route
from probes.questions.traffic import (
    Echoes,
    FirstHops,
    Handshake,
)
from probes.target import Address

TUNNELS = ("vxlan", "geneve", "ipip", "sit", "gre", "wireguard", "tun")
SILENT = (Handshake.SILENT, Handshake.UNREACHABLE)
PATIENCE_MS = 3500  # a node whose pod is gone says Host Unreachable after three ARP questions, one a second
HOP_PATIENCE_MS = 1500


@dataclass(frozen=True)
class PodPath:
    """One silent endpoint. `next_hop` is None for a tunnel without one; `hop_answers_ping` None where not asked.

    `said` is the next hop's message about a packet that it should send on; `messages` are errors about the ping.
    """

    endpoint: Address
    route: Route
    answers_ping: bool
    messages: tuple[IcmpMessage, ...]
    hop_answers_ping: bool | None
    said: IcmpMessage | None

    @property
    def next_hop(self) -> Address | None:
        """By the kernel's route."""
        return self.route.gateway


@dataclass(frozen=True)
class PodPathFacts:
    """One path per silent endpoint elsewhere."""

    paths: tuple[PodPath, ...]

    def to(self, endpoint: Address) -> PodPath | None:
        """The path to this endpoint, None where it is not silent or not elsewhere."""
        return next((each for each in self.paths if each.endpoint == endpoint), None)


@probe(Layer.SERVICE, Phase.AFTER)
def pod_paths(host: Host, scope: Scope) -> PodPathFacts:
    """Ping silent endpoints and their next hops, and have the next hop tell what it does with packets for them."""
    links = interfaces.look(host, scope)
    found: dict[Address, Route] = {}
    for each in endpoints.look(host, scope).endpoints:
        link = links.by_name(each.route.interface) if each.route else None
        if each.route and _silent(each) and (each.route.gateway or (link and link.kind in TUNNELS)):
            found[each.endpoint.address] = each.route
    if not found:
        return PodPathFacts(())
    hops = tuple(dict.fromkeys(route.gateway for route in found.values() if route.gateway))
    pings = {each.destination: each for each in host.ask(Echoes((*found, *hops), PATIENCE_MS))}
    said = {each.destination: each.message for each in host.ask(FirstHops(tuple(found), HOP_PATIENCE_MS))}
    return PodPathFacts(
        tuple(
            PodPath(
                endpoint=end,
                route=route,
                answers_ping=pings[end].round_trip_ms is not None,
                messages=pings[end].messages or (),
                hop_answers_ping=pings[route.gateway].round_trip_ms is not None if route.gateway else None,
                said=said[end],
            )
            for end, route in found.items()
        )
    )


def _silent(found: EndpointFound) -> bool:
    """By TCP; a UDP endpoint that is silent may be well."""
    return found.handshake is not None and found.handshake.outcome in SILENT
