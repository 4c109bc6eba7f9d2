"""By which interface does this machine hear the other vantage points, and with which MAC do they answer ARP now?

Asked for the addresses of clients whose reports are at hand, where they are on-link. Bridges forget a silent station after
300 s, and a plain NIC keeps no table at all: the answer tells where a client hangs, and refreshes the bridge's memory before
it is read. A client that the neighbour cache knows is asked at its MAC, not by broadcast: a router's late proxy ARP answer
would replace a good entry. A permanent entry is replaced by nothing, and may be wrong: then it is asked by broadcast. Cannot
see clients behind a router. Needs CAP_NET_RAW.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.host import Absent, Host, NotAsked
from probes.probe import Layer, Scope, probe
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, ArpSweep, Neighbours
from probes.questions.routing import Route, RouteTo
from probes.target import Address


@dataclass(frozen=True)
class ClientHeard:
    """An answer to our ARP request for a client's address."""

    address: Address
    interface: str
    mac: str


@dataclass(frozen=True)
class ClientLinkFacts:
    """Every answer; a client that is routed, local or silent has none."""

    heard: tuple[ClientHeard, ...]

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
    return ClientLinkFacts(
        tuple(
            ClientHeard(reply.address, interface, reply.mac)
            for (interface, source), clients in wanted.items()
            for reply in _answers(host, _sweep(host, scope, interface, source, clients))
        )
    )


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
