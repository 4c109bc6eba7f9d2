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
Unsure when: A router between client and node replaces the client's address: then the node judges another one.
References: https://kubernetes.io/docs/reference/networking/virtual-ips/;
https://kubernetes.io/docs/concepts/services-networking/service/.
"""

from __future__ import annotations

from ipaddress import ip_network

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.fixes.service_object import source_ranges
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import shut_out
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from probes.service_rules import ProgrammedPort
from probes.target import Address


@rule("HD505", "source-ranges-exclude-client", Severity.BROKEN, explains=("HD302", "HD405", "HD502"))
def source_ranges_exclude_client(network: Network, vip: Address) -> Verdict:
    """The ranges in the rules for a failing port do not hold the client's address."""
    found = arrivals(network, vip, "whom its service proxy admits")
    for arrival in found:
        closed = [
            p
            for port in arrival.ports
            if (p := shut_out(arrival.host, arrival.client, vip, port)) is not None
        ]
        if closed:
            return _diagnosis(arrival, vip, closed)
    return Cleared(f"the rules of {found[0].host.name} for {vip} exclude no client by its address")


def _diagnosis(arrival: Arrival, vip: Address, closed: list[ProgrammedPort]) -> Diagnosis:
    host, client, first = arrival.host, arrival.client, closed[0]
    address = client.address_towards(vip)
    ranges = ", ".join(map(str, first.source_ranges))
    ports = ", ".join(f"{each.port}/{each.protocol}" for each in closed)
    return Diagnosis(
        summary=f"{first.service or vip} admits {ranges} only, and {client.name} is {address}",
        because=(
            symptom(client, vip),
            f"{host.name} takes the packets of {client.name} ({address}) for {vip}.",
            f"Its service proxy admits {ranges} to {ports}, and nobody else ({first.backend}).",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=_fixes(first, vip, address, client.name),
        ruled_out=("HD502: the Service has an endpoint for those it admits.",),
    )


def _fixes(closed: ProgrammedPort, vip: Address, address: Address | None, client: str) -> tuple[Fix, ...]:
    if closed.service is None or address is None:
        return ()
    return (source_ranges(closed.service, closed.source_ranges, (ip_network(address),), vip, client),)
