"""Two nodes answer ARP for the VIP at the same time.

Why: Nodes elect the announcer of a VIP among those that they see (MetalLB: memberlist, port 7946; keepalived: VRRP). Two
that do not see each other both announce, as do two programs for one Service. Each client takes the answer that comes
first, and connections move with every gratuitous ARP.
Seen as: It works now and then, or for some clients; the MAC of the VIP flips.
Told apart from: HD106 by the owners of the MACs, which are two machines; HD203 by what each does with a packet for the
VIP: nodes hold no such address, and serve the port from behind them (a TTL that was counted down), and two masters of VRRP
both hold it and both serve it; HD204 by the VIP, which is no address of both machines, or stands where each answers.
By hand: Two MACs answer, and they belong to two nodes.
    arping -c 3 -I IF VIP
    kubectl get nodes -o wide
    ip -br link
    nc -zvw2 OTHER_NODE 7946
Fix: Let the nodes see each other again; make one program responsible for the Service.
Unsure when: No node was scanned, or the other machine was not and does not serve the port: then a scan on it decides.
References: https://metallb.io/concepts/layer2/; metallb/metallb#589; metallb/metallb#1539; RFC 9568.
"""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.answering_node import nodes_answering
from hairpin_doctor.claimants import Claimant, claimants, holds_address, is_node, met, ports, serves_nothing
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import names, symptom
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.answering_machines import UNROUTED_TTLS
from probes.cluster_nodes import ClusterNodeFacts
from probes.target import Address, resolution

MEMBERLIST = 7946


@rule("HD202", "split-brain", Severity.BROKEN, explains=("HD205", "HD302"), ipv6=Ipv6.PROVEN)
def split_brain(network: Network, vip: Address) -> Verdict:
    """Two claimants that are different machines, each a node; one of them may be known by what it does."""
    clients = network.clients(vip)
    if not clients:
        raise network.need_client(vip, f"how many machines answer for {vip}")
    open_question: Undetermined | None = None
    for client in sorted(clients, key=lambda each: each not in network.failing(vip)):
        found = [each for each in claimants(network, client, vip) if not each.gateway]
        nodes = _one_per_machine([each for each in found if is_node(each.machine, vip)])
        if len(nodes) > 1:
            if all(holds_address(each.machine, vip) for each in nodes):
                return Cleared(f"the kernels of {len(nodes)} nodes hold {vip} and answer for it: see HD204")
            return _diagnosis(network, client, vip, nodes, Confidence.PROVEN)
        listed = _nodes_of_the_cluster(network, client, vip)
        acting = _one_per_machine(
            [*nodes, *(e for e in found if e.mac in listed or _acts_as_node(e))], listed
        )
        if (nodes or listed) and len(acting) > 1:
            return _diagnosis(network, client, vip, acting, Confidence.LIKELY)
        twins = _twins(found, vip)
        if len(twins) > 1:
            sure = all(each.machine for each in twins)
            return _diagnosis(network, client, vip, twins, Confidence.PROVEN if sure else Confidence.LIKELY)
        open_question = open_question or _open(network, client, vip, found, nodes)
    return open_question or Cleared(f"one machine answers for {vip} at {names(clients)}")


def _nodes_of_the_cluster(network: Network, client: VantagePoint, vip: Address) -> dict[str, str]:
    """MACs of those that do not hold the VIP and whose addresses are a node's, by the cluster's word -> that node's name."""
    view = network.cluster(vip)
    if view is None or view.point.findings.get(ClusterNodeFacts) is None:
        return {}
    return {
        each.mac: node.name for each, node in nodes_answering(network, view, client, vip) if not each.holds
    }


def _one_per_machine(found: list[Claimant], listed: Mapping[str, str] | None = None) -> list[Claimant]:
    """One claimant of each scanned machine or known node, and one for all unknown ones, which may be one machine."""
    machines: dict[str | None, Claimant] = {}
    for each in found:
        known = each.machine.name if each.machine else None
        machines.setdefault((listed or {}).get(each.mac, known), each)
    return list(machines.values())


