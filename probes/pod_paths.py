"""Where an endpoint does not answer: does the kernel send it packets, does it answer ping, does the next hop send them on?

Asked only of endpoints that the service rules name and that were silent when asked directly: those that lie behind a next
hop or a tunnel, and those that the kernel refuses or sends by a table that only policy rules lead to. Cannot see what
happens behind the next hop, which needs a scan there, nor rules that look at packet marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from probes.endpoints import EndpointFound, endpoints
from probes.host import Absent, Host, NotAsked
from probes.interfaces import InterfaceFacts, interfaces
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import HoldingRoute, Route, RoutesThatHold
from probes.questions.traffic import (
    DatagramOutcome,
    Echoes,
    FirstHops,
    Handshake,
)
from probes.target import Address
from probes.ways_back import FORBIDDING, MAIN_TABLES

TUNNELS = ("vxlan", "geneve", "ipip", "sit", "gre", "wireguard", "tun")
SILENT = (Handshake.SILENT, Handshake.UNREACHABLE)
UNHEARD = (DatagramOutcome.SILENT, DatagramOutcome.UNREACHABLE)
PATIENCE_MS = 3500  # a node whose pod is gone says Host Unreachable after three ARP questions, one a second
HOP_PATIENCE_MS = 1500


@dataclass(frozen=True)
class PodPath:
    """One silent endpoint. `next_hop` is None for a tunnel without one; `hop_answers_ping` None where not asked.

    `said` is the next hop's message about a packet that it should send on; `messages` are errors about the ping. `over_udp`:
    only by UDP, where silence says little.
    """

    endpoint: Address
    route: Route
    answers_ping: bool
    messages: tuple[IcmpMessage, ...]
    hop_answers_ping: bool | None
    said: IcmpMessage | None
    over_udp: bool = False

    @property
    def next_hop(self) -> Address | None:
        """By the kernel's route."""
        return self.route.gateway


@dataclass(frozen=True)
class Diverted:
    """A silent endpoint that the kernel refuses (`route` is None, or forbids), or whose table only policy rules lead to.

    `held_by`: the routes of all tables that hold it, longest prefix first; `answers_ping` None where it is refused.
    """

    endpoint: Address
    route: Route | None
    held_by: tuple[HoldingRoute, ...]
    answers_ping: bool | None = None

    @property
    def refused(self) -> bool:
        """Whether the kernel sends it nothing at all."""
        return self.route is None or self.route.type in FORBIDDING

    @property
    def main(self) -> HoldingRoute | None:
        """What the main table by itself decides; None where it has no route."""
        return next((each for each in self.held_by if each.table in MAIN_TABLES), None)

    @property
    def refused_by_main(self) -> bool:
        """Whether that is the main table's own decision; else a policy rule's."""
        return self.refused and (self.main is None or self.main.type in FORBIDDING)

    @property
    def captured(self) -> bool:
        """Whether a policy rule keeps packets from the way that the main table has for just such endpoints."""
        main = self.main
        if main is None or main.type in FORBIDDING or main.prefix.prefixlen == 0:
            return False
        if self.route is None or self.refused:
            return True
        elsewhere = (main.interface, main.gateway) != (self.route.interface, self.route.gateway)
        return elsewhere and self.answers_ping is False


@dataclass(frozen=True)
class PodPathFacts:
    """One path per silent endpoint elsewhere; and those endpoints to which the kernel's own routing leads astray."""

    paths: tuple[PodPath, ...]
    diverted: tuple[Diverted, ...] = ()

    def to(self, endpoint: Address) -> PodPath | None:
        """The path to this endpoint, None where it is not silent or not elsewhere."""
        return next((each for each in self.paths if each.endpoint == endpoint), None)


@probe(Layer.SERVICE, Phase.AFTER)
def pod_paths(host: Host, scope: Scope) -> PodPathFacts:
    """Ping silent endpoints and their next hops, and have the next hop tell what it does with packets for them."""
    links = interfaces.look(host, scope)
    known = endpoints.look(host, scope).endpoints
    elsewhere = [each for each in known if each.route and _is_elsewhere(links, each.route)]
    by_tcp = {each.endpoint.address: each.route for each in elsewhere if each.route and _silent(each)}
    heard = {each.endpoint.address for each in known if each.handshake is not None}
    by_udp = {each.endpoint.address: each.route for each in elsewhere if each.route and _no_datagram(each)}
    only_udp = {end: route for end, route in by_udp.items() if end not in heard}
    try:
        paths = _paths(host, {**by_tcp, **only_udp}, set(only_udp))
    except NotAsked:  # a recording by a version that asked of TCP alone
        paths = _paths(host, by_tcp, set())
    return PodPathFacts(paths, _diverted(host, known))


def _is_elsewhere(links: InterfaceFacts, route: Route) -> bool:
    link = links.by_name(route.interface)
    return bool(route.gateway or (link and link.kind in TUNNELS))


def _paths(host: Host, found: Mapping[Address, Route], only_udp: set[Address]) -> tuple[PodPath, ...]:
    if not found:
        return ()
    hops = tuple(dict.fromkeys(route.gateway for route in found.values() if route.gateway))
    pings = {each.destination: each for each in host.ask(Echoes((*found, *hops), PATIENCE_MS))}
    said = {each.destination: each.message for each in host.ask(FirstHops(tuple(found), HOP_PATIENCE_MS))}
    return tuple(
        PodPath(
            endpoint=end,
            route=route,
            answers_ping=pings[end].round_trip_ms is not None,
            messages=pings[end].messages or (),
            hop_answers_ping=pings[route.gateway].round_trip_ms is not None if route.gateway else None,
            said=said[end],
            over_udp=end in only_udp,
        )
        for end, route in found.items()
    )


def _diverted(host: Host, known: Iterable[EndpointFound]) -> tuple[Diverted, ...]:
    """None that a recording says nothing of."""
    found: dict[Address, Diverted] = {}
    for each in known:
        strange = each.route is None or each.route.type in FORBIDDING or each.route.table not in MAIN_TABLES
        if strange and (_silent(each) or _no_datagram(each)):
            try:
                held = host.ask(RoutesThatHold(each.endpoint.address))
                found[each.endpoint.address] = Diverted(each.endpoint.address, each.route, held)
            except Absent:
                continue
    sent = tuple(each.endpoint for each in found.values() if not each.refused)
    for echo in host.ask(Echoes(sent, HOP_PATIENCE_MS)) if sent else ():
        answers = echo.round_trip_ms is not None
        found[echo.destination] = replace(found[echo.destination], answers_ping=answers)
    return tuple(found.values())


def _no_datagram(found: EndpointFound) -> bool:
    """Of UDP, where most services are silent anyway."""
    return found.datagram is not None and found.datagram.outcome in UNHEARD


def _silent(found: EndpointFound) -> bool:
    """By TCP; a UDP endpoint that is silent may be well."""
    return found.handshake is not None and found.handshake.outcome in SILENT
