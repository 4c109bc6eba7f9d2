"""Every node that could announce the VIP is excluded from load balancers by a label.

Why: MetalLB v0.14 and newer does not announce from nodes with the label
node.kubernetes.io/exclude-from-external-load-balancers, which kubeadm sets on control planes. Where every node is one, as
on a single-node cluster, nobody is left to announce. The speaker's option --ignore-exclude-lb turns that off.
Seen as: The Service has its address, the speakers run, and nobody answers ARP; often since an upgrade.
Told apart from: HD101 by an advertisement that selects the pool; HD108 by speakers that run.
By hand: See which nodes have the label, and how the speakers were started.
    kubectl get nodes -l node.kubernetes.io/exclude-from-external-load-balancers
    kubectl -n metallb-system get daemonsets -o yaml | grep exclude-lb
Fix: Remove the label, or start the speakers with --ignore-exclude-lb (Helm: speaker.ignoreExcludeLB=true).
Unsure when: The speaker's version cannot be told from its image.
References: https://metallb.io/troubleshooting/; metallb/metallb#2274; metallb/metallb-operator#490.
"""

from __future__ import annotations

import json
import re

from hairpin_doctor.cluster_view import ClusterView
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Patch, ResourceRef
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from hairpin_doctor.told import announced_by_metallb, unanswered_client
from probes.cluster_nodes import EXCLUDED
from probes.questions.cluster import ClusterNode, Workload
from probes.target import Address

IGNORING = ("--ignore-exclude-lb", "--ignore-exclude-lb=true")
VERSION = re.compile(r":v?(\d+)\.(\d+)(?:[.-]|$)")
SINCE = (0, 14)


@rule(
    "HD102",
    "excluded-by-label",
    Severity.BROKEN,
    explains=("HD201", "HD603"),
    needs_cluster=True,
    ipv6=Ipv6.PROVEN,
)
def excluded_by_label(network: Network, vip: Address) -> Verdict:
    """All candidates carry the label, and the speakers heed it."""
    view = announced_by_metallb(network, vip)
    client = unanswered_client(network, vip)
    chosen = (*view.l2, *view.bgp)
    candidates = [node for node in view.nodes if any(each.selects_node(node.labels) for each in chosen)]
    free = [node.name for node in candidates if EXCLUDED not in node.labels]
    if not candidates or free:
        return Cleared(f"{free[0]} is not excluded by a label" if free else "no advertisement selects a node")
    speaker = view.speaker
    if speaker is None:
        return Cleared("MetalLB has no speakers in this cluster")
    if set(IGNORING) & set(speaker.arguments):
        return Cleared(f"the speakers run with {IGNORING[0]}")
    if view.l2_statuses:
        return Cleared(f"{view.l2_statuses[0].node} says that it announces {vip}")
    version = _version(speaker)
    if version is not None and version < SINCE:
        return Cleared(f"MetalLB {version[0]}.{version[1]} does not heed the label")
    if version is None:
        how = f"look at its release: since v0.14 it heeds the label {EXCLUDED}"
        raise MissingFacts(f"which version of MetalLB {speaker.image} is", None, how)
    names = ", ".join(node.name for node in candidates)
    return Diagnosis(
        summary=f"every node that could announce {vip} is excluded by a label: {names}",
        because=(
            symptom(client, vip),
            f"{names}: labelled {EXCLUDED} ({view.said_by}).",
            f"The speakers ({speaker.image}) heed it: they run without {IGNORING[0]}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN,
        fixes=(_remove(candidates, vip, client.name), _ignore(view, vip, client.name)),
        ruled_out=("HD101: the pool is advertised.",),
    )


def _version(speaker: Workload) -> tuple[int, int] | None:
    found = VERSION.search(speaker.image)
    return (int(found[1]), int(found[2])) if found else None


def _remove(nodes: list[ClusterNode], vip: Address, client: str) -> Fix:
    step = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="a node without it announces",
        changes=tuple(
            Patch(
                ResourceRef("node", "default", node.name),
                "merge",
                _labelled(None),
                _labelled(node.labels[EXCLUDED]),
            )
            for node in nodes
        ),
    )
    caution = "Load balancers outside of the cluster then send to these nodes as well."
    return Fix("Remove the label", (step,), check_from_client(vip, client), (caution,))


def _labelled(value: str | None) -> str:
    return json.dumps({"metadata": {"labels": {EXCLUDED: value}}})


def _ignore(view: ClusterView, vip: Address, client: str) -> Fix:
    text = (
        f"Add {IGNORING[0]} to the arguments of the container speaker of the DaemonSet "
        f"{view.speaker.namespace}/{view.speaker.name} (Helm: speaker.ignoreExcludeLB=true)."
        if view.speaker
        else ""
    )
    step = Step(
        "cluster", "any machine with kubectl", "MetalLB alone then ignores the label", instructions=text
    )
    return Fix("Have MetalLB ignore the label", (step,), check_from_client(vip, client))
