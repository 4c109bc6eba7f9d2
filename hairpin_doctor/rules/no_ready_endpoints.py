"""The Service has no ready endpoint, so its proxy rejects what is sent to the VIP.

Why: A selector that matches nothing, or pods that are not ready, leave the EndpointSlices without an address to send to.
kube-proxy then programs a rule that rejects (pkg/proxy/iptables/proxier.go); MetalLB stops announcing as well.
Seen as: Refused by ICMP, or silence: the errors are rate limited, and a redirect that the node sends for the same packet
uses up the allowance.
Told apart from: HD503, where the RST comes from a backend, by the rule; HD502 by the verdict, since the proxy drops where
other nodes have endpoints and rejects where there is none at all; HD405 by the rule, which is the proxy's own.
By hand: No address in the slices, and a rule that rejects on the node.
    kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=SERVICE
    kubectl -n NAMESPACE get service SERVICE -o wide
    iptables-save -c -t filter | grep -w VIP
Fix: Make a pod ready, or mend the Service's selector.
Unsure when: The host that answers for the VIP was not scanned, or nobody answers any more.
References: https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/;
https://kubernetes.io/docs/reference/networking/virtual-ips/; metallb/metallb#717.
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.cluster_view import ClusterView
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.service_object import make_ready, restart_proxy
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import refused_by_proxy
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from hairpin_doctor.told import failing_services
from hairpin_doctor.vantage_point import VantagePoint
from probes.service_rules import IPVS, ProgrammedPort
from probes.target import Address, ServicePort


@rule(
    "HD103",
    "no-ready-endpoints",
    Severity.BROKEN,
    explains=("HD201", "HD302", "HD405", "HD603"),
    ipv6=Ipv6.PROVEN,
)
def no_ready_endpoints(network: Network, vip: Address) -> Verdict:
    """Packets arrive, and the service proxy's own rule for a failing port rejects them."""
    told = _by_the_clusters_word(network, vip)
    if told is not None:
        return told
    found = arrivals(network, vip, "whether its service proxy has an endpoint to send them to")
    for arrival in found:
        refused = (refused_by_proxy(arrival.host, vip, port) for port in arrival.ports)
        rejects = [each for each in refused if each is not None and each.kind == "reject"]
        if rejects and rejects[0].backend == IPVS:
            what = f"{rejects[0].rule} has no real server: whether the Service has an endpoint anywhere"
            how = f"kubectl get services -A | grep -F {vip}, then kubectl get endpointslices for that Service"
            raise MissingFacts(what, arrival.host.name, how)
        if rejects:
            return _diagnosis(network, arrival, vip, rejects)
    return Cleared(f"the service proxy of {found[0].host.name} rejects no failing port of {vip}")


def _by_the_clusters_word(network: Network, vip: Address) -> Diagnosis | None:
    """The EndpointSlices tell it, also where nobody announces any more, and where no client was scanned."""
    for point in _suffering(network, vip):
        for view in failing_services(network, point, vip):
            if view.endpoints is not None and not view.serving():
                return _told(view, point, vip)
    return None


def _suffering(network: Network, vip: Address) -> tuple[VantagePoint, ...]:
    """The failing clients, else machines that serve the VIP and do not reach it themselves."""
    failing = network.failing(vip)
    if failing or network.clients(vip):
        return failing
    return tuple(each for each in network.hosts(vip) if any(state.unreached for state in each.states_of(vip)))


def _told(view: ClusterView, client: VantagePoint, vip: Address) -> Diagnosis:
    service, endpoints = view.service, view.endpoints or ()
    states = f"{len(endpoints)} endpoints, none of them ready" if endpoints else "no endpoint at all"
    if len(endpoints) == 1:
        states = "one endpoint, which is not ready"
    return Diagnosis(
        summary=f"{service} has no ready endpoint: there is nobody to send {vip} to",
        because=(symptom(client, vip), f"The EndpointSlices of {service} hold {states} ({view.said_by})."),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN,
        fixes=(make_ready(str(service), vip, client.name),),
        ruled_out=("HD502: other nodes have no endpoint either.", "HD503: no backend is asked."),
    )


def _diagnosis(network: Network, arrival: Arrival, vip: Address, rejects: list[ProgrammedPort]) -> Diagnosis:
    host, client, first = arrival.host, arrival.client, rejects[0]
    ports = ", ".join(f"{each.port}/{each.protocol}" for each in rejects)
    rejected = (
        symptom(client, vip),
        f"{host.name} takes the packets of {client.name} for {vip}.",
        f"Its service proxy rejects {ports}: {first.rule} ({first.backend}).",
    )
    behind = _proxy_is_behind(network, vip, first)
    summary = f"{first.service} has no ready endpoint: {host.name} rejects what is sent to {vip}"
    if behind is not None:
        summary = f"the service proxy of {host.name} rejects what is sent to {vip}, though the cluster has endpoints"
    return Diagnosis(
        summary=summary,
        because=(*rejected, *((behind,) if behind else ())),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=(
            restart_proxy(vip, client.name)
            if behind or not first.service
            else make_ready(first.service, vip, client.name),
        ),
        ruled_out=("HD502: it would drop, not reject.", "HD503: no backend is asked."),
    )


def _proxy_is_behind(network: Network, vip: Address, rejected: ProgrammedPort) -> str | None:
    """A sentence where the cluster has endpoints for what the proxy rejects for want of any."""
    port = ServicePort(rejected.port, rejected.protocol)
    view = next((each for each in network.clusters(vip) if port in each.service.ports), None)
    if view is None or view.endpoints is None or not view.serving():
        return None
    nodes = ", ".join(sorted({each.node or "an unknown node" for each in view.serving()}))
    behind = "the proxy does not follow the cluster, or has not yet"
    return f"But the EndpointSlices of {view.service} hold serving endpoints, on {nodes} ({view.said_by}): {behind}."
