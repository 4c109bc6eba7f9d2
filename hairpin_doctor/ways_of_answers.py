"""By which way a serving host's answers to a failing client leave, against the way by which its requests come in."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Network
from hairpin_doctor.situation import NotThis, symptom
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.client_links import ClientLinkFacts
from probes.connection_table import ConnectionTableFacts
from probes.connections import ConnectionFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import UNUSABLE, NeighbourFacts
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.target import Address
from probes.target import Network as Prefix
from probes.ways_back import MAIN_TABLES, WayBack, WayBackFacts

TABLES = {253: "default", 254: "main", 255: "local"}
"""What ip-route(8) calls the tables that every system has."""


@dataclass(frozen=True)
class Astray:
    """Answers that leave by `way`, which is another segment than `came_in`; `evidence` that it is they that are lost.

    `answered`: connection tracking has seen them; else the kernel's own routing alone tells.
    """

    arrival: Arrival
    came_in: Link
    way: WayBack
    evidence: str
    answered: bool

    @property
    def leaves_by(self) -> str:
        """The interface, or what the kernel does instead."""
        route = self.way.route
        return route.interface or route.type if route else "no route at all"


def answers_astray(network: Network, vip: Address) -> Astray:
    """The first failing client whose answers leave by another segment than its requests came in by.

    Raises NotThis where no answer is made or all leave as they should, MissingFacts where that cannot be seen.
    """
    reason: NotThis | None = None
    for arrival in arrivals(network, vip, f"by which way the answers of {vip} leave"):
        try:
            return _astray(arrival, vip)
        except NotThis as found:
            reason = found
    raise reason or NotThis("no packet arrives")


def _astray(arrival: Arrival, vip: Address) -> Astray:
    host, client = arrival.host, arrival.client
    came_in = came_in_by(arrival, vip)
    host.findings[ConnectionFacts]
    flows = tracked(host, client, vip)
    answered = any(flow.seen_reply for flow in flows)
    if answered:
        evidence = (
            f"{host.name} tracks connections of {client.name} to {vip} as answered, so the backend answers."
        )
    else:
        found = None if flows else untracked(host, vip) or _filtered(arrival, vip, came_in)
        if found is None:
            said = "without an answer" if flows else "nothing"
            raise NotThis(f"{host.name} tracks {said} of {client.name} to {vip}")
        evidence = found
    for way in ways_of_answers(arrival, vip):
        if way.route is None or not leads_back(arrival, vip, came_in, way):
            return Astray(arrival, came_in, way, evidence, answered)
    raise NotThis(f"answers to {client.name} leave by {came_in.name}, as its requests come in")


def untracked(host: VantagePoint, vip: Address) -> str | None:
    """That a host which holds the VIP itself tracks no connection at all, so that a missing one tells nothing."""
    table = host.findings.get(ConnectionTableFacts)
    if table is None or table.entries or not host.findings[RouteFacts].is_local(vip):
        return None
    return f"{host.name} holds {vip} itself and tracks no connections at all: its own routes tell where answers go."


def _filtered(arrival: Arrival, vip: Address, came_in: Link) -> str | None:
    """That the strict filter drops requests because a policy rule leads the way back elsewhere (fib_validate_source)."""
    host, client = arrival.host, arrival.client
    address = client.address_towards(vip)
    route = host.findings[RouteFacts].route(address) if address else None
    sysctls = host.findings[InterfaceSysctlFacts].of(came_in.name)
    strict = vip.version == 4 and sysctls is not None and sysctls.rp_filter == 1
    if not strict or route is None or route.table in MAIN_TABLES or route.interface == came_in.name:
        return None
    return (
        f"{host.name} tracks nothing of {client.name}: rp_filter is 1 on {came_in.name}, and drops whoever is answered by "
        f"another interface."
    )


def came_in_by(arrival: Arrival, vip: Address) -> Link:
    """The interface by which the client's requests come in. Raises MissingFacts where that is not known."""
    host, client = arrival.host, arrival.client
    came_in = arrival.link or _interface_of(host, vip)
    if client.address_towards(vip) is None or came_in is None:
        raise MissingFacts(f"by which interface {client.name} comes in", host.name, f"scan on {host.name}")
    return came_in


def ways_of_answers(arrival: Arrival, vip: Address) -> tuple[WayBack, ...]:
    """The kernel's decisions for answers to the client: translated ones, else those of the VIP's own address.

    Raises MissingFacts where the host was scanned without knowing of the client.
    """
    host, client = arrival.host, arrival.client
    address = client.address_towards(vip)
    ways = host.findings[WayBackFacts].of(vip, address) if address else ()
    if not ways and address and not host.findings[RouteFacts].asked(address):
        raise Network.need_another_scan(host, client, f"by which way answers to {client.name} leave")
    return tuple(way for way in ways if way.source != vip) or ways


