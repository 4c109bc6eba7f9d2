"""One protocol of the port is served, the other one is not programmed.

Why: A Service names each protocol of a port on its own: DNS needs 53/udp and 53/tcp, HTTP/3 443/udp beside 443/tcp. What
is not named is not translated.
Seen as: The same port works over TCP and not over UDP, or the reverse.
Told apart from: HD501 by the other protocol, which is programmed; HD503 and HD510 by the rules, which say nothing of
this protocol; a firewall (HD405) by the packet, which is not even translated.
By hand: The Service's ports name one protocol only, and so do the rules.
    kubectl -n NAMESPACE get service SERVICE -o jsonpath='{.spec.ports}'
    iptables-save -t nat | grep -w VIP
    dig @VIP example.org
    dig +tcp @VIP example.org
Fix: Add the port with the missing protocol to the Service.
Unsure when: Something else than the readable rules serves the VIP (IPVS, eBPF).
References: https://kubernetes.io/docs/concepts/services-networking/service/; RFC 7766;
https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/1435-mixed-protocol-lb.
"""

from __future__ import annotations

from hairpin_doctor.arrival import arrivals
from hairpin_doctor.fixes.service_object import add_port, restart_proxy
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.rules.vip_not_programmed import other_datapath
from hairpin_doctor.situation import symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Address, Protocol, ServicePort


@rule("HD507", "protocol-missing", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def protocol_missing(network: Network, vip: Address) -> Verdict:
    """A failing port whose other protocol leads to endpoints, while this one is not programmed at all."""
    found = arrivals(network, vip, "which protocols its service proxy has programmed")
    for arrival in found:
        for port in arrival.ports:
            other = _other(arrival.host, vip, port)
            if other is not None:
                other_datapath(arrival.host, vip)
                return _diagnosis(arrival.host, arrival.client, vip, port, other, arrival.sure)
    return Cleared(f"each failing port of {vip} is programmed, or neither of its protocols is")


def _other(host: VantagePoint, vip: Address, port: ServicePort) -> ProgrammedPort | None:
    rules = host.findings[ServiceRulesFacts]
    if rules.at(vip, port.port, port.protocol):
        return None
    twin = Protocol.UDP if port.protocol is Protocol.TCP else Protocol.TCP
    return next((each for each in rules.at(vip, port.port, twin) if each.kind == "dnat"), None)


def _diagnosis(
    host: VantagePoint,
    client: VantagePoint,
    vip: Address,
    port: ServicePort,
    other: ProgrammedPort,
    sure: bool,
) -> Diagnosis:
    restart = restart_proxy(vip, client.name)
    target = other.endpoints[0].port if other.endpoints else port.port
    add = (add_port(other.service, port, target, vip, client.name),) if other.service else ()
    return Diagnosis(
        summary=f"{vip} is served on {other.port}/{other.protocol}, and {port} is not programmed",
        because=(
            symptom(client, vip),
            f"{host.name} sends {other.port}/{other.protocol} to {', '.join(map(str, other.endpoints))} ({other.backend}).",
            f"No rule of {host.name} speaks of {port} for {vip}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
        fixes=(*add, restart),
        ruled_out=("HD501: the other protocol of the port is programmed.",),
    )
