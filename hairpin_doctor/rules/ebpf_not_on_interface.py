"""An eBPF service datapath is not attached to the interface by which the client's packets come in.

Why: Cilium (without kube-proxy) and Calico's eBPF mode translate Services in programs at the ingress of the interfaces that
they were told of, or found. What comes in by another, such as a bridge that was added later or a VLAN interface, is never
translated: no packet filter has a rule for it, and the node drops it or sends it back.
Seen as: ARP works, ping may; TCP and UDP get silence or "unreachable" by that interface, and are served by others.
Told apart from: HD501 by the programs, which another proxy would not have; HD105 by ARP, which is answered.
By hand: Which programs hang on the interface that the frames come in by, and which interfaces the datapath was told to
use.
    bpftool net show dev IF
    tc filter show dev IF ingress
    ip -d link show dev IF | grep -E 'xdp|prog'
    kubectl -n kube-system exec ds/cilium -- cilium status --verbose
    kubectl -n kube-system get configmap cilium-config -o yaml
Fix: Tell the datapath of the interface (Cilium: `devices`), or announce where it is attached.
Unsure when: The names of the programs could not be read (CAP_SYS_ADMIN), or the datapath serves the interface and its own
tables lack the Service: these are not read.
References: tc-bpf(8); https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/; cilium/cilium#12895;
cilium/cilium#46260.
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import ANYWHERE
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from probes.ingress_programs import IngressProgramFacts, ServiceProgram
from probes.questions.links import Link
from probes.service_rules import ServiceRulesFacts
from probes.target import Address


@rule("HD511", "ebpf-not-on-interface", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def ebpf_not_on_interface(network: Network, vip: Address) -> Verdict:
    """Packets arrive by an interface that lacks the datapath's program, which others have, and no rule serves them."""
    found = arrivals(network, vip, "whether its service datapath sees them")
    for arrival in found:
        link = arrival.link
        if link is None or _served_by_rules(arrival, vip):
            continue
        facts = arrival.host.findings[IngressProgramFacts]
        if not facts.services:
            if facts.unnamed:
                raise MissingFacts(
                    f"what the eBPF programs on {', '.join(facts.unnamed)} of {arrival.host.name} are",
                    arrival.host.name,
                    f"on {arrival.host.name}, as root: hairpin-doctor scan {vip}",
                )
            continue
        met = {link.name, *_port(network, arrival, vip)}
        if not any(facts.on(name) for name in met) and not met & set(facts.unnamed):
            return _diagnosis(arrival, vip, link, facts.services)
    return Cleared(
        f"no service datapath of {found[0].host.name} misses the interface of {found[0].client.name}"
    )


def _port(network: Network, arrival: Arrival, vip: Address) -> tuple[str, ...]:
    """The bridge port that the client's frames come in by, which may have a program of its own."""
    attachment = network.attachment(arrival.client, vip)
    return (attachment.port.name,) if attachment is not None and attachment.port is not None else ()


def _served_by_rules(arrival: Arrival, vip: Address) -> bool:
    """Whether rules speak of a failing port, or of other Services: then their proxy is no datapath in eBPF."""
    rules = arrival.host.findings[ServiceRulesFacts]
    return bool(rules.load_balancer_ports) or any(
        rules.at(vip, port.port, port.protocol) for port in arrival.ports
    )


def _diagnosis(arrival: Arrival, vip: Address, link: Link, programs: tuple[ServiceProgram, ...]) -> Diagnosis:
    host, client, first = arrival.host, arrival.client, programs[0]
    places = ", ".join(dict.fromkeys(f"{each.interface} ({each.hook} {each.name})" for each in programs))
    return Diagnosis(
        summary=f"{first.owner} is not attached to {link.name} of {host.name}, by which {client.name} comes in for {vip}",
        because=(
            symptom(client, vip),
            f"{host.name} takes the packets of {client.name} by {link.name}.",
            f"{first.owner} translates Services on {places}, and has no program on {link.name}.",
            "No packet filter has a rule for these ports: nothing else translates them.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=(_attach(first.owner, programs, link, vip, client.name),),
        ruled_out=("HD501: a proxy that works by eBPF leaves no rule behind.",),
    )


def _attach(owner: str, programs: tuple[ServiceProgram, ...], link: Link, vip: Address, client: str) -> Fix:
    devices = " ".join(dict.fromkeys((*(each.interface for each in programs), link.name)))
    how = {
        "Cilium": f"Set `devices: {devices}` in Cilium's Helm values (the key `devices` of the ConfigMap "
        "kube-system/cilium-config) and restart the agents: kubectl -n kube-system rollout restart daemonset cilium.",
        "Calico": f"Let `bpfDataIfacePattern` of the FelixConfiguration default match {link.name} as well.",
    }
    step = Step(
        "cluster", ANYWHERE, f"{owner} then sees what comes in by {link.name}", instructions=how[owner]
    )
    cautions = ("Restarting the agents interrupts connections that they translate.",)
    return Fix(f"Attach {owner} to {link.name}", (step,), check_from_client(vip, client), cautions)
