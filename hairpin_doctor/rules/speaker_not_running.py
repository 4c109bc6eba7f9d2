"""No speaker of MetalLB runs on a node that should announce the VIP.

Why: The controller gives the address, but the speakers, one per node, answer for it. They may crash, may not be scheduled
(taints, nodeSelector), or may lack the right to open packet sockets (NET_RAW).
Seen as: The Service has its address, and nobody answers ARP for it.
Told apart from: HD101 (nothing is to be announced) and HD102 (the speakers run and may not) by the DaemonSet and its pods.
By hand: See where speakers run, and why one does not.
    kubectl -n metallb-system get daemonsets
    kubectl -n metallb-system get pods -o wide
    kubectl -n metallb-system describe pods -l component=speaker
Fix: Find out why the pods do not run, and make them run on that node.
Unsure when: The pods may not be listed and the DaemonSet says that some of them are ready.
References: https://metallb.io/troubleshooting/; metallb/metallb#1457; capabilities(7).
"""

from __future__ import annotations

from hairpin_doctor.cluster_view import ClusterView
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from hairpin_doctor.told import announced_by_metallb, unanswered_client
from probes.target import Address


@rule(
    "HD108",
    "speaker-not-running",
    Severity.BROKEN,
    explains=("HD201", "HD602", "HD603"),
    needs_cluster=True,
    ipv6=Ipv6.PROVEN,
)
def speaker_not_running(network: Network, vip: Address) -> Verdict:
    """The cluster knows of no ready speaker on any candidate."""
    view = announced_by_metallb(network, vip)
    client = unanswered_client(network, vip)
    why = _why_none_runs(view)
    if why is None:
        return Cleared("a speaker runs where the VIP is to be announced")
    return Diagnosis(
        summary=f"no speaker of MetalLB runs where {vip} is to be announced",
        because=(symptom(client, vip), f"{why} ({view.said_by})."),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY
        if view.speaker
        else Confidence.POSSIBLE,  # its image may have another name
        fixes=(_look(view, vip, client.name),),
    )


def _why_none_runs(view: ClusterView) -> str | None:
    speaker = view.speaker
    if speaker is None:
        return "MetalLB's resources are there, but no DaemonSet with its speaker"
    name = f"{speaker.namespace}/{speaker.name}"
    if speaker.ready == 0:
        waiting = {pod.waiting for pod in view.speaker_pods_seen if pod.waiting}
        more = f": {', '.join(sorted(waiting))}" if waiting else ""
        return f"The DaemonSet {name} has 0 of {speaker.desired} pods ready{more}"
    if speaker.net_raw is False:
        return f"The DaemonSet {name} drops the capability NET_RAW, without which it cannot hear ARP"
    chosen = (*view.l2, *view.bgp)
    candidates = {node.name for node in view.nodes if any(each.selects_node(node.labels) for each in chosen)}
    running = {pod.node for pod in view.speaker_pods if pod.ready}
    if candidates and not candidates & running:
        return f"No speaker runs on {', '.join(sorted(candidates))}, which the advertisements select"
    return None


def _look(view: ClusterView, vip: Address, client: str) -> Fix:
    namespace = view.speaker.namespace if view.speaker else "metallb-system"
    step = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="events and logs say why a pod does not run",
        changes=(
            Look(f"kubectl -n {namespace} get daemonsets,pods -o wide"),
            Look(f"kubectl -n {namespace} describe pods"),
            Look(f"kubectl -n {namespace} logs -l component=speaker --tail=50"),
        ),
    )
    return Fix("Make the speaker run there", (step,), check_from_client(vip, client))
