"""A client that sends to a VIP by a gateway: nobody answers for the gateway, or the VIP is in the client's own LAN."""

from __future__ import annotations

from hairpin_doctor.fixes.client_way import into_the_lan, right_gateway, right_netmask
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Confidence, Diagnosis, Severity
from hairpin_doctor.situation import NotThis, symptom
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.bypassed_subnets import BypassedSubnet, BypassedSubnetFacts
from probes.questions.routing import Route
from probes.questions.traffic import Handshake
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address, Protocol, resolution
from probes.target import Network as Prefix
from probes.tcp import TcpFacts


def by_a_gateway(network: Network, client: VantagePoint, vip: Address) -> Diagnosis:
    """Nobody answers for the gateway of the VIP, or the VIP is in the client's own LAN. Raises NotThis for anything else."""
    route, path = client.findings[RouteFacts].route(vip), client.findings.get(RoutedPathFacts)
    if route is None or route.gateway is None:
        raise NotThis(
            f"{client.name} sends to {vip} by the subnet that holds it, or none of its subnets does"
        )
    if path and route.gateway in path.silent:
        return _gateway_is_silent(client, vip, route)
    if path and path.next_hop(vip):
        raise NotThis(f"the gateway of {client.name} sends {vip} on")
    for beside in client.findings[BypassedSubnetFacts].beside:
        found = _lan_of_a_host(network, client, beside) if beside.vip == vip else None
        if found:
            return _netmask_is_too_narrow(client, vip, route, beside, *found)
    raise NotThis(f"{client.name} sends to {vip} by its gateway {route.gateway}, which answers")


def _lan_of_a_host(
    network: Network, client: VantagePoint, beside: BypassedSubnet
) -> tuple[VantagePoint, Prefix] | None:
    """A scanned host that answers there, with its subnet that holds the client, the gateway and the VIP; no flow came in."""
    for owner in (each for mac in beside.macs for each in network.owners(mac)):
        host = owner.vantage_point
        if host is client or _came_in(host, client, beside.vip):
            continue
        for each in host.findings[RouteFacts].connected:
            lan = each.prefix
            if beside.vip in lan and _holds(lan, beside.subnet):
                return host, lan
    return None


def _holds(lan: Prefix, subnet: Prefix) -> bool:
    return subnet.network_address in lan and lan.prefixlen <= subnet.prefixlen


def _came_in(host: VantagePoint, client: VantagePoint, vip: Address) -> bool:
    """Whether the host tracks an attempt of the client's. A flow of UDP may be of a time when it worked.

    Then TCP decides: were its attempts silent because answers are lost, they would be tracked as well.
    """
    flows, tcp = tracked(host, client, vip), client.findings.get(TcpFacts)
    silent = tcp is not None and any(each.outcome is Handshake.SILENT for each in tcp.of(vip))
    return any(flow.protocol is Protocol.TCP or not silent for flow in flows)


def _gateway_is_silent(client: VantagePoint, vip: Address, route: Route) -> Diagnosis:
    return Diagnosis(
        summary=f"nobody answers for {route.gateway}, the gateway by which {client.name} sends to {vip}",
        because=(
            symptom(client, vip),
            f"{client.name} sends packets for {vip} {leaves_by(route)}.",
            f"Its kernel asked for {route.gateway} while the scan ran, and got no answer: nothing leaves.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(right_gateway(client.name, route.gateway, vip),),
        ruled_out=("HD111, HD602, HD603: no router was asked to send anything on.",),
        clients=(client.name,),
    )


def _netmask_is_too_narrow(
    client: VantagePoint,
    vip: Address,
    route: Route,
    beside: BypassedSubnet,
    host: VantagePoint,
    lan: Prefix,
) -> Diagnosis:
    return Diagnosis(
        summary=(
            f"{client.name} takes {vip} for an address of another subnet: its own is {beside.subnet}, that of {host.name} "
            f"on the same link is {lan}"
        ),
        because=(
            symptom(client, vip),
            f"{client.name} sends packets for {vip} {leaves_by(route)}, and {host.name} has seen none of them.",
            f"Asked for by {resolution(vip)} on {beside.interface}, {', '.join(beside.macs)} of {host.name} answers for it.",
            f"{lan}, the subnet of {host.name}, holds the VIP and all of {beside.subnet}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(
            right_netmask(client.name, beside.interface, lan.prefixlen, vip),
            into_the_lan(client.name, vip, beside.interface, "Other addresses of the LAN stay hidden."),
        ),
        ruled_out=("HD111: a subnet of the host holds the VIP.",),
        clients=(client.name,),
    )


def leaves_by(route: Route | None) -> str:
    """For a sentence: packets that go there leave ... ."""
    if route is None or route.type != "unicast":
        return "nowhere"
    return f"out by {route.interface}" + (f" to {route.gateway}" if route.gateway else "")
