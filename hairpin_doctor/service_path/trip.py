"""One client's packets to one VIP, and what is known of their fate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.claimants import Claimant, claimants
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import failing_ports
from hairpin_doctor.service_path.hop import Evidence
from hairpin_doctor.situation import behind_the_clients_port, intercepted, macs_used, translated
from hairpin_doctor.states import TargetState, Works
from hairpin_doctor.translation import UNFINISHED, tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.br_netfilter import BrNetfilterFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.firewall import TrackedConnection
from probes.questions.routing import Route
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address, Protocol


@dataclass(frozen=True)
class Trip:
    """A client, a VIP, and everything that was seen by all vantage points."""

    network: Network
    client: VantagePoint
    vip: Address

    @cached_property
    def states(self) -> tuple[TargetState, ...]:
        """What the client experienced."""
        return self.client.states_of(self.vip)

    @property
    def served(self) -> bool:
        """Whether some port works: then every hop lets packets pass."""
        return any(state.works is Works.YES for state in self.states)

    @property
    def works(self) -> bool | None:
        """Whether all works; None where that is unknown."""
        if self.client in self.network.failing(self.vip):
            return False
        return True if self.served and all(state.works is Works.YES for state in self.states) else None

    @cached_property
    def route(self) -> Route | None:
        """The client's own route to the VIP."""
        routes = self.client.findings.get(RouteFacts)
        return routes.route(self.vip) if routes else None

    @cached_property
    def flows(self) -> tuple[tuple[VantagePoint, TrackedConnection], ...]:
        """The flows to ports that fail, as the hosts that serve the VIP remember them.

        None where the client sends to another MAC than the live ones: then they are of the doctor, who asked those. Nor
        those of an earlier time when it worked: TCP whose handshake the client finished, UDP that was answered.
        """
        if self._misled:
            return ()
        failing = {(each.port, each.protocol) for each in failing_ports(self.client, self.vip)}
        return tuple(
            (host, flow)
            for host in self.network.hosts(self.vip)
            for flow in tracked(host, self.client, self.vip)
            if (flow.original.destination_port, flow.protocol) in failing and _may_fail(flow)
        )

    @property
    def _misled(self) -> bool:
        cache = self.client.findings.get(NeighbourFacts)
        entry = cache.entry(self.vip) if cache else None
        used = macs_used(self.client, self.vip) or ({entry.mac} if entry and entry.mac else set())
        return bool(used and self.claimants and not any(each.mac in used for each in self.claimants))

    @cached_property
    def claimants(self) -> tuple[Claimant, ...]:
        """Who answers the client's ARP for the VIP; who got its packets, as far as that was seen, comes first."""
        used = macs_used(self.client, self.vip)
        return tuple(
            sorted(claimants(self.network, self.client, self.vip), key=lambda each: each.mac not in used)
        )

    @cached_property
    def attachment(self) -> Attachment | None:
        """The bridge port, or else the interface, by which a scanned machine hears the client."""
        found = self.network.attachment(self.client, self.vip)
        if found is not None and found.port is not None:
            return found
        return next(iter(self.network.bridged_by(self.client, self.vip)), found)

    @property
    def heard_macs(self) -> frozenset[str]:
        """Every MAC that answered the client's ARP questions, whatever the address."""
        arp = self.client.findings.get(ArpFacts)
        return frozenset(reply.mac for each in (arp.answers if arp else ()) for reply in each.replies)

    @property
    def passage(self) -> Evidence:
        """What is known of every hop before the host's own rules."""
        if self.flows or self.served:
            return Evidence.PASSED if self.flows else self.by_others
        return Evidence.HEARD if self.heard_macs or self.gateway_spoke else Evidence.NONE

    @property
    def by_others(self) -> Evidence:
        """What a hop may claim that served some port: where another one fails, nothing of the packets of that."""
        return Evidence.SERVED if self.works is False else Evidence.PASSED

    @property
    def gateway_spoke(self) -> bool:
        """Whether anything came back by way of the client's gateway."""
        path = self.client.findings.get(RoutedPathFacts)
        return any(echo.replied or echo.messages for echo in (path.echoes if path else ()))

    @property
    def by_router(self) -> bool:
        """Whether the packets go to a router first: by the client's route, or because the router answers ARP."""
        return self.gateway is not None or bool(self.claimants and self.claimants[0].gateway)

    @property
    def gateway(self) -> Address | None:
        """The router of the client's own route to the VIP."""
        return self.route.gateway if self.route else None

    @property
    def next_mac(self) -> str | None:
        """The MAC to which the client's frames are to go first: its router's, or that of who answers for the VIP."""
        if self.gateway is not None:
            return self.neighbour_mac(self.gateway)
        return self.claimants[0].mac if self.claimants else None

    @cached_property
    def next_hop(self) -> Address | None:
        """The node by which the client's gateway reaches the VIP, where that showed."""
        path = self.client.findings.get(RoutedPathFacts)
        hop = path.next_hop(self.vip) if path else None
        return hop if hop != self.vip else None

    @cached_property
    def taker(self) -> VantagePoint | None:
        """The host whose rules take the frames while its bridge passes them on to another machine (br_netfilter)."""
        attachment = self.attachment
        first = self.claimants[0] if self.claimants else None
        if attachment is None or first is None or first.machine is attachment.host:
            return None
        host = attachment.host
        if host.findings.get(BrNetfilterFacts) is None or host.findings.get(ServiceRulesFacts) is None:
            return None
        takes = intercepted(attachment, self.vip) and translated(host, self.vip, self.client.scope)
        return host if takes and not behind_the_clients_port(attachment, first.mac) else None

    @cached_property
    def server(self) -> VantagePoint | None:
        """The scanned machine whose rules get the packets, or would get them; None where that is not known."""
        if self.taker is not None:
            return self.taker
        hosts = self.network.hosts(self.vip)
        first = self.claimants[0] if self.claimants else None
        if first is not None and not first.gateway:
            return first.machine
        if self.flows:
            return self.flows[0][0]
        behind = [host for host in hosts if self.next_hop and _has(host, self.next_hop)]
        if behind or self.next_hop is not None:
            return behind[0] if behind else None
        return hosts[0] if len(hosts) == 1 else None

    def neighbour_mac(self, address: Address) -> str | None:
        """The MAC that the client has for an address, cached or answered now."""
        arp, cache = self.client.findings.get(ArpFacts), self.client.findings.get(NeighbourFacts)
        live = arp.macs(address) if arp else ()
        entry = cache.entry(address) if cache else None
        return live[0] if live else entry.mac if entry else None


def _may_fail(flow: TrackedConnection) -> bool:
    return flow.tcp_state in UNFINISHED if flow.protocol is Protocol.TCP else not flow.seen_reply


def _has(host: VantagePoint, address: Address) -> bool:
    facts = host.findings.get(InterfaceFacts)
    return facts is not None and facts.with_address(address) is not None
