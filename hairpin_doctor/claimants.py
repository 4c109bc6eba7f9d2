"""The machines that answer ARP for a VIP: whose MACs they are, their other addresses, and what each does with packets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from hairpin_doctor.network import Network, Owner
from hairpin_doctor.vantage_point import VantagePoint
from probes.answering_machines import AnsweringMachineFacts, refused_by_itself, served
from probes.arp import ArpFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.directed import Directed, DirectedOutcome, DirectedPort
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address
from probes.tcp import TcpFacts, frames_sent


@dataclass(frozen=True)
class Claimant:
    """One MAC that answers a client for a VIP. `owner`: the scanned machine that has it; `also`: its other addresses.

    `overrides`: whether its advertisement for an IPv6 VIP has the Override flag, None where that is not known.
    """

    mac: str
    owner: Owner | None
    gateway: bool
    also: tuple[Address, ...]
    did: Directed | None
    overrides: bool | None = None

    @property
    def machine(self) -> VantagePoint | None:
        """The scanned machine, None where it is unknown."""
        return self.owner.vantage_point if self.owner else None

    @property
    def serves(self) -> tuple[DirectedPort, ...]:
        """The ports that it answered."""
        return served(self.did) if self.did else ()

    @property
    def refuses(self) -> tuple[DirectedPort, ...]:
        """The ports that its own stack refused."""
        return refused_by_itself(self.did) if self.did else ()

    @property
    def holds(self) -> bool:
        """Whether it answered as the owner of the address."""
        return bool(self.did and self.did.holds)

    @property
    def address(self) -> Address | None:
        """An address under which the machine can be found."""
        forwarded = self.did.forwarded_by if self.did else None
        return forwarded or next(iter(self.also), None)

    def __str__(self) -> str:
        if self.owner:
            return f"{self.mac} ({self.owner})"
        return f"{self.mac} (the machine at {self.address})" if self.address else self.mac


def claimants(network: Network, client: VantagePoint, vip: Address) -> tuple[Claimant, ...]:
    """Everybody who answers this client's ARP for an on-link VIP, fastest first; nobody for one that is routed or local."""
    routes, arp = client.findings.get(RouteFacts), client.findings.get(ArpFacts)
    if routes is None or arp is None or not routes.on_link(vip):
        return ()
    gateway = client.gateway_macs()
    return tuple(
        Claimant(
            mac=mac,
            owner=next(iter(network.owners(mac)), None),
            gateway=mac in gateway,
            also=tuple(dict.fromkeys(each for each in _addresses(network, mac, vip.version) if each != vip)),
            did=_did(network, client, vip, mac),
            overrides=arp.overrides(vip, mac),
        )
        for mac in arp.macs(vip)
    )


def _did(network: Network, client: VantagePoint, vip: Address, mac: str) -> Directed | None:
    """What the machine did when the client asked it, or another vantage point, where that tells more.

    A host between the two whose br_netfilter translates bridged frames answers the client in that machine's place.
    """
    points = (client, *(each for each in network.vantage_points if each is not client))
    found = _asked(points, vip, mac)
    telling = (each for each in found if served(each) or refused_by_itself(each))
    return next(telling, next(iter(found), None))


def _asked(points: Iterable[VantagePoint], vip: Address, mac: str) -> list[Directed]:
    facts = (each.findings.get(AnsweringMachineFacts) for each in points)
    return [did for each in facts if each is not None and (did := each.of(vip, mac)) is not None]


def serves_nothing(network: Network, claimant: Claimant, vip: Address) -> bool:
    """Whether somebody asked this machine at its MAC, and nobody at all answered any port: a client that takes it fails."""
    found = _asked(network.vantage_points, vip, claimant.mac)
    return any(
        did.ports and not any(each.outcome is DirectedOutcome.ANSWERED for each in did.ports) for did in found
    )


def _addresses(network: Network, mac: str, version: int) -> Iterator[Address]:
    """Addresses that any scanned machine has resolved to this MAC, VIPs and what IPv6 gives to every interface left out."""
    for each in network.vantage_points:
        cache, arp = each.findings.get(NeighbourFacts), each.findings.get(ArpFacts)
        found = [entry.address for entry in cache.entries if entry.mac == mac] if cache else []
        replies = [r for answers in arp.answers for r in answers.replies if r.mac == mac] if arp else []
        for address in (*found, *(reply.address for reply in replies)):
            if address.version == version and not address.is_link_local and address not in network.vips:
                yield address


def is_node(machine: VantagePoint | None, vip: Address) -> bool:
    """Whether a scanned machine has rules for the VIP, as every node of its cluster has."""
    rules = machine.findings.get(ServiceRulesFacts) if machine else None
    return bool(rules and rules.programmed(vip))


def programs_others(machine: VantagePoint | None) -> bool:
    """Whether a scanned machine is a node all the same: its proxy serves other load balancer addresses."""
    rules = machine.findings.get(ServiceRulesFacts) if machine else None
    return bool(rules and rules.load_balancer_ports)


def holds_address(machine: VantagePoint | None, vip: Address) -> bool:
    """Whether the VIP is an address of this scanned machine."""
    routes = machine.findings.get(RouteFacts) if machine else None
    return bool(routes and routes.is_local(vip))


def floats(machine: VantagePoint, vip: Address) -> bool:
    """Whether it holds the VIP as keepalived and kube-vip put it there: beside an address of its own.

    Without a subnet, or in the subnet of another address of that interface; who was given a wrong address by hand or by
    DHCP has it as its only one.
    """
    interfaces = machine.findings.get(InterfaceFacts)
    link = interfaces.with_address(vip) if interfaces else None
    if interfaces is None or link is None:
        return False
    own = next(each for each in link.addresses if each.address == vip)
    others = [each for each in link.addresses if each.address.version == vip.version and each is not own]
    if own.prefix_length == vip.max_prefixlen:
        return any(address != vip for _, address in interfaces.own_addresses())
    return any(vip in ip_network((each.address, each.prefix_length), strict=False) for each in others)


def met(client: VantagePoint, claimant: Claimant, vip: Address) -> bool:
    """Whether the client's own packets went to this claimant: by its SYNs, else by its cache, else by equal refusals."""
    tcp, cache = client.findings.get(TcpFacts), client.findings.get(NeighbourFacts)
    sent = {f.destination_mac for answer in (tcp.of(vip) if tcp else ()) for f in frames_sent(answer)}
    if sent:
        return claimant.mac in sent
    entry = cache.entry(vip) if cache else None
    if entry is not None:
        return entry.mac == claimant.mac
    failing = any(state.unreached for state in client.states_of(vip))
    return failing and bool(claimant.refuses)


def ports(found: tuple[DirectedPort, ...]) -> str:
    """Ports for a sentence: 53/udp, 53/tcp."""
    return ", ".join(f"{each.target.port}/{each.target.protocol}" for each in found)
