"""The node does not forward, so what is translated to a pod goes nowhere.

Why: After DNAT the packet is for a pod, not for the node. With net.ipv4.conf.INTERFACE.forwarding 0 for the interface it
came in by, the kernel drops it without a word (ip_route_input_slow and ip_error, net/ipv4/route.c). ip_forward sets all
interfaces at once; a later "net.ipv4.conf.all.forwarding=0" or a network manager takes it back. IPv6 has one switch for
the machine, net.ipv6.conf.all.forwarding; that of an interface decides nothing (ip6_forward, net/ipv6/ip6_output.c).
Seen as: ARP works, TCP and UDP get silence, ping of the VIP too; the node itself reaches the pods.
Told apart from: HD405 by the rules, which let the packet pass; HD401 by the interface's address and rp_filter; HD503 by
the silence.
By hand: On the node, the switch of the interface that the packets come in by; ip_forward alone does not tell.
    sysctl net.ipv4.ip_forward net.ipv4.conf.IF.forwarding net.ipv6.conf.all.forwarding
    ip netconf show dev IF
Fix: Turn forwarding on.
Unsure when: The endpoint is a process of the node itself: that needs no forwarding.
References: net/ipv4/route.c; net/ipv4/devinet.c; net/ipv6/ip6_output.c; Documentation/networking/ip-sysctl.rst;
openshift/openshift-docs#83087.
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import intercepted, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.endpoints import EndpointFacts
from probes.interface_sysctls import IPV6_FORWARDING, InterfaceSysctlFacts
from probes.questions.traffic import Endpoint
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Address


@rule("HD404", "forwarding-off", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def forwarding_off(network: Network, vip: Address) -> Verdict:
    """Every endpoint lies beyond the node, and the interface that takes the packets does not forward."""
    found = arrivals(network, vip, "whether it forwards")
    for arrival in found:
        setting = _off(arrival, vip)
        ports = _beyond(network, arrival, vip)
        if setting and ports:
            return _diagnosis(arrival, vip, setting, ports)
    return Cleared(f"{found[0].host.name} forwards, or has nothing to forward for {vip}")


def _off(arrival: Arrival, vip: Address) -> str | None:
    """The sysctl that is 0, as a path. For IPv6 that of an interface decides nothing."""
    facts = arrival.host.findings[InterfaceSysctlFacts]
    if vip.version == 6:
        forced = arrival.link is not None and arrival.link.name in facts.forced
        return IPV6_FORWARDING if facts.ipv6_forwarding == 0 and not forced else None
    own = facts.of(arrival.link.name) if arrival.link else None
    if own is None:
        return "net/ipv4/ip_forward" if facts.ip_forward == 0 else None
    if own.forwarding != 0:
        return None
    return "net/ipv4/ip_forward" if facts.ip_forward == 0 else f"net/ipv4/conf/{own.interface}/forwarding"


def _beyond(network: Network, arrival: Arrival, vip: Address) -> list[ProgrammedPort]:
    """The failing ports all of whose endpoints need forwarding: none on the node itself.

    Nor on the client's own bridge where br_netfilter translates: such frames stay bridged (bridged_dnat,
    net/bridge/br_netfilter_hooks.c).
    """
    rules = arrival.host.findings[ServiceRulesFacts]
    attachment = network.attachment(arrival.client, vip)
    bridge = attachment.interface.name if attachment and intercepted(attachment, vip) else None
    programmed = [each for port in arrival.ports for each in rules.at(vip, port.port, port.protocol)]
    return [each for each in programmed if each.endpoints and _all_beyond(arrival.host, each, bridge)]


def _all_beyond(host: VantagePoint, port: ProgrammedPort, bridge: str | None) -> bool:
    facts = host.findings[EndpointFacts]
    found = [facts.of(endpoint, port.protocol) for endpoint in port.endpoints]
    routes = [each.route if each is not None else None for each in found]
    return all(r is not None and r.type == "unicast" and r.interface not in (None, bridge) for r in routes)


def _diagnosis(arrival: Arrival, vip: Address, setting: str, ports: list[ProgrammedPort]) -> Diagnosis:
    host, client = arrival.host, arrival.client
    return Diagnosis(
        summary=f"{host.name} does not forward: what it translates to {ports[0].endpoints[0]} goes nowhere",
        because=(
            symptom(client, vip),
            f"{host.name} takes the packets of {client.name}"
            + (f" in by {arrival.link.name}." if arrival.link else "."),
            f"Its rules send {Endpoint(vip, ports[0].port)} to {', '.join(map(str, ports[0].endpoints))}, beyond the node.",
            f"{setting} is 0.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=(_fix(host.name, setting, vip, client.name),),
        ruled_out=("HD503: nothing is refused, the packet never gets to the backend.",),
    )


def _fix(host: str, setting: str, vip: Address, client: str) -> Fix:
    step = Step(
        place="host",
        machine=host,
        why="a node of a cluster forwards between its network and its pods",
        changes=(Sysctl(setting, 1, 0),),
    )
    back = "Find out who sets it to 0 (sysctl.d, a network manager, a firewall's start script), or it comes back."
    beside = (
        "Writing ip_forward also resets accept_redirects and alike of every interface (ip-sysctl.rst)."
        if vip.version == 4
        else "A machine that forwards takes router advertisements only where accept_ra is 2: set that before, if its own "
        "default route comes from them (ip-sysctl.rst)."
    )
    return Fix("Turn forwarding on", (step,), check_from_client(vip, client), (back, beside))
