"""External traffic policy Local, and the node that gets the packets has no endpoint of the Service.

Why: With externalTrafficPolicy Local a node sends external traffic to its own endpoints only; where it has none,
kube-proxy programs a rule that drops it. Announcers that do not look at endpoints (or an old announcement) still bring
clients there.
Seen as: ARP works, TCP and UDP get silence; the node itself and pods on it may be served. Ping is not affected.
Told apart from: HD405 by the dropping rule, which is the service proxy's own and names this Service; HD505 by its source
ranges, of which there are none; HD305 by the receiver of the frames.
By hand: The policy is Local, and no endpoint is on the node that answers; a rule of the proxy drops there.
    kubectl -n NAMESPACE get service SERVICE -o jsonpath='{.spec.externalTrafficPolicy}'
    kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=SERVICE -o yaml | grep nodeName
    iptables-save -c -t filter | grep 'no local endpoints'
Fix: External traffic policy Cluster, or an endpoint on that node, or announce from a node that has one.
Unsure when: The host that answers for the VIP was not scanned.
References: https://kubernetes.io/docs/reference/networking/virtual-ips/; kubernetes/kubernetes#75262.
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import ANYWHERE, policy_cluster
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import refused_by_proxy
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from probes.service_rules import ProgrammedPort
from probes.target import Address


@rule("HD502", "local-policy-no-local-endpoint", Severity.BROKEN, explains=("HD302", "HD405"))
def local_policy_no_local_endpoint(network: Network, vip: Address) -> Verdict:
    """kube-proxy drops for want of a local endpoint, and rejects for want of any (pkg/proxy/iptables/proxier.go)."""
    found = arrivals(network, vip, "whether its service proxy drops them")
    for arrival in found:
        drops = [
            each
            for port in arrival.ports
            if (each := refused_by_proxy(arrival.host, vip, port)) is not None
            and each.kind == "drop"
            and not each.source_ranges
        ]
        if drops:
            return _diagnosis(arrival, vip, drops)
    return Cleared(f"the service proxy of {found[0].host.name} drops no failing port of {vip}")


def _diagnosis(arrival: Arrival, vip: Address, drops: list[ProgrammedPort]) -> Diagnosis:
    host, client, first = arrival.host, arrival.client, drops[0]
    service = first.service or ""
    ports = ", ".join(f"{each.port}/{each.protocol}" for each in drops)
    return Diagnosis(
        summary=f"{host.name} gets the packets for {vip}, but has no endpoint of {service} and may use no other",
        because=(
            symptom(client, vip),
            f"{host.name} takes the packets of {client.name} for {vip}.",
            f"Its service proxy drops {ports}: {first.rule} ({first.backend}).",
            "It drops instead of rejecting: there are endpoints, but none on this node, and the policy is Local.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=(policy_cluster(service, vip, client.name), _schedule(host.name, vip, client.name)),
        ruled_out=("HD505: no source ranges are programmed.", "HD405: the rule is the service proxy's own."),
    )


def _schedule(host: str, vip: Address, client: str) -> Fix:
    text = (
        f"Run a pod of the Service on {host}, or announce {vip} from a node where one runs (nodeSelectors)."
    )
    step = Step("cluster", ANYWHERE, "policy Local then has an endpoint to use", instructions=text)
    return Fix(f"An endpoint on {host}", (step,), check_from_client(vip, client))
