"""The Service admits certain source addresses only, and the client's is none of them.

Why: loadBalancerSourceRanges become rules on every node: what comes from elsewhere is dropped (KUBE-PROXY-FIREWALL, or
the firewall chains of nftables mode), before or instead of the translation.
Seen as: Some clients are served, others get silence on the same ports. Ping is not affected.
Told apart from: HD405 by the rule, which is the service proxy's own; HD502 by the ranges; an address problem by ARP,
which works for both clients.
By hand: The Service lists ranges; the client's address is in none.
    kubectl -n NAMESPACE get service SERVICE -o jsonpath='{.spec.loadBalancerSourceRanges}'
    iptables-save -c -t filter | grep KUBE-PROXY-FIREWALL
    ip route get VIP
Fix: Add the client's address or network to the ranges.
Unsure when: A router between client and node replaces the client's address: then the node judges another one. Or the ranges
are known from the cluster alone: some load balancers do not heed them.
References: https://kubernetes.io/docs/reference/networking/virtual-ips/;
https://kubernetes.io/docs/concepts/services-networking/service/.
"""

from __future__ import annotations

from ipaddress import ip_network

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.cluster_view import ClusterView
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.fixes.service_object import restart_proxy, source_ranges
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import shut_out
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import failing_clients, symptom
from hairpin_doctor.told import services_that_drop
from hairpin_doctor.vantage_point import VantagePoint
from probes.routes import RouteFacts
from probes.service_rules import ProgrammedPort
from probes.target import Address, ServicePort


@rule(
    "HD505",
    "source-ranges-exclude-client",
    Severity.BROKEN,
    explains=("HD302", "HD405", "HD502"),
    ipv6=Ipv6.PROVEN,
)
def source_ranges_exclude_client(network: Network, vip: Address) -> Verdict:
    """The ranges in the rules for a failing port, or in the Service itself, do not hold the client's address."""
    try:
        found = arrivals(network, vip, "whom its service proxy admits")
    except MissingFacts:
        told = _by_the_clusters_word(network, vip)
        if told is None:
            raise
        return told
    for arrival in found:
        closed = [
            p
            for port in arrival.ports
            if (p := shut_out(arrival.host, arrival.client, vip, port)) is not None
        ]
        if closed:
            return _diagnosis(network, arrival, vip, closed)
    return Cleared(f"the rules of {found[0].host.name} for {vip} exclude no client by its address")


def _by_the_clusters_word(network: Network, vip: Address) -> Diagnosis | Cleared | None:
    """The Service's own ranges, where what the client sends is dropped; None where the cluster says nothing."""
    cleared: Cleared | None = None
    for client in failing_clients(network, vip):
        address = client.address_towards(vip)
        if address is None:
            continue
        for view in services_that_drop(network, client, vip):
            ranges = view.service.source_ranges
            if ranges and not any(address in each for each in ranges):
                return _told(view, client, vip, address)
            who = f"{client.name} ({address})" if ranges else "everybody"
            cleared = Cleared(f"{view.service} admits {who} ({view.said_by})")
    return cleared


def _told(view: ClusterView, client: VantagePoint, vip: Address, address: Address) -> Diagnosis:
    service, ranges = str(view.service), ", ".join(map(str, view.service.source_ranges))
    on_link = client.findings[RouteFacts].on_link(vip)
    return Diagnosis(
        summary=f"{service} admits {ranges} only, and {client.name} is {address}",
        because=(
            symptom(client, vip),
            f"loadBalancerSourceRanges of {service}: {ranges} ({view.said_by}).",
            f"{client.name} sends from {address}, which lies in none of them"
            + (", and no router in between could change that." if on_link else ", by a router."),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if on_link else Confidence.POSSIBLE,
        fixes=(source_ranges(service, view.service.source_ranges, (ip_network(address),), vip, client.name),),
        ruled_out=("HD201: somebody takes the packets.",) if on_link else (),
    )


def _diagnosis(network: Network, arrival: Arrival, vip: Address, closed: list[ProgrammedPort]) -> Diagnosis:
    host, client, first = arrival.host, arrival.client, closed[0]
    address = client.address_towards(vip)
    ranges = ", ".join(map(str, first.source_ranges))
    ports = ", ".join(f"{each.port}/{each.protocol}" for each in closed)
    behind = _proxy_is_behind(network, client, vip, first)
    return Diagnosis(
        summary=f"{first.service or vip} admits {ranges} only, and {client.name} is {address}"
        if behind is None
        else f"the service proxy of {host.name} admits {ranges} only to {vip}, and the cluster says otherwise",
        because=(
            symptom(client, vip),
            f"{host.name} takes the packets of {client.name} ({address}) for {vip}.",
            f"Its service proxy admits {ranges} to {ports}, and nobody else ({first.backend}).",
            *((behind,) if behind else ()),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=(restart_proxy(vip, client.name),) if behind else _fixes(first, vip, address, client.name),
        ruled_out=("HD502: the Service has an endpoint for those it admits.",),
    )


def _proxy_is_behind(
    network: Network, client: VantagePoint, vip: Address, closed: ProgrammedPort
) -> str | None:
    """A sentence where the Service, as the cluster has it, admits the client that the rules shut out."""
    address, port = client.address_towards(vip), ServicePort(closed.port, closed.protocol)
    view = next((each for each in network.clusters(vip) if port in each.service.ports), None)
    if view is None or address is None:
        return None
    ranges = view.service.source_ranges
    if ranges and not any(address in each for each in ranges):
        return None
    admitted = ", ".join(map(str, ranges)) or "everybody"
    behind = "the proxy does not follow the cluster, or has not yet"
    return f"But {view.service} admits {admitted} ({view.said_by}): {behind}."


def _fixes(closed: ProgrammedPort, vip: Address, address: Address | None, client: str) -> tuple[Fix, ...]:
    if closed.service is None or address is None:
        return ()
    return (source_ranges(closed.service, closed.source_ranges, (ip_network(address),), vip, client),)
