"""The node answers for the VIP, but its service proxy has programmed nothing for that port.

Why: Announcing and translating are the work of two programs. A proxy that is stuck, does not run, or knows another
Service (another address, no such port) leaves the packet untranslated: the node sends it back to the LAN or refuses it.
Seen as: ARP works; TCP and UDP get "unreachable", silence, or "refused" where the VIP is an address of the node, which
then answers ping too.
Told apart from: HD507 by the port, of which neither protocol is programmed; HD502 by the absence of any rule, even one
that drops; HD503 by the RST, which the node itself sends and no backend.
By hand: No rule names the VIP and its port on the node that answers for it.
    iptables-save -t nat | grep -w VIP
    nft list ruleset | grep -w VIP
    ipvsadm -Ln
    kubectl -n kube-system get pods -o wide
Fix: Mend the service proxy, or give the Service that port.
Unsure when: No other Service is seen in the rules: then IPVS or eBPF may do the work, which no ruleset shows.
References: https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/;
https://kubernetes.io/docs/reference/networking/virtual-ips/; metallb/metallb#126.
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.fixes.service_object import add_port, restart_proxy
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.interfaces import InterfaceFacts
from probes.routes import RouteFacts
from probes.service_rules import IPVS, ServiceRulesFacts
from probes.target import Address, Protocol, ServicePort

OTHER_DATAPATHS = ("cilium_", "kube-ipvs", "bpfin.cali", "bpfout.cali")
"""Interfaces that Cilium, kube-proxy's ipvs mode and Calico's eBPF mode make: their service tables are no ruleset.

That of IPVS is read all the same, where the machine itself was looked at.
"""


@rule("HD501", "vip-not-programmed", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def vip_not_programmed(network: Network, vip: Address) -> Verdict:
    """Packets arrive, and none of the rules that program other Services speaks of this port."""
    found = arrivals(network, vip, "whether its service proxy has programmed it")
    for arrival in found:
        missing = not_programmed(arrival, vip)
        if missing:
            other_datapath(arrival.host, vip)
            return _diagnosis(arrival, vip, missing)
    return Cleared(
        f"{found[0].host.name} has rules for each failing port of {vip}, or for its other protocol"
    )


def not_programmed(arrival: Arrival, vip: Address) -> list[ServicePort]:
    """The failing ports of which no rule speaks, in either protocol."""
    rules = arrival.host.findings[ServiceRulesFacts]
    return [p for p in arrival.ports if not any(rules.at(vip, p.port, protocol) for protocol in Protocol)]


def other_datapath(host: VantagePoint, vip: Address) -> None:
    """Raises MissingFacts where something else than the readable rules may serve the VIP."""
    signs = [
        link.name for link in host.findings[InterfaceFacts].links if link.name.startswith(OTHER_DATAPATHS)
    ]
    rules = host.findings[ServiceRulesFacts]
    balanced = IPVS in rules.backends
    if balanced:
        signs = [name for name in signs if not name.startswith("kube-ipvs")]
    others = rules.load_balancer_ports or balanced
    if signs or not others:
        seen = f"{signs[0]} shows that" if signs else "no other load balancer address is in its rules:"
        what = f"{seen} Services on {host.name} may be served by IPVS or eBPF, which no ruleset shows"
        how = f"on {host.name}: `ipvsadm -ln`, `cilium-dbg service list` or `calico-node -bpf nat dump`, for {vip}"
        raise MissingFacts(what, host.name, how)


def _diagnosis(arrival: Arrival, vip: Address, missing: list[ServicePort]) -> Diagnosis:
    host, client = arrival.host, arrival.client
    rules = host.findings[ServiceRulesFacts]
    others = dict.fromkeys(
        f"{front.vip}:{front.port}/{front.protocol}" for front in rules.load_balancer_ports
    ) or {"virtual servers of IPVS": None}
    ports = ", ".join(map(str, missing))
    local = host.findings[RouteFacts].is_local(vip)
    fate = f"{vip} is an address of {host.name}" if local else f"{vip} is no address of {host.name}"
    return Diagnosis(
        summary=f"{host.name} answers for {vip}, but its service proxy has programmed nothing for {ports}",
        because=(
            symptom(client, vip),
            f"{host.name} takes the packets of {client.name} for {vip}, and no rule there speaks of {ports}.",
            f"Its proxy has programmed {', '.join(list(others)[:4])}.",
            f"{fate}: nothing else handles the packet.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=_fixes(arrival, vip, missing),
        ruled_out=("HD502: there is no rule that drops.", "HD507: neither protocol is programmed."),
    )


def _fixes(arrival: Arrival, vip: Address, missing: list[ServicePort]) -> tuple[Fix, ...]:
    """Where the proxy knows the VIP, the Service lacks the port; else the proxy does not know the Service."""
    restart = restart_proxy(vip, arrival.client.name)
    known = arrival.host.findings[ServiceRulesFacts].programmed(vip)
    service = next((port.service for port in known if port.service and port.names_vip), None)
    if service is None:
        return (restart,)
    return (add_port(service, missing[0], missing[0].port, vip, arrival.client.name), restart)
