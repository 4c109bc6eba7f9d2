"""Two load balancer controllers serve the same Service.

Why: A Service without a loadBalancerClass belongs to whoever comes: ServiceLB (klipper, part of k3s) and MetalLB both take
it, or kube-vip and MetalLB, or two installations of MetalLB. Each writes its own addresses into the status, and each
programs or announces them.
Seen as: The address of the Service changes now and then, or it has two of different kinds; it works now and then.
Told apart from: HD202 (two nodes of one controller) and HD203 (a stranger) by the controllers in the cluster.
By hand: See which controllers run, and whether the address in the status changes.
    kubectl get pods -A | grep -E 'svclb|metallb|kube-vip'
    kubectl -n NAMESPACE get service SERVICE --watch
    kubectl -n NAMESPACE get service SERVICE -o jsonpath='{.spec.loadBalancerClass}'
Fix: Turn one of them off, or give Services a loadBalancerClass that one of them takes.
Unsure when: A controller runs outside of the cluster or as a static pod, where it is not seen.
References: https://kubernetes.io/docs/concepts/services-networking/service/; k3s-io/k3s#269.
"""

from __future__ import annotations

from hairpin_doctor.cluster_view import CLASS_OPTION, ClusterView
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Verdict, rule
from hairpin_doctor.told import announced_by_metallb, serves_by_service_lb
from probes.load_balancer_controllers import LoadBalancerControllerFacts
from probes.questions.cluster import Workload
from probes.target import Address

HOW_TO_END = {
    "servicelb": "start k3s with --disable=servicelb on every server",
    "metallb-speaker": "remove one of the two installations (helm list -A), or give each a class by --lb-class",
    "kube-vip": "set svc_enable to false in kube-vip's environment, so that it serves the control plane only",
}


@rule("HD107", "two-controllers", Severity.LATENT, needs_cluster=True)
def two_controllers(network: Network, vip: Address) -> Verdict:
    """MetalLB has the Service, and so has another one."""
    view = announced_by_metallb(network, vip)
    workloads = view.point.findings[LoadBalancerControllerFacts].workloads
    others = [each for each in workloads if _serves(each, view)]
    if not others:
        return Cleared(f"no controller beside MetalLB serves {view.service}")
    first = others[0]
    addresses = ", ".join(map(str, view.service.addresses))
    return Diagnosis(
        summary=f"{_called(first)} and MetalLB both serve {view.service}",
        because=(
            f"MetalLB has {vip} in a pool, and {view.service} names no loadBalancerClass ({view.said_by}).",
            f"The DaemonSet {first.namespace}/{first.name} ({first.image}) serves it as well.",
            f"Addresses in its status now: {addresses or 'none'}.",
        ),
        severity=Severity.LATENT,
        confidence=Confidence.LIKELY,
        fixes=(_end(first, vip),),
    )


def _serves(workload: Workload, view: ClusterView) -> bool:
    """kube-vip says in its environment what it serves."""
    service = view.service
    if service.load_balancer_class is not None:
        return False
    if workload.controller == "servicelb":
        return serves_by_service_lb(workload, view)
    if workload.controller == "metallb-speaker":
        classed = any(each.startswith(CLASS_OPTION) for each in workload.arguments)
        return not classed and workload != view.speaker
    settings = workload.settings
    takes_all = settings.get("lb_class_only", "false") != "true"
    return workload.controller == "kube-vip" and settings.get("svc_enable") == "true" and takes_all


def _called(workload: Workload) -> str:
    another = workload.controller == "metallb-speaker"
    return f"another MetalLB, {workload.namespace}/{workload.name}," if another else workload.controller


def _end(workload: Workload, vip: Address) -> Fix:
    text = f"If MetalLB is to serve it: {HOW_TO_END[workload.controller]}."
    step = Step("cluster", "any machine with kubectl", "one controller per Service", instructions=text)
    return Fix(f"Turn {workload.controller} off for Services", (step,), check_from_client(vip, "a client"))