def leads_back(arrival: Arrival, vip: Address, came_in: Link, way: WayBack) -> bool:
    """Whether the answer leaves into the segment that the requests come from, or where the client itself is heard."""
    host, client = arrival.host, arrival.client
    return way.route is not None and (
        _same_segment(host, came_in, way.route.interface) or _meets(host, client, vip, way)
    )


def overlapping(arrival: Arrival, vip: Address, came_in: Link, way: WayBack) -> Prefix | None:
    """The host's own subnet, at another interface, in which it takes the client to be, though nobody is heard there.

    None where the way back is another one; that nobody is heard is not concluded where nobody was asked.
    """
    host, route = arrival.host, way.route
    if route is None or route.type != "unicast" or route.gateway is not None or way.by_policy:
        return None
    if leads_back(arrival, vip, came_in, way) or not _unheard(arrival, vip, way):
        return None
    return next(
        (
            each.prefix
            for each in host.findings[RouteFacts].connected
            if way.client in each.prefix and each.interface == route.interface
        ),
        None,
    )


def _unheard(arrival: Arrival, vip: Address, way: WayBack) -> bool:
    """Whether the client was asked for where its answer leaves, and did not answer there."""
    host, link = arrival.host, arrival.client.link_towards(vip)
    heard, cache = host.findings.get(ClientLinkFacts), host.findings.get(NeighbourFacts)
    if heard and link and link.mac and heard.of(way.client, link.mac):
        return False
    out = host.findings[InterfaceFacts].by_name(way.route.interface) if way.route else None
    failed = (
        [each for each in cache.entries if each.address == way.client and each.state in UNUSABLE]
        if cache
        else []
    )
    asked = heard is not None and way.client in (
        host.scope.clients if way.client.version == 4 else heard.asked_ipv6
    )
    return asked or any(out is not None and each.interface == out.index for each in failed)


def _interface_of(host: VantagePoint, vip: Address) -> Link | None:
    """The interface whose prefix holds the VIP: where a router delivers packets for it."""
    connected = host.findings[RouteFacts].connected
    name = next((each.interface for each in connected if vip in each.prefix), None)
    return host.findings[InterfaceFacts].by_name(name)


def _meets(host: VantagePoint, client: VantagePoint, vip: Address, way: WayBack) -> bool:
    """Whether the client itself was heard where the answer leaves: two NICs in one LAN, of which either will do."""
    out = host.findings[InterfaceFacts].by_name(way.route.interface) if way.route else None
    cache, link = host.findings.get(NeighbourFacts), client.link_towards(vip)
    if out is None or cache is None or link is None or way.route is None or way.route.gateway is not None:
        return False
    return any(
        each.address == way.client and each.interface == out.index and each.mac == link.mac
        for each in cache.entries
    )


def _same_segment(host: VantagePoint, came_in: Link, leaves_by: str | None) -> bool:
    """Whether two interfaces are one, stacked on one another or on the same one, or a veth into the same bridge."""
    interfaces = host.findings[InterfaceFacts]
    out = interfaces.by_name(leaves_by)
    return out is not None and bool(_places(interfaces, came_in) & _places(interfaces, out))


def _places(interfaces: InterfaceFacts, link: Link) -> set[int]:
    lower = interfaces.by_index(link.lower)
    found = (link.index, link.master, link.lower, lower.master if lower else None)
    return {each for each in found if each is not None}


def what_happened(astray: Astray, vip: Address) -> tuple[str, ...]:
    """The evidence that HD402, HD406 and HD410 share."""
    arrival, way = astray.arrival, astray.way
    source = f"from {way.source}" + (f" (in by {way.incoming})" if way.incoming else "")
    table = f" (table {TABLES.get(way.route.table, way.route.table)})" if way.route else ""
    return (
        symptom(arrival.client, vip),
        astray.evidence,
        f"Requests come in by {astray.came_in.name}; the kernel of {arrival.host.name} sends an answer {source} to "
        f"{way.client} out by {astray.leaves_by}{table}.",
    )


def clients_prefix(host: VantagePoint, client: Address) -> Prefix:
    """The connected prefix of the host that holds the client, else the client alone."""
    connected = (each.prefix for each in host.findings[RouteFacts].connected if client in each.prefix)
    return next(connected, ip_network(client))
