"""By which interface would this machine's answers to each known client of a VIP leave, and which routing table says so?

An answer of a translated flow is routed while it still carries the endpoint's address as source, and comes in from there:
source translation is undone after routing (netfilter's POSTROUTING), so a rule for the VIP's own address does not catch it.
Asked of the kernel for exactly such packets. Cannot see rules that look at packet marks, which only a packet has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.routing import Route, RouteTo
from probes.service_rules import service_rules
from probes.target import Address

ENDPOINTS_AT_MOST = 4
MAIN_TABLES = {253, 254, 255}
"""default, main and local (linux/rtnetlink.h): what every system has without policy routing."""


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


@dataclass(frozen=True)
class WayBackFacts:
    """One entry per VIP, client and source; none for VIPs that are neither translated nor held here."""

    ways: tuple[WayBack, ...]

    def of(self, vip: Address, client: Address) -> tuple[WayBack, ...]:
        """The ways of answers to this client."""
        return tuple(each for each in self.ways if (each.vip, each.client) == (vip, client))


@probe(Layer.SERVICE)
def ways_back(host: Host, scope: Scope) -> WayBackFacts:
    """Look up each answer's route: from the endpoints that the service rules name, and from the VIP where it is held."""
    rules = service_rules.look(host, scope)
    found: list[WayBack] = []
    for vip in scope.vips:
        clients = [client for client in scope.clients if client.version == vip.version]
        sources = list(_sources(host, vip, [each.address for each in rules.endpoints(vip)]))
        found.extend(
            WayBack(vip, client, source, incoming, _route(host, RouteTo(client, source, incoming)))
            for client in clients
            for source, incoming in sources
        )
    return WayBackFacts(tuple(found))


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
    except Absent:
        return None
