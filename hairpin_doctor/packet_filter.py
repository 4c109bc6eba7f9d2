"""What the packet filters of a host surely do with one client's packets to one port of a VIP."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.vantage_point import VantagePoint
from probes.endpoints import EndpointFacts
from probes.forward_chain import ForwardChainFacts
from probes.rulesets.passage import Passage, Stopper, Way
from probes.service_rules import IPVS, ProgrammedPort, ServiceRulesFacts
from probes.target import Address, Protocol, ServicePort


@dataclass(frozen=True)
class Stopped:
    """A port whose packets are surely stopped, the rule or policy that does it (the first that is met), and on which way."""

    port: ServicePort
    by: Stopper
    way: Way

    def __str__(self) -> str:
        return f"{self.by.table} {self.by.chain}: {self.by.rule}"


def stopped(
    host: VantagePoint, client: VantagePoint, vip: Address, ports: Iterable[ServicePort]
) -> list[Stopped]:
    """The ports whose packets, routed or received by the host, surely get stopped whatever their endpoint."""
    return _sure(
        (port, [p for p in _passages(host, client, vip, port) if p.way != "bridged"]) for port in ports
    )


def possibly_stopped(
    host: VantagePoint, client: VantagePoint, vip: Address, ports: Iterable[ServicePort]
) -> bool:
    """Whether some rule may stop such packets, by something that is not known."""
    passages = (each for port in ports for each in _passages(host, client, vip, port))
    return any(each.passes is None and each.way != "bridged" for each in passages)


def stopped_while_bridged(
    host: VantagePoint, client: VantagePoint, vip: Address, ports: Iterable[ServicePort], bridge: str
) -> list[Stopped]:
    """The same for frames that a bridge merely passes on and br_netfilter shows to the rules.

    A frame that is translated to an endpoint beyond the bridge is routed from there on (br_nf_pre_routing_finish,
    net/bridge/br_netfilter_hooks.c), so then the routed way counts.
    """
    return _sure((port, _bridged(host, client, vip, port, bridge)) for port in ports)


def stopped_solicitation(host: VantagePoint, vip: Address, bridge: str) -> tuple[Stopper | None, bool]:
    """What surely stops a solicitation for an IPv6 VIP that the bridge passes on; and whether something at least may."""
    facts = host.findings[ForwardChainFacts]
    ways = [each for each in facts.solicitations if (each.vip, each.bridge) == (vip, bridge)]
    stoppers = [each for way in ways for each in way.stoppers]
    sure = bool(ways) and all(way.passes is False for way in ways)
    first = next((each for each in stoppers if each.certain), next(iter(stoppers), None))
    return first if sure else None, any(way.passes is not True for way in ways)


def stopped_first(attachment: Attachment, client: VantagePoint, vip: Address) -> list[Stopped]:
    """What surely stops the client's bridged frames, for rules about what happens to those that pass."""
    host, bridge = attachment.host, attachment.interface.name
    if host.findings.get(ForwardChainFacts) is None:
        return []
    return stopped_while_bridged(host, client, vip, failing_ports(client, vip), bridge)


def failing_ports(client: VantagePoint, vip: Address) -> tuple[ServicePort, ...]:
    """The named ports of the VIP that fail from there."""
    return tuple(
        ServicePort(state.target.port, state.target.protocol or Protocol.TCP)
        for state in client.states_of(vip)
        if state.unreached and state.target.port is not None
    )


def _bridged(
    host: VantagePoint, client: VantagePoint, vip: Address, port: ServicePort, bridge: str
) -> list[Passage]:
    every = _passages(host, client, vip, port)
    ways: list[Passage] = []
    for passage in every:
        if passage.bridge != bridge:
            continue
        if passage.endpoint is None or _lies_on(host, passage, bridge):
            ways.append(passage)
        else:
            ways += [p for p in every if p.way != "bridged" and p.endpoint == passage.endpoint]
    return ways


def _lies_on(host: VantagePoint, passage: Passage, bridge: str) -> bool:
    endpoints = host.findings.get(EndpointFacts)
    if endpoints is None or passage.endpoint is None or passage.protocol is None:
        return False
    found = endpoints.of(passage.endpoint, passage.protocol)
    return bool(found and found.route and found.route.interface == bridge)


def _passages(host: VantagePoint, client: VantagePoint, vip: Address, port: ServicePort) -> list[Passage]:
    address = client.address_towards(vip)
    found = host.findings[ForwardChainFacts].of(vip, port.port, port.protocol)
    return [passage for passage in found if passage.client in (None, address)]


def _sure(ways: Iterable[tuple[ServicePort, list[Passage]]]) -> list[Stopped]:
    found: list[Stopped] = []
    for port, passages in ways:
        if not passages or not all(passage.passes is False for passage in passages):
            continue
        stops = [Stopped(port, stopper, p.way) for p in passages for stopper in p.stoppers]
        sure = [each for each in stops if each.by.certain]
        last = [Stopped(port, p.stoppers[-1], p.way) for p in passages if p.stoppers]
        found += (sure or last)[:1]  # behind rules that may stop it comes one that stops whatever is left
    return found


def refused_by_proxy(host: VantagePoint, vip: Address, port: ServicePort) -> ProgrammedPort | None:
    """What the service proxy itself has programmed to drop or reject for this port; rules of others name no Service.

    A virtual server of IPVS names none either, but nobody else has one for the VIP.
    """
    programmed = host.findings[ServiceRulesFacts].at(vip, port.port, port.protocol)
    if any(each.kind == "dnat" for each in programmed):
        return None
    return next((each for each in programmed if each.service is not None or each.backend == IPVS), None)


def shut_out(
    host: VantagePoint, client: VantagePoint, vip: Address, port: ServicePort
) -> ProgrammedPort | None:
    """The programmed port whose source ranges do not hold the client's address, if it is so."""
    address = client.address_towards(vip)
    programmed = host.findings[ServiceRulesFacts].at(vip, port.port, port.protocol)
    return next((each for each in programmed if address is not None and not each.admits(address)), None)
