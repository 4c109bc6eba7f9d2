"""All vantage points joined, purely, into one network: who owns which MAC, where the client hangs, who serves the VIP.

Roles follow from facts, never from names: a machine that holds service rules for the VIP, or carries it as an address,
serves it (its own traffic takes a short cut and says nothing about a client's path); any other machine is a client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from hairpin_doctor.attachment import Attachment, by_a_common_station, heard_behind, stood_in_for
from hairpin_doctor.cluster_view import ClusterView, cluster_views
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.listening import known_to_listen
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.cluster_services import ClusterServicesFacts
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


class Network:
    """What is known from all vantage points together."""

    def __init__(self, vantage_points: Iterable[VantagePoint]) -> None:
        self.vantage_points = tuple(vantage_points)
        self._known: dict[tuple[str, Address], tuple[VantagePoint, ...]] = {}

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
        return self._once(("hosts", vip), lambda: self._hosts(vip))

    def _once(
        self, key: tuple[str, Address], work: Callable[[], tuple[VantagePoint, ...]]
    ) -> tuple[VantagePoint, ...]:
        """Each rule asks for the same; what is known does not change."""
        if key not in self._known:
            self._known[key] = work()
        return self._known[key]

    def _hosts(self, vip: Address) -> tuple[VantagePoint, ...]:
        return tuple(each for each in self.vantage_points if each.serves(vip) or self._announces(each, vip))

    def _announces(self, machine: VantagePoint, vip: Address) -> bool:
        """Whether a MAC of it answers others for the VIP, by a listener of its own: a proxy ARP router has a route."""
        routes = machine.findings.get(RouteFacts)
        if not known_to_listen(machine, vip) or routes is None or not routes.on_link(vip):
            return False
        asked = (each.findings.get(ArpFacts) for each in self.vantage_points if each is not machine)
        macs = {mac for arp in asked if arp is not None for mac in arp.macs(vip)}
        return any(owner.vantage_point is machine for mac in macs for owner in self.owners(mac))

    def clients(self, vip: Address) -> tuple[VantagePoint, ...]:
        """Vantage points whose traffic to the VIP takes a client's path.

        One whose role cannot be seen is taken for a client where another machine is known to serve the VIP.
        """
        return self._once(("clients", vip), lambda: self._clients(vip))

    def _clients(self, vip: Address) -> tuple[VantagePoint, ...]:
        served = bool(self.hosts(vip))
        return tuple(
            each
            for each in self.vantage_points
            if (role := each.serves(vip)) is False or (role is None and served)
            if not self._announces(each, vip)
        )

    def failing(self, vip: Address) -> tuple[VantagePoint, ...]:
        """Clients from which something that should work fails, or nobody answers for a VIP without named ports."""
        return self._once(
            ("failing", vip), lambda: tuple(each for each in self.clients(vip) if self._fails(each, vip))
        )

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
        mac = link.mac if link else None
        found = self._first((heard_behind(host, mac, address) for host in self.hosts(vip)), link)
        return stood_in_for(found, client) if found else None

    def common_segment(self, client: VantagePoint, vip: Address) -> Attachment | None:
        """The same for a host that was scanned without the client's report, told by a third station that both hear."""
        link, address = client.link_towards(vip), client.address_towards(vip)
        unaware = [host for host in self.hosts(vip) if address not in host.scope.clients]
        return self._first((by_a_common_station(host, client, link, self.vips) for host in unaware), link)

    @staticmethod
    def _first(found: Iterable[Attachment | None], link: Link | None) -> Attachment | None:
        first = next((each for each in found if each is not None), None)
        if first is None:
            return None
        tagged = link is not None and link.kind == "vlan"
        return replace(first, tagged=tagged, tag=link.vlan_id if link else None)

    def need_host(self, vip: Address, what: str) -> MissingFacts:
        """What a rule raises when only the serving host can tell."""
        client = next(iter(self.clients(vip)), None)
        save = f"scan --save {client.name}.json there" if client else "save this report"
        how = f"on the host that serves {vip}: sudo hairpin-doctor scan --with <this report> (made by {save})"
        return MissingFacts(f"{what}: needs a scan on the host that serves {vip}", None, how)

    def need_client(self, vip: Address, what: str) -> MissingFacts:
        """What a rule raises when only a client can tell."""
        how = (
            f"on a machine that cannot reach {vip}: sudo hairpin-doctor scan {vip} --save client.json; "
            "then here: sudo hairpin-doctor scan --with client.json"
        )
        return MissingFacts(f"{what}: needs a scan from a client of {vip}", None, how)

    @staticmethod
    def need_another_scan(host: VantagePoint, client: VantagePoint, what: str) -> MissingFacts:
        """What a rule raises when the host was scanned, and nobody knew of this client then."""
        how = f"on {host.name}: sudo hairpin-doctor scan --with {client.name}.json (the report of {client.name})"
        without = f"{host.name} was scanned without the report of {client.name}"
        return MissingFacts(f"{what}: {without}", host.name, how)

    def bridged_by(self, client: VantagePoint, vip: Address) -> tuple[Attachment, ...]:
        """The bridges of other machines, whether they serve the VIP or not, behind whose ports the client is."""
        link = client.link_towards(vip)
        mac = link.mac if link else None
        found = (heard_behind(each, mac, None) for each in self.vantage_points if each is not client)
        return tuple(
            stood_in_for(each, client) for each in found if each is not None and each.port is not None
        )
