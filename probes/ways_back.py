"""By which interface would this machine's answers to each known or likely client of a VIP leave, and by which routing table?

Likely clients are those whose packets to a VIP are tracked, and stations in the neighbour cache where the VIP is on-link: so
a report that was made without the client's can be merged with it later.

An answer of a translated flow is routed while it still carries the endpoint's address as source, and comes in from there:
source translation is undone after routing (netfilter's POSTROUTING), so a rule for the VIP's own address does not catch it.
Asked of the kernel for exactly such packets. Cannot see rules that look at packet marks, which only a packet has, nor all
stations of a large network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from probes.host import Absent, Host, NotAsked, listed
from probes.neighbours import asked_in_vain
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.firewall import TrackedConnections
from probes.questions.links import Links
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbours
from probes.questions.routing import HoldingRoute, Route, RoutesThatHold, RouteTo
from probes.service_rules import service_rules
from probes.target import Address

ENDPOINTS_AT_MOST = 4
LIKELY_AT_MOST = 12
"""Clients per VIP that nobody has named; each costs up to five questions to the kernel, which take microseconds."""
MAIN_TABLES = {253, 254, 255}
"""default, main and local (linux/rtnetlink.h): what every system has without policy routing."""
FORBIDDING = ("blackhole", "unreachable", "prohibit")
"""Types of routes, and actions of policy rules, that refuse (ip-route(8))."""


@dataclass(frozen=True)
class WayBack:
    """The kernel's decision for an answer to `client` that carries `source` and came in by `incoming` (None: from here).

    `route` is None where the kernel finds none, or one that forbids it.
    """

    vip: Address
    client: Address
    source: Address
    incoming: str | None
    route: Route | None

    @property
    def by_policy(self) -> bool:
        """Whether a table decided that only policy rules lead to."""
        return self.route is not None and self.route.table not in MAIN_TABLES

    @property
    def refused(self) -> bool:
        """Whether the kernel sends no such answer at all; of IPv6, it names some routes that forbid (net/ipv6/route.c)."""
        return self.route is None or self.route.type in FORBIDDING


@dataclass(frozen=True)
class Refused:
    """A client to whom the kernel sends no answer, and the routes that hold its address, longest prefix first."""

    client: Address
    routes: tuple[HoldingRoute, ...]

    @property
    def deciding(self) -> HoldingRoute | None:
        """The main table's own decision; None where it has no route."""
        return next((each for each in self.routes if each.table in MAIN_TABLES), None)


@dataclass(frozen=True)
class WayBackFacts:
    """One entry per VIP, client and source; none for VIPs that are neither translated nor held here.

    `silent`: gateways of these ways for whose MAC the kernel asked in vain.
    `refused`: of the clients for whom some answer has no route, those whose routes could be listed.
    """

    ways: tuple[WayBack, ...]
    silent: tuple[Address, ...] = ()
    refused: tuple[Refused, ...] = ()

    def refusal(self, client: Address) -> Refused | None:
        """What is known of a client to whom no answer goes."""
        return next((each for each in self.refused if each.client == client), None)

    def of(self, vip: Address, client: Address) -> tuple[WayBack, ...]:
        """The ways of answers to this client."""
        return tuple(each for each in self.ways if (each.vip, each.client) == (vip, client))


@probe(Layer.SERVICE, Phase.AFTER)
def ways_back(host: Host, scope: Scope) -> WayBackFacts:
    """Look up each answer's route: from the endpoints that the service rules name, and from the VIP where it is held."""
    rules = service_rules.look(host, scope)
    found: list[WayBack] = []
    for vip in scope.vips:
        sources = list(_sources(host, vip, [each.address for each in rules.endpoints(vip)]))
        for client in _clients(host, scope, vip):
            found.extend(_ways(host, vip, client, sources))
    refused = dict.fromkeys(way.client for way in found if way.refused)
    return WayBackFacts(tuple(found), _silent(host, found), tuple(_refused(host, refused)))


def _silent(host: Host, ways: Iterable[WayBack]) -> tuple[Address, ...]:
    """Asked for in vain on the interface of the way: fe80::1 is another router on each link."""
    hops = {(each.route.gateway, each.route.interface) for each in ways if each.route}
    gateways = sorted((hop for hop in hops if hop[0] is not None), key=str)
    cache = (listed(host, Neighbours(Moment.AFTER)) or ()) if gateways else ()
    names = {link.index: link.name for link in listed(host, Links()) or ()} if cache else {}
    found = [
        asked_in_vain((each for each in cache if names.get(each.interface) == interface), (gateway,))
        for gateway, interface in gateways
        if gateway is not None
    ]
    return tuple(dict.fromkeys(chain.from_iterable(found)))


def _refused(host: Host, clients: Iterable[Address]) -> Iterator[Refused]:
    """None that a recording says nothing of."""
    for client in clients:
        try:
            yield Refused(client, host.ask(RoutesThatHold(client)))
        except Absent:
            continue


def _ways(
    host: Host, vip: Address, client: Address, sources: Iterable[tuple[Address, str | None]]
) -> Iterator[WayBack]:
    """None that a recording says nothing of."""
    for source, incoming in sources:
        try:
            yield WayBack(vip, client, source, incoming, _route(host, RouteTo(client, source, incoming)))
        except NotAsked:
            continue


def _clients(host: Host, scope: Scope, vip: Address) -> tuple[Address, ...]:
    """Those known by their reports, and the likely ones that the kernel has a way to."""
    known = [client for client in scope.clients if client.version == vip.version]
    likely = dict.fromkeys((*_tracked(host, scope, vip), *_neighbours(host, vip)))
    others = (each for each in likely if each not in known and each != vip and _is_elsewhere(host, each))
    return (*known, *islice(others, LIKELY_AT_MOST))


def _tracked(host: Host, scope: Scope, vip: Address) -> Iterator[Address]:
    """Who has sent to the VIP, as connection tracking remembers it."""
    for each in listed(host, TrackedConnections(scope.vips)) or ():
        if each.original.destination == vip:
            yield each.original.source


def _neighbours(host: Host, vip: Address) -> Iterator[Address]:
    """Stations with a MAC on the interface by which the VIP would be reached; on any where it is routed away or held."""
    route = _route(host, RouteTo(vip))
    name = route.interface if route and route.type == "unicast" and route.gateway is None else None
    here = {link.index for link in listed(host, Links()) or () if link.name == name}
    known = (listed(host, Neighbours(moment)) or () for moment in (Moment.BEFORE, Moment.AFTER))
    for each in chain(*known):
        if each.mac and each.address.version == vip.version and (not here or each.interface in here):
            yield each.address


def _is_elsewhere(host: Host, client: Address) -> bool:
    """Also has the kernel say by which interface it expects that client, for whoever reads the recording."""
    try:
        route = _route(host, RouteTo(client))
    except NotAsked:
        return False
    return route is None or route.type != "local"


def _sources(host: Host, vip: Address, endpoints: list[Address]) -> Iterator[tuple[Address, str | None]]:
    """Source and incoming interface of answers."""
    for address in list(dict.fromkeys(endpoints))[:ENDPOINTS_AT_MOST]:
        route = _route(host, RouteTo(address))
        if route is not None and route.type == "local":
            yield address, None
        elif route is not None and route.interface:
            yield address, route.interface
    own = _route(host, RouteTo(vip))
    if own is not None and own.type == "local":
        yield vip, None


def _route(host: Host, question: RouteTo) -> Route | None:
    try:
        return host.ask(question)
    except NotAsked:
        raise
    except Absent:
        return None
