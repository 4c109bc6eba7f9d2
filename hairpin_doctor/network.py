"""All vantage points joined, purely, into one network: who owns which MAC, where the client hangs, who serves the VIP.

Roles follow from facts, never from names: a machine that holds service rules for the VIP, or carries it as an address,
serves it (its own traffic takes a short cut and says nothing about a client's path); any other machine is a client.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import IPv4Address

from hairpin_doctor.cluster_view import ClusterView, cluster_views
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts
from probes.arp import ArpFacts
from probes.client_links import ClientLinkFacts
from probes.cluster_services import ClusterServicesFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.target import Address


@dataclass(frozen=True)
class Owner:
    """An interface of a known machine that has a MAC."""

    vantage_point: VantagePoint
    link: Link

    def __str__(self) -> str:
        return f"{self.link.name} of {self.vantage_point.name}"


@dataclass(frozen=True)
class Attachment:
    """Where a client hangs on a serving host: the interface its frames arrive by, and the bridge port if it is one.

    `tagged`: the client sends from a VLAN interface of its own, whose number is `tag`. `vlan`: where the bridge filters by
    VLAN, the one in which it heard the client.
    """

    host: VantagePoint
    interface: Link
    port: Link | None
    tagged: bool = False
    tag: int | None = None
    vlan: int | None = None


class Network:
    """What is known from all vantage points together."""

    def __init__(self, vantage_points: Iterable[VantagePoint]) -> None:
        self.vantage_points = tuple(vantage_points)

    @cached_property
    def vips(self) -> tuple[Address, ...]:
        """Every VIP of every scope, each once."""
        return tuple(dict.fromkeys(vip for each in self.vantage_points for vip in each.scope.vips))

    @property
    def knows_a_cluster(self) -> bool:
        """Whether a cluster's Services could be read from some vantage point."""
        return any(each.findings.get(ClusterServicesFacts) for each in self.vantage_points)

    def cluster(self, vip: Address) -> ClusterView | None:
        """What the cluster says of the VIP; None where none was asked, or it has no Service with this VIP."""
        return next(iter(self.clusters(vip)), None)

    def clusters(self, vip: Address) -> tuple[ClusterView, ...]:
        """The same for each Service with this VIP: MetalLB lets several share one, such as a DNS server's two protocols."""
        return cluster_views(self.vantage_points, vip)

    def hosts(self, vip: Address) -> tuple[VantagePoint, ...]:
        """Vantage points that serve the VIP themselves, or announce it though they hold no rule for it."""
        return tuple(each for each in self.vantage_points if each.serves(vip) or self._announces(each, vip))

    def _announces(self, machine: VantagePoint, vip: Address) -> bool:
        """Whether a MAC of it answers others for the VIP, by a listener of its own: a proxy ARP router has a route."""
        listeners, routes = machine.findings.get(AnnouncerFacts), machine.findings.get(RouteFacts)
        if listeners is None or not listeners.listeners or routes is None or not routes.on_link(vip):
            return False
        asked = (each.findings.get(ArpFacts) for each in self.vantage_points if each is not machine)
        macs = {mac for arp in asked if arp is not None for mac in arp.macs(vip)}
        return any(owner.vantage_point is machine for mac in macs for owner in self.owners(mac))

    def clients(self, vip: Address) -> tuple[VantagePoint, ...]:
        """Vantage points whose traffic to the VIP takes a client's path.

        One whose role cannot be seen is taken for a client where another machine is known to serve the VIP.
        """
        served = bool(self.hosts(vip))
        return tuple(
            each
            for each in self.vantage_points
            if (role := each.serves(vip)) is False or (role is None and served)
            if not self._announces(each, vip)
        )

    def failing(self, vip: Address) -> tuple[VantagePoint, ...]:
        """Clients from which something that should work fails, or nobody answers for a VIP without named ports."""
        return tuple(each for each in self.clients(vip) if self._fails(each, vip))

    def _fails(self, client: VantagePoint, vip: Address) -> bool:
        found = client.states_of(vip)
        if any(state.unreached for state in found):
            return True
        nothing_works = not any(state.works is Works.YES for state in found)
        return nothing_works and self.unanswered_by_arp(client, vip)

    def unanswered_by_arp(self, client: VantagePoint, vip: Address) -> bool:
        """Whether the client asked by ARP, nobody answered, and no neighbour entry would be used instead."""
        arp, cache = client.findings.get(ArpFacts), client.findings.get(NeighbourFacts)
        cached = cache.entry(vip) if cache else None
        return bool(arp and arp.asked(vip) and not arp.macs(vip) and not cached)

    def working(self, vip: Address) -> tuple[VantagePoint, ...]:
        """Clients from which at least one port works and none fails."""
        failing = self.failing(vip)
        return tuple(
            each
            for each in self.clients(vip)
            if each not in failing
            and any(state.works is Works.YES for state in each.states_of(vip))
            and not any(state.answered for state in each.states_of(vip))
        )

    def owners(self, mac: str) -> tuple[Owner, ...]:
        """Every interface of a known machine that has this MAC, ports last: a bridge or bond takes what its port shares."""
        found: list[Owner] = []
        for each in self.vantage_points:
            interfaces = each.findings.get(InterfaceFacts)
            links = interfaces.by_mac(mac) if interfaces else ()
            found.extend(Owner(each, link) for link in sorted(links, key=lambda e: e.master is not None))
        return tuple(found)

    def attachment(self, client: VantagePoint, vip: Address) -> Attachment | None:
        """Where the client's frames arrive on a host that serves the VIP."""
        link, address = client.link_towards(vip), client.address_towards(vip)
        for host in self.hosts(vip):
            found = _attachment(host, link.mac if link else None, address)
            if found is not None:
                tagged = link is not None and link.kind == "vlan"
                return replace(found, tagged=tagged, tag=link.vlan_id if link else None)
        return None

    def need_host(self, vip: Address, what: str) -> MissingFacts:
        """What a rule raises when only the serving host can tell."""
        client = next(iter(self.clients(vip)), None)
        save = f"scan --save {client.name}.json there" if client else "save this report"
        how = f"on the host that serves {vip}: hairpin-doctor scan --with <this report> (made by {save})"
        return MissingFacts(f"{what}: needs a scan on the host that serves {vip}", None, how)

    def need_client(self, vip: Address, what: str) -> MissingFacts:
        """What a rule raises when only a client can tell."""
        how = (
            f"on a machine that cannot reach {vip}: hairpin-doctor scan {vip} --save client.json; "
            "then here: hairpin-doctor scan --with client.json"
        )
        return MissingFacts(f"{what}: needs a scan from a client of {vip}", None, how)

    def bridged_by(self, client: VantagePoint, vip: Address) -> tuple[Attachment, ...]:
        """The bridges of other machines, whether they serve the VIP or not, behind whose ports the client is."""
        link = client.link_towards(vip)
        mac = link.mac if link else None
        found = (_attachment(each, mac, None) for each in self.vantage_points if each is not client)
        return tuple(each for each in found if each is not None and each.port is not None)


