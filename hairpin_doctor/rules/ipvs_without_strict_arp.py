"""Every node holds the VIP as an address of its own, and the kernel of each answers ARP for it.

Why: kube-proxy in IPVS mode puts every VIP on a dummy interface (kube-ipvs0) of every node. Linux answers ARP for any of
its addresses on any interface unless arp_ignore is 1 (arp_process in net/ipv4/arp.c; arp_ignore 0 is the default): all
nodes answer, beside the announcer or without one. kube-proxy sets arp_ignore and arp_announce only with strictARP.
Seen as: As many MACs answer as there are nodes; ping to the VIP answers; the MAC flips, and policy Local breaks.
Told apart from: HD202 by the address, which the nodes hold on an interface other than the one that hears the request;
HD203 by the other machine, which holds it and serves it too; HD106 by the owners of the MACs.
By hand: On a client several MACs answer; on every node the address stands on kube-ipvs0, and arp_ignore lets the kernel
answer for it.
    arping -c 3 -I IF VIP
    ip addr show to VIP
    sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce
    kubectl -n kube-system get configmap kube-proxy -o yaml
Fix: strictARP for kube-proxy, which sets arp_ignore 1 and arp_announce 2 on every node.
Unsure when: Only clients were scanned and no cluster was asked: then nobody knows where the address stands, or which mode
kube-proxy has.
References: net/ipv4/arp.c; Documentation/networking/ip-sysctl.rst; metallb/metallb#153;
https://github.com/kubernetes/kubernetes/blob/master/pkg/proxy/ipvs/README.md.
"""

from __future__ import annotations

from hairpin_doctor.answering_node import nodes_answering
from hairpin_doctor.claimants import Claimant, claimants, holds_address, met, ports
from hairpin_doctor.cluster_view import ClusterView
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import ANYWHERE
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import names, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.cluster_nodes import ClusterNodeFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.load_balancer_controllers import LoadBalancerControllerFacts
from probes.questions.links import Link
from probes.target import Address

STRICT = (("arp_ignore", 1), ("arp_announce", 2))
STRICT_ARP = Step(
    place="cluster",
    machine=ANYWHERE,
    why="kube-proxy then sets arp_ignore 1 and arp_announce 2 on every node, so that only an announcer answers",
    instructions=(
        "Set `strictARP: true` under `ipvs:` in kube-proxy's configuration "
        "(`kubectl -n kube-system edit configmap kube-proxy`), then "
        "`kubectl -n kube-system rollout restart daemonset kube-proxy`. An announcer must run (MetalLB, "
        "kube-vip)."
    ),
)


@rule(
    "HD204", "ipvs-without-strict-arp", Severity.BROKEN, explains=("HD202", "HD205", "HD302"), ipv6=Ipv6.NEVER
)
def ipvs_without_strict_arp(network: Network, vip: Address) -> Verdict:
    """A scanned host's kernel answers for an address of another of its interfaces, and so does another machine."""
    clients = network.clients(vip)
    if not clients:
        raise network.need_client(vip, f"how many machines answer for {vip}")
    for client in sorted(clients, key=lambda each: each not in network.failing(vip)):
        found = [each for each in claimants(network, client, vip) if not each.gateway]
        by_flux = [each for each in found if _answers_by_flux(each, vip)]
        others = [
            each
            for each in found
            if (each.holds or holds_address(each.machine, vip)) and not _same(each, by_flux)
        ]
        if by_flux and (others or _machines(by_flux) > 1):
            return _diagnosis(network, client, vip, [*by_flux, *others])
    told = _by_the_clusters_word(network, vip, clients)
    if told is not None:
        return told
    if not network.hosts(vip):
        raise network.need_host(vip, f"on which interface {vip} stands")
    return Cleared(
        f"at {names(clients)}, not several kernels answer for an address {vip} of another interface"
    )


def _by_the_clusters_word(
    network: Network, vip: Address, clients: tuple[VantagePoint, ...]
) -> Diagnosis | None:
    """kube-proxy is told to run in IPVS mode without strictARP, and several of its nodes answer, whoever was scanned."""
    view = network.cluster(vip)
    controllers = view.point.findings.get(LoadBalancerControllerFacts) if view else None
    proxy = controllers.proxy if controllers else None
    nodes_known = view is not None and view.point.findings.get(ClusterNodeFacts) is not None
    if view is None or proxy is None or not nodes_known or proxy.mode != "ipvs" or proxy.strict_arp:
        return None
    for client in sorted(clients, key=lambda each: each not in network.failing(vip)):
        found = {node.name: each for each, node in nodes_answering(network, view, client, vip)}
        unlike = [each for each in found.values() if each.machine and not holds_address(each.machine, vip)]
        if len(found) > 1 and not unlike:
            return _told(network, view, client, vip, found)
    return None


