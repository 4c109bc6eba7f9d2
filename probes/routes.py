"""Which way does the kernel send packets for each VIP, and back to each known client? Which prefixes are on-link?

Cannot see routes of other machines. Policy rules are listed; their effect is in the kernel's own decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from probes.host import Absent, Host, NotAsked
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.routing import (
    ConnectedPrefix,
    ConnectedPrefixes,
    Route,
    RouteTo,
    RoutingRule,
    RoutingRules,
)
from probes.target import Address

SOMEWHERE_ELSE = ip_address("192.0.0.8")  # RFC 7600's dummy address: stands for "not on-link here"
SOMEWHERE_ELSE_IPV6 = ip_address("100::8")  # the same, of the discard-only prefix (RFC 6666)


@dataclass(frozen=True)
class RouteFound:
    """The kernel's decision for one address; None where it has no route."""

    destination: Address
    route: Route | None


@dataclass(frozen=True)
class RouteFacts:
    """Decisions for the VIPs and for the known clients, the default gateway, policy rules and connected prefixes.

    `default_ipv6` is looked up only where a VIP is an IPv6 one.
    """

    to: tuple[RouteFound, ...]
    default: Route | None
    rules: tuple[RoutingRule, ...]
    connected: tuple[ConnectedPrefix, ...]
    default_ipv6: Route | None = None

    def default_towards(self, destination: Address) -> Route | None:
        """The default route of the destination's family."""
        return self.default_of(destination.version)

    def default_of(self, version: int) -> Route | None:
        """The default route of a version of IP."""
        return self.default if version == 4 else self.default_ipv6

    def route(self, destination: Address) -> Route | None:
        """The kernel's decision for a VIP or client of the scope."""
        return next((found.route for found in self.to if found.destination == destination), None)

    def asked(self, destination: Address) -> bool:
        """Whether the kernel was asked for this address at all."""
        return any(found.destination == destination for found in self.to)

    def on_link(self, destination: Address) -> bool:
        """Whether the destination is asked for by ARP on an interface instead of being sent to a gateway."""
        route = self.route(destination)
        return route is not None and route.type == "unicast" and route.gateway is None

    def is_local(self, destination: Address) -> bool:
        """Whether the destination is an address of this very machine."""
        route = self.route(destination)
        return route is not None and route.type == "local"


@probe(Layer.ROUTING, Phase.BEFORE)
def routes(host: Host, scope: Scope) -> RouteFacts:
    """Ask the kernel for each destination of the scope."""
    destinations = dict.fromkeys((*scope.vips, *scope.clients))
    return RouteFacts(
        to=tuple(_found(host, destinations)),
        default=_route(host, SOMEWHERE_ELSE),
        rules=host.ask(RoutingRules()),
        connected=host.ask(ConnectedPrefixes()),
        default_ipv6=_route(host, SOMEWHERE_ELSE_IPV6) if any(v.version == 6 for v in scope.vips) else None,
    )


def _found(host: Host, destinations: Iterable[Address]) -> Iterator[RouteFound]:
    """A recording says nothing of a client that was not known when it was made."""
    for each in destinations:
        try:
            yield RouteFound(each, host.ask(RouteTo(each)))
        except NotAsked:
            continue
        except Absent:
            yield RouteFound(each, None)


def _route(host: Host, destination: Address) -> Route | None:
    try:
        return host.ask(RouteTo(destination))
    except Absent:
        return None