def _twins(found: list[Claimant], vip: Address) -> list[Claimant]:
    """Machines that hold the VIP where they answer, and serve it: two masters of VRRP. None without a scanned one."""
    holders = [each for each in found if each.holds and each.serves]
    known = [
        each for each in holders if each.owner and vip in (own.address for own in each.owner.link.addresses)
    ]
    return _one_per_machine([*known, *(each for each in holders if each.machine is None)]) if known else []


def _acts_as_node(claimant: Claimant) -> bool:
    """An unknown machine that does not hold the address and serves the port: from behind it, or it forwards the rest."""
    if claimant.machine is not None or claimant.did is None or claimant.holds:
        return False
    from_behind = any(each.ttl not in UNROUTED_TTLS for each in claimant.serves)
    return from_behind or bool(claimant.serves and claimant.did.forwarded_by)


def _open(
    network: Network, client: VantagePoint, vip: Address, found: list[Claimant], nodes: list[Claimant]
) -> Undetermined | None:
    """Two MACs, and nobody can tell yet whether they are two nodes."""
    held = any(holds_address(each.machine, vip) for each in nodes)
    unknown = [each for each in found if each.machine is None and not (each.holds and (held or each.refuses))]
    if len(found) < 2 or not unknown:
        return None
    idle = [each for each in unknown if nodes and serves_nothing(network, each, vip)]
    other = next(iter(idle), unknown[0])
    where = f"on {other.address}" if other.address else f"on the machine with the MAC {other.mac}"
    suspected = client in network.failing(vip) or bool(idle)
    if not nodes and len(unknown) > 1:
        where += " and on the other one"
    what = f"{len(found)} MACs answer for {vip}: whose {other} is"
    if idle and client not in network.failing(vip):
        what += ", which serves nothing of it when asked at its MAC"
    return Undetermined(what, f"{where}: sudo hairpin-doctor scan --with <this report>", suspected=suspected)


def _diagnosis(
    network: Network, client: VantagePoint, vip: Address, nodes: list[Claimant], sure: Confidence
) -> Diagnosis:
    bad = [each for each in nodes if not each.serves]
    hit = client in network.failing(vip) and any(met(client, each, vip) for each in bad)
    because = [symptom(client, vip)] if client in network.failing(vip) else []
    because.extend(_what_it_does(each, vip) for each in nodes)
    works = [s for s in client.states_of(vip) if s.works is Works.YES]
    if works and not bad:
        because.append("Both serve it now: what suffers are connections that move with the answer.")
    return Diagnosis(
        summary=f"two nodes answer {resolution(vip)} for {vip}: {' and '.join(map(str, nodes))}",
        because=tuple(because),
        severity=Severity.BROKEN if hit else Severity.LATENT,
        confidence=sure,
        fixes=(_fix(client, vip),),
        ruled_out=(
            "HD106: the MACs are those of different machines.",
            "HD203: each of them is a node, or serves it.",
        ),
    )


def _what_it_does(node: Claimant, vip: Address) -> str:
    does = f"serves {ports(node.serves)}" if node.serves else "serves nothing of it when asked at its MAC"
    forwards = f", and forwards as {node.did.forwarded_by}" if node.did and node.did.forwarded_by else ""
    rules = f"; it has rules for {vip}" if is_node(node.machine, vip) else ""
    return f"{node} answers for {vip}; it {does}{forwards}{rules}."


def _fix(client: VantagePoint, vip: Address) -> Fix:
    step = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="announcers that see each other elect one; two programs never do",
        changes=(
            Look("kubectl -n metallb-system get pods -o wide"),
            Look(
                'kubectl -n metallb-system logs -l component=speaker --tail=200 | grep -iE "memberlist|member"'
            ),
            Look(f"kubectl get services -A -o wide | grep -F {vip}"),
        ),
        instructions=(
            f"Open TCP and UDP port {MEMBERLIST} between the nodes (MetalLB), or VRRP (IP protocol 112, keepalived). If "
            "another load balancer serves this Service too (kube-vip, klipper, Cilium), take it from one of them."
        ),
    )
    return Fix(f"Let one node announce {vip}", (step,), check_from_client(vip, client.name))
