"""By which interface does this machine hear the other vantage points, and with which MAC do they answer ARP now?

Asked for the addresses of clients whose reports are at hand, where they are on-link. Bridges forget a silent station after
300 s, and a plain NIC keeps no table at all: the answer tells where a client hangs, and refreshes the bridge's memory before
it is read. A client that the neighbour cache knows is asked at its MAC, not by broadcast: a router's late proxy ARP answer
would replace a good entry. A permanent entry is replaced by nothing, and may be wrong: then it is asked by broadcast. IPv6
clients are asked, by neighbour solicitations, only where the kernel takes them to be on another interface than the VIPs: on
theirs they are asked beside the VIPs. Cannot see clients behind a router. Needs CAP_NET_RAW.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from probes.host import Absent, Host, NotAsked
from probes.probe import Layer, Scope, probe
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, ArpSweep, Neighbours, NeighbourSolicitations
from probes.questions.routing import Route, RouteTo
from probes.target import Address


@dataclass(frozen=True)
class ClientHeard:
    """An answer to our ARP request, or neighbour solicitation, for a client's address."""

    address: Address
    interface: str
    mac: str


@dataclass(frozen=True)
class ClientLinkFacts:
    """Every answer; a client that is routed, local or silent has none. `asked_ipv6`: the IPv6 clients that were asked."""

    heard: tuple[ClientHeard, ...]
    asked_ipv6: tuple[IPv6Address, ...] = ()

    def of(self, address: Address | None, mac: str) -> ClientHeard | None:
        """The answer for this address with this MAC."""
        return next((each for each in self.heard if (each.address, each.mac) == (address, mac)), None)


@probe(Layer.NEIGHBOUR)
def client_links(host: Host, scope: Scope) -> ClientLinkFacts:
    """Ask for every client on its own link."""
    wanted: dict[tuple[str, IPv4Address], list[IPv4Address]] = {}
    for client in scope.clients:
        route = _route(host, client)
        if not (isinstance(client, IPv4Address) and route and route.type == "unicast" and not route.gateway):
            continue
        if route.interface and isinstance(route.source, IPv4Address):
            wanted.setdefault((route.interface, route.source), []).append(client)
    ipv4 = [
        ClientHeard(reply.address, interface, reply.mac)
        for (interface, source), clients in wanted.items()
        for reply in _answers(host, _sweep(host, scope, interface, source, clients))
    ]
    ipv6 = dict(_ipv6(host, scope))
    heard = (each for answers in ipv6.values() for each in answers)
    return ClientLinkFacts((*ipv4, *heard), tuple(ipv6))


def _ipv6(host: Host, scope: Scope) -> Iterator[tuple[IPv6Address, tuple[ClientHeard, ...]]]:
    """Each client that was asked, and what answered."""
    vips = {route.interface for vip in scope.vips if vip.version == 6 and (route := _route(host, vip))}
    for client in scope.clients:
        route = _route(host, client) if isinstance(client, IPv6Address) else None
        if route is None or route.type != "unicast" or route.gateway or route.interface in vips:
            continue
        if route.interface and isinstance(client, IPv6Address) and isinstance(route.source, IPv6Address):
            question = NeighbourSolicitations(
                route.interface, route.source, None, (client,), (), (), scope.arp_window_ms
            )
            try:
                replies = host.ask(question).replies
            except NotAsked:  # as in _answers
                continue
            yield client, tuple(ClientHeard(each.address, route.interface, each.mac) for each in replies)


def _answers(host: Host, sweep: ArpSweep) -> tuple[ArpReply, ...]:
    try:
        return host.ask(sweep)
    except NotAsked:  # the scan knew of no client; nobody is heard, which says nothing of where a client is
        return ()


def _sweep(
    host: Host, scope: Scope, interface: str, source: IPv4Address, clients: list[IPv4Address]
) -> ArpSweep:
    known_to_us = host.ask(Neighbours(Moment.BEFORE))
    cached = {each.address: each.mac for each in known_to_us if each.mac and each.state != "PERMANENT"}
    unknown = tuple(each for each in clients if each not in cached)
    known = tuple((each, mac) for each in clients if (mac := cached.get(each)))
    return ArpSweep(interface, source, unknown, known, scope.arp_window_ms)


def _route(host: Host, destination: Address) -> Route | None:
    try:
        return host.ask(RouteTo(destination))
    except Absent:
        return None
