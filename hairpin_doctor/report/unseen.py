"""What a run did not see, said in sentences: paths nobody tested, and questions that a missing right left open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hairpin_doctor.findings import Findings, Unseen
from hairpin_doctor.network import Network
from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.vantage_point import NOT_A_STAND_INS, STAND_IN
from probes.host import Denied
from probes.probe import Layer
from probes.questions.cluster import RBAC
from probes.service_rules import ServiceRulesFacts
from probes.target import Address

AS_ROOT = "Run it as root (sudo) to see them."
WITH_THE_ROLE = "The role in docs/cluster-access.yaml grants what the doctor reads."
LEFT_OPEN = {
    "ArpSweep": "a second machine that answers ARP",
    "NeighbourSolicitations": "a second machine that answers neighbour solicitations, and who would if it heard them",
    "RoutedExchanges": "whether the gateway has a route to the VIP",
    "RoutedEchoes": "whether the gateway has a route to the VIP",
    "DirectedExchanges": "what each machine that answers does with a packet for the VIP",
    "IngressPrograms": "eBPF programs on interfaces",
    "IptablesRules": "the service rules (iptables)",
    "NftRuleset": "the service rules (nftables)",
    "TrackedConnections": "what connection tracking did to the traffic",
    "UsedFlows": "which of its flows are in use",
    "KernelLog": "the kernel's log",
    "ApiGroups": "the cluster",
    "LoadBalancerServices": "the Services",
    "ServiceEndpoints": "their endpoints",
    "ClusterNodes": "the nodes",
    "LoadBalancerWorkloads": "the DaemonSets of load balancers",
    "PodsOf": "the speaker's pods",
    "KubeProxyConfiguration": "kube-proxy's configuration",
    "AddressPools": "MetalLB's pools",
    "L2Advertisements": "its L2Advertisements",
    "BgpAdvertisements": "its BGPAdvertisements",
    "BgpPeers": "its BGPPeers",
    "ServiceL2Statuses": "its ServiceL2Statuses",
    "ServiceBgpStatuses": "its ServiceBGPStatuses",
    "BgpSessionStates": "the states of its BGP sessions",
    "CiliumL2Policies": "Cilium's announcement policies",
    "CiliumL2Lease": "which node Cilium announces a Service from",
    "CalicoServicePrefixes": "what Calico advertises",
}


CLUSTER = "the cluster"
VERB = " on "  # "RBAC list on services"


def missing_rights(recording: Recording) -> tuple[str, ...]:
    """Every right that a question of the scan was refused for."""
    refused = (each.unanswered for each in recording.asked)
    return tuple(sorted({error.right for error in refused if isinstance(error, Denied)}))


def not_seen(looked: Iterable[tuple[str, Recording]]) -> tuple[str, ...]:
    """One sentence per vantage point that lacked a right, with how to see it."""
    found: list[str] = []
    for name, recording in looked:
        refused = [each for each in recording.asked if isinstance(each.unanswered, Denied)]
        of_cluster = [each for each in refused if _of_a_cluster(each)]
        found.extend(_without(name, [each for each in refused if each not in of_cluster], AS_ROOT))
        found.extend(_without(name, of_cluster, WITH_THE_ROLE))
    return tuple(found)


def _of_a_cluster(asked: Asked) -> bool:
    return isinstance(asked.unanswered, Denied) and asked.unanswered.right.startswith(RBAC)


def _without(name: str, refused: Sequence[Asked], how: str) -> Iterator[str]:
    rights = _together({each.unanswered.right for each in refused if isinstance(each.unanswered, Denied)})
    if rights:
        kinds = (type(each.question).__name__ for each in refused)
        things = ", ".join(dict.fromkeys(LEFT_OPEN.get(kind, kind) for kind in kinds))
        yield f"Not seen on {name} without {' and '.join(rights)}: {things}. {how}"


def _together(rights: set[str]) -> list[str]:
    """The cluster's rights of one verb as one: "RBAC list on nodes, services"."""
    plain = sorted(each for each in rights if VERB not in each)
    verbs: dict[str, list[str]] = {}
    for each in sorted(rights - set(plain)):
        verb, _, thing = each.partition(VERB)
        verbs.setdefault(verb, []).append(thing)
    return [*plain, *(f"{verb}{VERB}{', '.join(things)}" for verb, things in verbs.items())]


def hindered(findings: Findings) -> tuple[str, ...]:
    """Probes that could not run for another reason than a missing right, and rulesets that could not be read."""
    name = findings.vantage_point
    because: dict[tuple[str, bool, str], list[str]] = {}
    for each in findings.all:
        if isinstance(each, Unseen) and not each.right and not _beside_the_point(each, name):
            together = (
                CLUSTER if each.probe.layer is Layer.CLUSTER else each.probe.id
            )  # one API, one sentence
            because.setdefault((together, each.crashed, each.reason), []).append(each.probe.id)
    found = [
        _hindered(ids, name, crashed=crashed, reason=reason, cluster=together == CLUSTER)
        for (together, crashed, reason), ids in because.items()
    ]
    rules = findings.get(ServiceRulesFacts)
    unread = rules.unread if rules else ()
    return (*found, *(f"On {name}: {sentence}" for sentence in unread))


def _beside_the_point(finding: Unseen[Any], name: str) -> bool:
    """What a stand-in client is never asked, since it would tell of the host in its place."""
    return name.startswith(STAND_IN) and finding.probe.id in NOT_A_STAND_INS


def _hindered(ids: list[str], name: str, *, crashed: bool, reason: str, cluster: bool) -> str:
    if len(ids) == 1:
        return f"Probe {ids[0]} on {name} {'failed' if crashed else 'was skipped'}: {reason}"
    if cluster and not crashed:
        return f"The cluster was not seen from {name}: {reason}"
    return f"Probes {', '.join(ids)} on {name} {'failed' if crashed else 'were skipped'}: {reason}"


def not_tested(network: Network) -> tuple[str, ...]:
    """A machine that serves the VIP reaches it by a short cut: without a client, the client's path is untested."""
    groups: dict[str, list[Address]] = {}
    for vip in network.vips:
        if not network.clients(vip):
            groups.setdefault(", ".join(host.name for host in network.hosts(vip)), []).append(vip)
    return tuple(_untested(network, hosts, vips) for hosts, vips in groups.items())


def _untested(network: Network, hosts: str, vips: list[Address]) -> str:
    which = ", ".join(map(str, vips))
    if hosts:
        return f"client path not tested: {hosts} serves {which} itself, and reaches its own services by a short cut"
    points = ", ".join(point.name for point in network.vantage_points)
    return f"client path perhaps not tested: whether {points} serves {which} itself could not be seen"