def _told(
    network: Network, view: ClusterView, client: VantagePoint, vip: Address, found: dict[str, Claimant]
) -> Diagnosis:
    failing = client in network.failing(vip)
    hit = failing and any(met(client, each, vip) for each in found.values() if not each.serves)
    return Diagnosis(
        summary=f"{len(found)} nodes answer ARP for {vip}: kube-proxy runs in IPVS mode without strictARP",
        because=(
            *((symptom(client, vip),) if failing else ()),
            *(f"{each} answers for {vip}; it is the node {name}." for name, each in found.items()),
            f"kube-proxy's configuration says mode ipvs without strictARP ({view.said_by}): every node then holds {vip} on "
            "kube-ipvs0, and its kernel answers for it.",
        ),
        severity=Severity.BROKEN if hit else Severity.LATENT,
        confidence=Confidence.LIKELY,
        fixes=(
            Fix(
                f"Let only an announcer answer for {vip}", (STRICT_ARP,), check_from_client(vip, client.name)
            ),
        ),
        ruled_out=("HD202: no announcer is needed for these answers.",),
    )


def _same(claimant: Claimant, others: list[Claimant]) -> bool:
    """Whether it is one of these machines, by another interface perhaps."""
    return any(claimant is each or (claimant.machine and claimant.machine is each.machine) for each in others)


def _machines(found: list[Claimant]) -> int:
    """How many they are; a scanned one may answer with several MACs, on several interfaces."""
    return len({id(each.machine) if each.machine else each.mac for each in found})


def _answers_by_flux(claimant: Claimant, vip: Address) -> bool:
    """Whether the kernel of a scanned machine answers on an interface that does not carry the address."""
    machine, link = claimant.machine, claimant.owner.link if claimant.owner else None
    if machine is None or link is None or not holds_address(machine, vip):
        return False
    settings = machine.findings[InterfaceSysctlFacts].of(link.name)
    elsewhere = vip not in (each.address for each in link.addresses)
    return elsewhere and settings is not None and settings.arp_ignore == 0


def _diagnosis(network: Network, client: VantagePoint, vip: Address, found: list[Claimant]) -> Diagnosis:
    scanned = [each for each in found if _answers_by_flux(each, vip)]
    hit = client in network.failing(vip) and any(met(client, each, vip) for each in found if not each.serves)
    because = [symptom(client, vip)] if client in network.failing(vip) else []
    because.extend(_where(each, vip) for each in scanned)
    because.extend(_said_to_be_strict(network, vip))
    because.extend(
        f"{each} answers as well, and holds the address too"
        + (f"; it serves {ports(each.serves)}." if each.serves else ".")
        for each in found
        if each not in scanned
    )
    return Diagnosis(
        summary=f"{_machines(found)} machines hold {vip}, and the kernel of each answers ARP for it",
        because=tuple(because),
        severity=Severity.BROKEN if hit else Severity.LATENT,
        confidence=Confidence.PROVEN if len(scanned) == len(found) else Confidence.LIKELY,
        fixes=(_fix(scanned, vip, client),),
        ruled_out=("HD202: no announcer is needed for these answers: arp_ignore is 0.",),
    )


def _said_to_be_strict(network: Network, vip: Address) -> tuple[str, ...]:
    """What the cluster believes and the kernels contradict."""
    view = network.cluster(vip)
    controllers = view.point.findings.get(LoadBalancerControllerFacts) if view else None
    if view is None or controllers is None or controllers.proxy is None or not controllers.proxy.strict_arp:
        return ()
    said = f"kube-proxy's configuration says strictARP ({view.said_by}), and arp_ignore is 0 all the same"
    return (f"{said}: kube-proxy has not been restarted since, or something sets it back.",)


def _where(claimant: Claimant, vip: Address) -> str:
    machine, link = claimant.machine, claimant.owner.link if claimant.owner else None
    carrying = machine.findings[InterfaceFacts].with_address(vip) if machine else None
    on = carrying.name if carrying else "another interface"
    name = link.name if link else "?"
    return f"{claimant} answers for {vip}, which stands on {on}, with arp_ignore 0 on {name}."


def _fix(scanned: list[Claimant], vip: Address, client: VantagePoint) -> Fix:
    pairs = [(each.machine, each.owner.link) for each in scanned if each.machine and each.owner]
    steps = tuple(_strict(machine, link) for machine, link in pairs)
    cautions = (
        "On every node alike, by kube-proxy itself: set `strictARP: true` under `ipvs:` in its configuration "
        "(`kubectl -n kube-system edit configmap kube-proxy`) and restart it; these commands do not outlive a reboot.",
        "Then only an announcer answers (MetalLB, kube-vip): one must run.",
    )
    return Fix(
        f"Let only an announcer answer for {vip}", steps, check_from_client(vip, client.name), cautions
    )


def _strict(machine: VantagePoint, link: Link) -> Step:
    own = next(
        (each for each in machine.findings[InterfaceSysctlFacts].own if each.interface == link.name), None
    )
    return Step(
        place="host",
        machine=machine.name,
        why="the kernel then answers only for addresses of the interface that hears the request",
        changes=tuple(
            Sysctl(f"net/ipv4/conf/{link.name}/{key}", value, getattr(own, key, None) or 0)
            for key, value in STRICT
        ),
    )
