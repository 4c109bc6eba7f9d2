"""Does anybody answer neighbour solicitations for an IPv6 VIP: those sent by multicast, and those to stations' own MACs?

The second question is put only where nobody answered the first, to every station of the link that is known or answers an
echo request to all nodes, once the kernel has given up asking, lest it take the answer and the VIP work for half a minute.
An answer to it alone means that the announcer is there and does not hear the multicast one. Needs CAP_NET_RAW.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address

from probes.host import Absent, Denied, Host
from probes.probe import Layer, Scope, probe
from probes.questions.links import Link, Links
from probes.questions.machine import Moment
from probes.questions.neighbours import (
    ArpReply,
    Neighbour,
    Neighbours,
    NeighbourSolicitations,
    Solicited,
)
from probes.questions.routing import Route, RouteTo
from probes.routes import SOMEWHERE_ELSE_IPV6
from probes.target import Address

OTHERS_AT_MOST = 16


@dataclass(frozen=True)
class LinkAsked:
    """What was asked on one interface, and what came of it."""

    interface: str
    asked: tuple[IPv6Address, ...]
    solicited: Solicited


@dataclass(frozen=True)
class NeighbourDiscoveryFacts:
    """One entry per interface by which an IPv6 VIP is on-link."""

    links: tuple[LinkAsked, ...]

    def heard_directly(self, vip: Address) -> tuple[str, ...]:
        """The MACs of stations that answer for the VIP when a frame is sent to their own MAC, and only then."""
        replies = (reply for link in self.links for reply in link.solicited.directly if reply.address == vip)
        return tuple(dict.fromkeys(reply.mac for reply in replies))

    def stations(self, vip: Address) -> tuple[str, ...]:
        """The MACs that were asked directly for the VIP."""
        return tuple(mac for link in self.links if vip in link.asked for mac in link.solicited.stations)

    def others(self, vip: Address) -> tuple[ArpReply, ...]:
        """Answers to multicast solicitations for other addresses, on the VIP's link."""
        return tuple(
            reply
            for link in self.links
            if vip in link.asked
            for reply in link.solicited.replies
            if reply.address != vip
        )


@probe(Layer.NEIGHBOUR)
def neighbour_discovery(host: Host, scope: Scope) -> NeighbourDiscoveryFacts:
    """Ask on each interface by which an IPv6 VIP is on-link."""
    return NeighbourDiscoveryFacts(
        tuple(
            LinkAsked(question.interface, question.addresses, host.ask(question))
            for question in solicitations(host, scope)
        )
    )


def solicitations(host: Host, scope: Scope) -> tuple[NeighbourSolicitations, ...]:
    """One question per interface: for the VIPs, the gateway, and a few known neighbours, which should answer."""
    wanted: dict[tuple[str, IPv6Address], list[IPv6Address]] = {}
    for vip in scope.vips:
        route = _route(host, vip) if isinstance(vip, IPv6Address) else None
        if route is None or route.type != "unicast" or route.gateway or not route.interface:
            continue
        if isinstance(vip, IPv6Address) and isinstance(route.source, IPv6Address):
            wanted.setdefault((route.interface, route.source), []).append(vip)
    if not wanted:
        return ()
    links = {link.name: link for link in host.ask(Links())}
    known = (*host.ask(Neighbours(Moment.AFTER_TRAFFIC)), *host.ask(Neighbours(Moment.BEFORE)))
    return tuple(
        _question(
            host, scope, links[name], source, vips, [e for e in known if e.interface == links[name].index]
        )
        for (name, source), vips in wanted.items()
        if name in links
    )


def _question(
    host: Host,
    scope: Scope,
    link: Link,
    source: IPv6Address,
    vips: list[IPv6Address],
    known: Iterable[Neighbour],
) -> NeighbourSolicitations:
    usable = [entry for entry in known if entry.mac and entry.address not in vips]
    neighbours = (entry.address for entry in usable if isinstance(entry.address, IPv6Address))
    gateway = _gateway(host, link.name)
    others = dict.fromkeys((*([gateway] if gateway else []), *neighbours))
    return NeighbourSolicitations(
        interface=link.name,
        source=source,
        link_local=next(usable_link_locals(link), None),
        addresses=(*vips, *list(others)[:OTHERS_AT_MOST]),
        vips=tuple(vips),
        macs=tuple(dict.fromkeys(entry.mac for entry in usable if entry.mac)),
        window_ms=scope.arp_window_ms,
    )


def usable_link_locals(link: Link) -> Iterator[IPv6Address]:
    """The link-local addresses of an interface that programs can bind and the kernel answers for."""
    for own in link.addresses:
        if isinstance(own.address, IPv6Address) and own.address.is_link_local and own.state is None:
            yield own.address


def heard(host: Host, question: NeighbourSolicitations) -> tuple[ArpReply, ...] | None:
    """Answers to multicast solicitations; None where they may not be sent from here."""
    try:
        return host.ask(question).replies
    except Denied:
        return None


def _gateway(host: Host, interface: str) -> IPv6Address | None:
    route = _route(host, SOMEWHERE_ELSE_IPV6)
    if route and route.interface == interface and isinstance(route.gateway, IPv6Address):
        return route.gateway
    return None


def _route(host: Host, destination: Address) -> Route | None:
    try:
        return host.ask(RouteTo(destination))
    except Absent:
        return None
