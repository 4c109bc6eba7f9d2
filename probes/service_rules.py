"""Which ports of a VIP has this machine's service proxy, or anybody else, programmed, and where do they lead?

Reads iptables-nft, iptables-legacy, nftables and the virtual servers of IPVS. A packet of a new connection from an
external client is followed through prerouting, input or forward, and postrouting, with unknown conditions followed both
ways. "External client" is one outside of the networks and interfaces that the rules themselves treat as the machine's
own pods or containers. Hand-written DNAT rules count like kube-proxy's.

Cannot see: the members of ipsets (kube-proxy's ipvs mode), eBPF programs (Cilium, Calico's eBPF mode), traffic that
starts on this machine (the output hook), flowtables, and ports of a range beyond the first 64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Literal

from probes.host import Host, Unanswered
from probes.probe import Layer, Scope, probe
from probes.questions.firewall import VirtualServers
from probes.questions.traffic import Endpoint
from probes.rulesets.conditions import In, MarkIs
from probes.rulesets.crossing import Crossing, Path, Verdict
from probes.rulesets.load_balancers import Front, fronts
from probes.rulesets.model import Ruleset
from probes.rulesets.naming import naming_step, service_of
from probes.rulesets.packet import Packet
from probes.rulesets.path import Entry, enter, from_outside, hides_source, onward
from probes.rulesets.ports import ports_named, ports_wanted
from probes.rulesets.read import families_of, is_local, leave, read_rulesets
from probes.rulesets.truth import Truth
from probes.target import Address, Network, Protocol, ServicePort

LONGEST_RULE = 240
FIREWALL_CHAINS = ("KUBE-FW-", "firewall-")
MARKED_FOR_DROP = "KUBE-MARK-DROP"
IPVS = "ipvs"


@dataclass(frozen=True)
class ProgrammedPort:
    """What one ruleset does with one port of a VIP.

    `endpoints`: where DNAT may lead, port 0 where the rule keeps an unknown port. `masquerade`: is an external client's
    address hidden from the backend? None where that depends or is unknown. `certain`: does every external client get
    there (False with source ranges, rate limits, unknown conditions)? `names_vip`: False for rules for any local address
    (NodePort, hostPort, `docker run -p`). `source_ranges`: loadBalancerSourceRanges, empty = everybody.
    """

    vip: Address
    port: int
    protocol: Protocol
    backend: str
    service: str | None
    endpoints: tuple[Endpoint, ...]
    masquerade: bool | None
    kind: Literal["dnat", "drop", "reject"]
    certain: bool
    names_vip: bool
    source_ranges: tuple[Network, ...]
    rule: str

    def admits(self, client: Address) -> bool:
        """Do the source ranges let this client in?"""
        return not self.source_ranges or any(client in network for network in self.source_ranges)


@dataclass(frozen=True)
class ServiceRulesFacts:
    """`ports`: of the VIPs in scope. `load_balancer_ports`: every external address that kube-proxy serves here by rules.

    `backends` hold DNAT rules or kube-proxy's, or are "ipvs"; `unread`: a sentence for each ruleset that could not be read.
    """

    ports: tuple[ProgrammedPort, ...]
    load_balancer_ports: tuple[Front, ...]
    backends: tuple[str, ...]
    unread: tuple[str, ...]

    def programmed(self, vip: Address) -> tuple[ProgrammedPort, ...]:
        """Every programmed port of a VIP."""
        return tuple(port for port in self.ports if port.vip == vip)

    def at(self, vip: Address, port: int, protocol: Protocol) -> tuple[ProgrammedPort, ...]:
        """What is programmed for this port, one entry per backend that has something."""
        return tuple(p for p in self.programmed(vip) if p.port == port and p.protocol == protocol)

    def serves(self, vip: Address, port: int, protocol: Protocol) -> bool:
        """Does a rule translate this port to an endpoint?"""
        return any(p.kind == "dnat" for p in self.at(vip, port, protocol))

    def refuses(self, vip: Address, port: int, protocol: Protocol) -> bool:
        """Is the port programmed only to be dropped or rejected (no endpoints, none here under policy Local)?"""
        found = self.at(vip, port, protocol)
        return bool(found) and not any(p.kind == "dnat" for p in found)

    def endpoints(self, vip: Address) -> tuple[Endpoint, ...]:
        """All endpoints of a VIP, each once."""
        return tuple(dict.fromkeys(e for p in self.programmed(vip) for e in p.endpoints))


@probe(Layer.SERVICE)
def service_rules(host: Host, scope: Scope) -> ServiceRulesFacts:
    """Read every ruleset and follow an external client's packet to each VIP. Raises Denied if nothing can be read."""
    rulesets = read_rulesets(host, families_of(scope))
    ports: list[ProgrammedPort] = []
    balanced = _virtual_servers(host, scope)
    for vip in scope.vips:
        client = from_outside(rulesets.read, Packet(vip, destination_local=is_local(host, vip)))
        for ruleset in rulesets.read:
            ports += _programmed(
                host, ruleset, client, sorted({*ports_wanted(scope, vip), *ports_named([ruleset], client)})
            )
    backends = dict.fromkeys(ruleset.backend for ruleset in rulesets.read if ruleset.translates)
    return ServiceRulesFacts(
        (*ports, *(balanced or ())),
        tuple(dict.fromkeys(front for ruleset in rulesets.read for front in fronts(ruleset))),
        tuple(backends) if balanced is None else (*backends, IPVS),
        rulesets.unread,
    )


