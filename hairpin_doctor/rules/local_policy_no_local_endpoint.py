"""External traffic policy Local, and the node that gets the packets has no endpoint of the Service.

Why: With externalTrafficPolicy Local a node sends external traffic to its own endpoints only; where it has none,
kube-proxy programs a rule that drops it. Old versions (seen with 1.20) only mark it to be dropped, which kubelet does not
do for a VIP that is no address of the node: the packet is sent back to the LAN. Announcers that do not look at endpoints
(or an old announcement) still bring clients there.
Seen as: ARP works, TCP and UDP get silence; the node itself and pods on it may be served. Ping is not affected.
Told apart from: HD405 by the dropping rule, which is the service proxy's own and names this Service; HD505 by its source
ranges, of which there are none; HD305 by the receiver of the frames.
By hand: The policy is Local, and no endpoint is on the node that answers; a rule of the proxy drops there.
    kubectl -n NAMESPACE get service SERVICE -o jsonpath='{.spec.externalTrafficPolicy}'
    kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=SERVICE -o yaml | grep nodeName
    iptables-save -c -t filter | grep 'no local endpoints'
Fix: External traffic policy Cluster, or an endpoint on that node, or announce from a node that has one.
Unsure when: Neither the host that answers for the VIP was scanned as root, nor its cluster asked; or the cluster names an
endpoint there and the proxy drops all the same: then the proxy has not followed.
References: https://kubernetes.io/docs/reference/networking/virtual-ips/; kubernetes/kubernetes#75262.
"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.answering_node import answering_node
from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.cluster_view import ClusterView
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import ANYWHERE, policy_cluster, restart_proxy
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import refused_by_proxy
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import failing_clients, symptom
from hairpin_doctor.told import services_that_drop
from hairpin_doctor.vantage_point import VantagePoint
from probes.service_rules import ProgrammedPort
from probes.target import Address, ServicePort


@rule(
    "HD502", "local-policy-no-local-endpoint", Severity.BROKEN, explains=("HD302", "HD405"), ipv6=Ipv6.PROVEN
)
def local_policy_no_local_endpoint(network: Network, vip: Address) -> Verdict:
    """kube-proxy drops for want of a local endpoint, and rejects for want of any (pkg/proxy/iptables/proxier.go)."""
    try:
        found = arrivals(network, vip, "whether its service proxy drops them")
        return _by_the_rules(network, vip, found)
    except MissingFacts:
        told = _by_the_clusters_word(network, vip)
        if told is None:
            raise
        return told


def _by_the_rules(network: Network, vip: Address, found: tuple[Arrival, ...]) -> Verdict:
    for arrival in found:
        drops = [
            each
            for port in arrival.ports
            if (each := refused_by_proxy(arrival.host, vip, port)) is not None
            and each.kind == "drop"
            and not each.source_ranges
        ]
        if drops:
            return _diagnosis(network, arrival, vip, drops)
    return Cleared(f"the service proxy of {found[0].host.name} drops no failing port of {vip}")


def _by_the_clusters_word(network: Network, vip: Address) -> Diagnosis | Cleared | None:
    """Which nodes have an endpoint, and which node takes the packets; None where either is unknown."""
    cleared: Cleared | None = None
    for client in failing_clients(network, vip):
        for view in services_that_drop(network, client, vip):
            found = _told(network, view, client, vip)
            if found is None or isinstance(found, Diagnosis):
                return found
            cleared = found
    return cleared


def _told(
    network: Network, view: ClusterView, client: VantagePoint, vip: Address
) -> Diagnosis | Cleared | None:
    service = str(view.service)
    if view.service.traffic_policy != "Local":
        return Cleared(f"the external traffic policy of {service} is Cluster ({view.said_by})")
    if view.endpoints is None:
        return None
    if not view.serving():
        return Cleared(f"{service} has no endpoint anywhere ({view.said_by})")
    node = answering_node(network, view, client, vip)
    if node is None:
        return None
    if view.serves_on(node):
        return Cleared(f"{service} has an endpoint on {node.name} ({view.said_by})")
    return Diagnosis(
        summary=f"{node.name} gets the packets for {vip}, but has no endpoint of {service} and may use no other",
        because=(
            symptom(client, vip),
            f"The MAC that answers {client.name} for {vip} is that of {node.name}, by its address.",
            f"{_policy(view)}, and its endpoints are on {_where(view)} only ({view.said_by}).",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(policy_cluster(service, vip, client.name), _schedule(node.name, vip, client.name)),
        ruled_out=("HD103: the Service has endpoints, on other nodes.",),
    )


def _diagnosis(network: Network, arrival: Arrival, vip: Address, drops: list[ProgrammedPort]) -> Diagnosis:
    host, client, first = arrival.host, arrival.client, drops[0]
    service = first.service or ""
    ports = ", ".join(f"{each.port}/{each.protocol}" for each in drops)
    dropped = (
        symptom(client, vip),
        f"{host.name} takes the packets of {client.name} for {vip}.",
        f"Its service proxy drops {ports}: {first.rule} ({first.backend}).",
    )
    sure = Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE
    word = _the_clusters_word_on(network, host, vip, first)
    if word is not None and not word.agrees:
        return Diagnosis(
            summary=f"the service proxy of {host.name} drops packets for {vip}, though the cluster has an endpoint for them",
            because=(*dropped, word.sentence),
            severity=Severity.BROKEN,
            confidence=sure,
            fixes=(restart_proxy(vip, client.name),),
            ruled_out=("HD505: no source ranges are programmed.",),
        )
    meant = (
        "It drops instead of rejecting: there are endpoints, but none on this node, and the policy is Local."
    )
    return Diagnosis(
        summary=f"{host.name} gets the packets for {vip}, but has no endpoint of {service} and may use no other",
        because=(*dropped, word.sentence if word else meant),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if word and arrival.sure else sure,
        fixes=(policy_cluster(service, vip, client.name), _schedule(host.name, vip, client.name)),
        ruled_out=("HD505: no source ranges are programmed.", "HD405: the rule is the service proxy's own."),
    )


@dataclass(frozen=True)
class _Word:
    """What the cluster says of the Service whose port is dropped, and whether the proxy is right to drop it."""

    agrees: bool
    sentence: str


def _the_clusters_word_on(
    network: Network, host: VantagePoint, vip: Address, dropped: ProgrammedPort
) -> _Word | None:
    """None where the cluster was not asked, may not be read, or does not know this machine as a node."""
    port = ServicePort(dropped.port, dropped.protocol)
    view = next((each for each in network.clusters(vip) if port in each.service.ports), None)
    try:
        node = view.node_of(host) if view else None
        if view is None or node is None or not view.serving():
            return None
        local, here = view.service.traffic_policy == "Local", view.serves_on(node)
    except MissingFacts:
        return None
    if local and not here:
        return _Word(True, f"{_policy(view)}, and its endpoints are on {_where(view)} only ({view.said_by}).")
    found = f"an endpoint of it is on {node.name}" if here else f"it has endpoints, on {_where(view)}"
    behind = "the proxy does not follow the cluster, or has not yet"
    return _Word(
        False, f"But {_policy(view)[0].lower()}{_policy(view)[1:]}, and {found} ({view.said_by}): {behind}."
    )


def _policy(view: ClusterView) -> str:
    return f"The external traffic policy of {view.service} is {view.service.traffic_policy}"


def _where(view: ClusterView) -> str:
    return ", ".join(sorted({each.node or "no known node" for each in view.serving()}))


def _schedule(host: str, vip: Address, client: str) -> Fix:
    text = (
        f"Run a pod of the Service on {host}, or announce {vip} from a node where one runs (nodeSelectors)."
    )
    step = Step("cluster", ANYWHERE, "policy Local then has an endpoint to use", instructions=text)
    return Fix(f"An endpoint on {host}", (step,), check_from_client(vip, client))