def _attachment(host: VantagePoint, mac: str | None, address: Address | None) -> Attachment | None:
    interfaces, fdb = host.findings.get(InterfaceFacts), host.findings.get(ForwardingDatabaseFacts)
    if interfaces is None or mac is None:
        return None
    for entry in fdb.learned(mac) if fdb else ():
        port, bridge = interfaces.by_index(entry.port), interfaces.by_index(entry.bridge)
        if port is not None and bridge is not None and port is not bridge:
            filters = bridge.bridge is not None and bridge.bridge.vlan_filtering
            return Attachment(host, bridge, port, vlan=entry.vlan if filters else None)
    cache = host.findings.get(NeighbourFacts)
    for neighbour in cache.entries if cache else ():
        if neighbour.mac == mac and neighbour.address == address:
            link = interfaces.by_index(neighbour.interface)
            return Attachment(host, link, None) if link is not None else None
    asked = host.findings.get(ClientLinkFacts)
    answer = asked.of(address, mac) if asked else None
    link = interfaces.by_name(answer.interface) if answer else None
    return Attachment(host, link, None) if link is not None else None


def segment(attachment: Attachment) -> tuple[Link, ...]:
    """The host's interfaces that hear the client's broadcasts: the one it hangs on and what is stacked on that.

    A veth whose peer is a port of the same bridge hears them too, and so does another bridge that it leads into. A VLAN
    interface hears only frames with its tag: those that the client sends so, or that a bridge that filters by VLAN keeps in
    that VLAN. Such a bridge hears itself only what lies in an untagged VLAN of its own.
    """
    interfaces = attachment.host.findings[InterfaceFacts]
    found = [attachment.interface]
    for base in found:
        ports = {link.index for link in interfaces.ports_of(base)}
        above = [each for each in interfaces.stacked_on(base) if _hears(attachment, base, each)]
        ends = [each for each in interfaces.links if each.kind == "veth" and each.lower in ports]
        beyond = (interfaces.by_index(each.master) if each.master else each for each in ends)
        found.extend(each for each in (*above, *beyond) if each is not None and each not in found)
    return tuple(each for each in found if each is not attachment.interface or _hears_itself(attachment))


def _hears(attachment: Attachment, base: Link, link: Link) -> bool:
    """Whether what is stacked on `base` gets the client's broadcasts, as far as VLANs decide that."""
    here = base is attachment.interface
    if link.kind != "vlan":
        return not here or _hears_itself(attachment)
    if here and attachment.vlan is not None:
        return link.vlan_id in (None, attachment.vlan) and _goes_up(attachment, untagged=False)
    filters = base.bridge is not None and base.bridge.vlan_filtering
    return filters or (attachment.tagged and link.vlan_id in (None, attachment.tag or link.vlan_id))


def _hears_itself(attachment: Attachment) -> bool:
    """Whether the interface itself, without a tag, gets what the client sends."""
    return attachment.vlan is None or _goes_up(attachment, untagged=True)


def _goes_up(attachment: Attachment, *, untagged: bool) -> bool:
    """Whether a bridge that filters passes the client's VLAN up to itself so; where its own VLANs are unknown, it may."""
    settings, vlan = attachment.interface.bridge, attachment.vlan
    if settings is None or vlan is None or not settings.vlans:
        return True
    return any(each.holds(vlan) and each.untagged is untagged for each in settings.vlans)


def ipv4_addresses(link: Link) -> Iterator[IPv4Address]:
    """The IPv4 addresses of an interface."""
    return (each.address for each in link.addresses if isinstance(each.address, IPv4Address))
