"""What do the packet filters of this machine do with the packets of a client's flow to a VIP?

For every port of a VIP that is named or programmed, a packet of a new connection is followed three ways: *routed* (through
prerouting with its DNAT, then forward), *local* (then input, where the VIP is an address of this machine), and *bridged* (a
frame on its way from port to port of a bridge, as br_netfilter hands it to the IP hooks; nftables' bridge family sees it in
any case). Whether br_netfilter is on is another probe's business. Where nothing translates the VIP here, this machine's own
packets to it are followed too, and the answers.

Cannot see: packets that an eBPF program or a flowtable takes past the hooks, nftables' netdev family (ingress), ebtables,
members of ipsets, replies, connections that exist already, and what queues to user space decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from typing import Literal

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.rulesets.model import Ruleset
from probes.rulesets.own_packets import own_packets
from probes.rulesets.packet import Packet
from probes.rulesets.passage import Passage, Stopper, Way, passage
from probes.rulesets.path import Leg, enter, from_outside, onward
from probes.rulesets.ports import ports_named, ports_wanted
from probes.rulesets.read import bridge_names, families_of, interface_to, is_local, leave, read_rulesets
from probes.target import Address, Protocol, ServicePort, solicited_node

UNTRACKED = frozenset({"untracked"})
SHOWN_HOOKS = ("prerouting", "input", "forward")


@dataclass(frozen=True)
class Policy:
    """A base chain with its policy and how many packets the policy decided (None where not counted)."""

    backend: str
    table: str
    hook: str
    chain: str
    policy: Literal["accept", "drop"]
    packets: int | None


@dataclass(frozen=True)
class ForwardChainFacts:
    """`populated`: backends that hold any rule. `unread`: a sentence for each ruleset that could not be read.

    `own`: this machine's own packets and the answers to them (ways "sent" and "answered"). `solicitations`: for IPv6 VIPs,
    the frames that ask for them by multicast, on their way from port to port of each bridge.
    """

    passages: tuple[Passage, ...]
    policies: tuple[Policy, ...]
    populated: tuple[str, ...]
    unread: tuple[str, ...]
    own: tuple[Passage, ...] = ()
    solicitations: tuple[Passage, ...] = ()

    def of(
        self, vip: Address, port: int | None = None, protocol: Protocol | None = None, way: Way | None = None
    ) -> tuple[Passage, ...]:
        """The passages of a VIP, narrowed by what is given."""
        return tuple(
            p
            for p in self.passages
            if p.vip == vip
            and (port is None or p.port == port)
            and (protocol is None or p.protocol == protocol)
            and (way is None or p.way == way)
        )

    def drops(self, vip: Address, port: int, protocol: Protocol) -> tuple[Stopper, ...]:
        """What stops a packet that this machine routes or receives, where it surely does not pass on any way; else nothing.

        The certain stoppers; where several possible ones together leave no way, those.
        """
        return _certain(p for p in self.of(vip, port, protocol) if p.way != "bridged")

    def drops_bridged(
        self, vip: Address, port: int, protocol: Protocol, bridge: str | None = None
    ) -> tuple[Stopper, ...]:
        """The same for merely bridged frames that meet the hooks: on this bridge, by default on any of them."""
        found = [p for p in self.of(vip, port, protocol, "bridged") if bridge in (None, p.bridge)]
        each = (
            _certain(p for p in found if p.bridge == name) for name in dict.fromkeys(p.bridge for p in found)
        )
        return tuple(dict.fromkeys(stopper for stoppers in each for stopper in stoppers))

    def may_drop(self, vip: Address, port: int, protocol: Protocol, way: Way | None = None) -> bool:
        """Is it stopped surely or possibly on some way?"""
        return any(p.passes is not True for p in self.of(vip, port, protocol, way))

    def stoppers(
        self, vip: Address, port: int, protocol: Protocol, way: Way | None = None
    ) -> tuple[Stopper, ...]:
        """Every rule or policy that stops it or may stop it, the certain ones first, each once."""
        found = dict.fromkeys(s for p in self.of(vip, port, protocol, way) for s in p.stoppers)
        return tuple(sorted(found, key=lambda stopper: not stopper.certain))


def _certain(passages: Iterable[Passage]) -> tuple[Stopper, ...]:
    found = list(passages)
    if not all(passage.passes is False for passage in found):
        return ()
    stoppers = dict.fromkeys(stopper for passage in found for stopper in passage.stoppers)
    return tuple(stopper for stopper in stoppers if stopper.certain) or tuple(stoppers)


@probe(Layer.SERVICE)
def forward_chain(host: Host, scope: Scope) -> ForwardChainFacts:
    """Follow packets of each target through all readable rulesets together. Raises Denied if nothing can be read."""
    rulesets = read_rulesets(host, families_of(scope))
    bridges = bridge_names(host)
    passages = [
        passage
        for vip in scope.vips
        for packet, port in _packets(host, scope, rulesets.read, vip)
        for passage in _passages(host, rulesets.read, packet, port, bridges)
    ]
    return ForwardChainFacts(
        tuple(passages),
        tuple(_policies(rulesets.read)),
        tuple(dict.fromkeys(ruleset.backend for ruleset in rulesets.read if ruleset.populated)),
        rulesets.unread,
        tuple(
            each for vip in _untranslated(scope, passages) for each in _own(host, scope, rulesets.read, vip)
        ),
        tuple(_solicitations(host, scope, rulesets.read, bridges)),
    )


def _solicitations(
    host: Host, scope: Scope, rulesets: Sequence[Ruleset], bridges: Sequence[str | None]
) -> Iterator[Passage]:
    """Connection tracking leaves them alone (nf_conntrack_icmpv6_error, net/netfilter/nf_conntrack_proto_icmpv6.c)."""
    for vip in scope.vips:
        if not isinstance(vip, IPv6Address):
            continue
        question = Packet(solicited_node(vip), protocol="icmpv6", bridged=True, state=UNTRACKED)
        for bridge in bridges:
            frame = replace(
                question, incoming=bridge, outgoing=bridge, physdev_out=None, destination_local=False
            )
            yield from (replace(each, vip=vip) for each in _ways(host, rulesets, frame, None, bridge))


def _untranslated(scope: Scope, passages: Sequence[Passage]) -> tuple[Address, ...]:
    translated = {each.vip for each in passages if each.endpoint is not None}
    return tuple(vip for vip in scope.vips if vip not in translated)


def _own(host: Host, scope: Scope, rulesets: Sequence[Ruleset], vip: Address) -> Iterator[Passage]:
    return own_packets(host, rulesets, vip, sorted(set(ports_wanted(scope, vip))))


def _packets(
    host: Host, scope: Scope, rulesets: Sequence[Ruleset], vip: Address
) -> Iterator[tuple[Packet, ServicePort | None]]:
    anyone = from_outside(rulesets, Packet(vip, destination_local=is_local(host, vip)))
    clients = [client for client in scope.clients if client.version == vip.version]
    ports = _ports(scope, rulesets, anyone)
    for client in clients or (None,):
        incoming = interface_to(host, client) if client else None
        packet = replace(anyone, source=client, incoming=incoming)
        for port in ports:
            yield replace(packet, port=port.port, protocol=str(port.protocol)), port
        if not ports:
            yield packet, None


def _ports(scope: Scope, rulesets: Sequence[Ruleset], packet: Packet) -> list[ServicePort]:
    found = set(ports_wanted(scope, packet.destination))
    if any(target.port is None for target in scope.targets if target.vip == packet.destination):
        found |= set(ports_named(rulesets, packet))
    return sorted(found)


def _passages(
    host: Host,
    rulesets: Sequence[Ruleset],
    packet: Packet,
    port: ServicePort | None,
    bridges: Sequence[str | None],
) -> Iterator[Passage]:
    yield from _ways(host, rulesets, packet, port, None)
    for bridge in bridges:
        frame = replace(
            packet, incoming=bridge, outgoing=bridge, bridged=True, physdev_out=None, destination_local=False
        )
        yield from _ways(host, rulesets, frame, port, bridge)


def _ways(
    host: Host, rulesets: Sequence[Ruleset], packet: Packet, port: ServicePort | None, bridge: str | None
) -> Iterator[Passage]:
    entry = enter(rulesets, packet)
    if not entry.legs:
        yield passage(packet, port, bridge, Leg(None, None, packet), (entry.crossing,))
    for leg in entry.legs:
        onto = leg if packet.bridged else leave(host, leg)
        yield passage(packet, port, bridge, onto, (entry.crossing, onward(rulesets, onto)))


def _policies(rulesets: Sequence[Ruleset]) -> Iterator[Policy]:
    for ruleset in rulesets:
        for base in ruleset.bases:
            if base.hook in SHOWN_HOOKS and base.kind != "nat":
                packets = base.counters.packets if base.counters else None
                yield Policy(ruleset.backend, base.table, base.hook, base.name, base.policy, packets)