def _virtual_servers(host: Host, scope: Scope) -> tuple[ProgrammedPort, ...] | None:
    """What IPVS does with the VIPs, None where it has no virtual server at all.

    It takes only what is delivered to the machine itself (ip_vs_remote_request4 is a hook of LOCAL_IN): a virtual server
    whose address is not local gets nothing. One without a real server answers "port unreachable" (ip_vs_leave).
    """
    try:
        found = host.ask(VirtualServers())
    except Unanswered:
        return None
    local = {vip for vip in scope.vips if is_local(host, vip)}
    ports = tuple(
        ProgrammedPort(
            vip=each.address,
            port=each.port,
            protocol=each.protocol,
            backend=IPVS,
            service=None,
            endpoints=each.real_servers,
            masquerade=None,
            kind="dnat" if each.real_servers else "reject",
            certain=True,
            names_vip=True,
            source_ranges=(),
            rule=f"IPVS virtual server {each.protocol} {each.address} port {each.port}",
        )
        for each in found
        if each.address in local
    )
    return ports if found else None


def _programmed(
    host: Host, ruleset: Ruleset, client: Packet, ports: Sequence[ServicePort]
) -> Iterator[ProgrammedPort]:
    for port in ports:
        packet = replace(client, port=port.port, protocol=str(port.protocol))
        entry = enter([ruleset], packet)
        if entry.crossing.translations:  # an external client is none of the endpoints either
            places = tuple(ip_network(leg.endpoint.address) for leg in entry.legs if leg.endpoint)
            packet = replace(packet, source_outside=(*packet.source_outside, *places))
            entry = enter([ruleset], packet)
        if entry.crossing.translations:
            yield _translated(host, ruleset, packet, port, entry)
        else:
            yield from _refused(ruleset, packet, port, entry)


def _translated(
    host: Host, ruleset: Ruleset, packet: Packet, port: ServicePort, entry: Entry
) -> ProgrammedPort:
    legs = [leg for leg in entry.legs if leg.translation]
    hidden = {hides_source([ruleset], leave(host, leg)).known for leg in legs}
    event = entry.crossing.translations[0]
    return ProgrammedPort(
        vip=packet.destination,
        port=port.port,
        protocol=port.protocol,
        backend=ruleset.backend,
        service=service_of(event.path),
        endpoints=tuple(leg.endpoint for leg in legs if leg.endpoint),
        masquerade=hidden.pop() if len(hidden) == 1 else None,
        kind="dnat",
        certain=entry.crossing.untranslated is Truth.NO and entry.crossing.continues is Truth.YES,
        names_vip=naming_step(event.path, packet.destination) is not None,
        source_ranges=_source_ranges(ruleset, entry.crossing, packet.destination),
        rule=(naming_step(event.path, packet.destination) or event.text)[:LONGEST_RULE],
    )


def _refused(ruleset: Ruleset, packet: Packet, port: ServicePort, entry: Entry) -> Iterator[ProgrammedPort]:
    """A port is programmed to be refused where a rule that names the VIP stops it, not by a policy or a blanket rule."""
    for path, kind, certain in _refusals(ruleset, packet, entry):
        yield ProgrammedPort(
            vip=packet.destination,
            port=port.port,
            protocol=port.protocol,
            backend=ruleset.backend,
            service=service_of(path),
            endpoints=(),
            masquerade=None,
            kind=kind,
            certain=certain,
            names_vip=True,
            source_ranges=_source_ranges(ruleset, entry.crossing, packet.destination),
            rule=(naming_step(path, packet.destination) or path[-1].rule.text)[:LONGEST_RULE],
        )
        return


def _refusals(
    ruleset: Ruleset, packet: Packet, entry: Entry
) -> Iterator[tuple[Path, Literal["drop", "reject"], bool]]:
    """Ways that name the VIP and end in a stop, or in kube-proxy's mark "to be dropped"; and whether that is certain.

    Before Kubernetes 1.25 kubelet drops what is so marked in INPUT and OUTPUT alone (syncNetworkUtil in
    pkg/kubelet/kubelet_network_linux.go): a packet to a VIP that is no address of the node is sent back to the LAN.
    """
    vip = packet.destination
    stops = [*entry.crossing.stops, *(stop for leg in entry.legs for stop in onward([ruleset], leg).stops)]
    for stop in stops:
        path = _naming_path(entry.crossing, stop, vip)
        if path and stop.decision != "accept":
            yield path, stop.decision, stop.certain
    for marking in entry.crossing.markings:
        if marking.chain == MARKED_FOR_DROP and naming_step(marking.path, vip):
            yield marking.path, "drop", marking.certain


def _naming_path(crossing: Crossing, stop: Verdict, vip: Address) -> Path:
    """The way to a stop that names the VIP; where a mark decides (KUBE-MARK-DROP), the way to the marking rule."""
    paths = [stop.path]
    if stop.path and any(isinstance(step, MarkIs) for step in stop.path[-1].rule.steps):
        paths += [marking.path for marking in crossing.markings]
    return next((path for path in paths if naming_step(path, vip)), ())


def _source_ranges(ruleset: Ruleset, crossing: Crossing, vip: Address) -> tuple[Network, ...]:
    """The loadBalancerSourceRanges in the firewall chains that the packet met; the VIP itself stands there too."""
    found: dict[Network, None] = {}
    for table, name in sorted(crossing.visited):
        chain = ruleset.chain(table, name) if name.startswith(FIREWALL_CHAINS) else None
        for rule in chain.rules if chain else ():
            for step in rule.steps:
                if isinstance(step, In) and step.field == "source":
                    found |= dict.fromkeys(step.values.networks)
    return tuple(network for network in found if network != ip_network(vip))
