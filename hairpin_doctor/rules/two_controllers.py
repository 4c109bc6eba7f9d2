"""Two load balancer controllers serve the same Service.

Why: A Service without a loadBalancerClass belongs to whoever comes: ServiceLB (klipper, part of k3s) and MetalLB both take
it, or kube-vip, Cilium's L2 announcements and LB-IPAM, OpenELB, or two installations of MetalLB. Each writes its own
addresses into the status, and each programs or announces them. Where Calico and MetalLB both carry it by BGP, a node has
two that want its one session with the router.
Seen as: The address of the Service changes now and then, or it has two of different kinds; it works now and then.
Told apart from: HD202 (two nodes of one controller) and HD203 (a stranger) by what in the cluster selects this very Service
or is written on it; a controller that is installed and leaves the Service alone is none, nor is Cilium before 1.19 for an
IPv6 VIP: its L2 announcements answer ARP alone.
By hand: See which controllers run, whom they select, and whether the address in the status changes.
    kubectl get pods -A | grep -E 'svclb|metallb|kube-vip|cilium|openelb'
    kubectl -n NAMESPACE get service SERVICE --watch
    kubectl -n NAMESPACE get service SERVICE -o jsonpath='{.spec.loadBalancerClass}{.metadata.annotations}{.status}'
    kubectl get ciliuml2announcementpolicies,ciliumloadbalancerippools -o yaml
    kubectl -n kube-system get leases | grep cilium-l2announce
Fix: Turn one of them off for this Service, or give Services a loadBalancerClass that one of them takes.
Unsure when: A controller runs outside of the cluster or as a static pod and leaves no mark on the Service.
References: https://kubernetes.io/docs/concepts/services-networking/service/; k3s-io/k3s#269; cilium/cilium#39648;
https://docs.cilium.io/en/stable/network/l2-announcements/; https://kube-vip.io/docs/usage/kubernetes-services/.
"""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.service_controllers import Controller, controllers_of
from hairpin_doctor.situation import NotThis
from probes.target import Address


@rule("HD107", "two-controllers", Severity.LATENT, needs_cluster=True, ipv6=Ipv6.PROVEN)
def two_controllers(network: Network, vip: Address) -> Verdict:
    """More than one has the Service."""
    view = network.cluster(vip)
    if view is None:
        raise NotThis(f"no Service of the cluster that was asked has {vip}")
    every = controllers_of(view)
    found = tuple(each for each in every if any(each is not other and each.rivals(other) for other in every))
    if not found:
        who = " and ".join(each.called for each in every) or "no known controller"
        return Cleared(f"{who} serves {view.service}, and no two do the same")
    first, second = found[:2]
    addresses = ", ".join(map(str, view.service.addresses))
    return Diagnosis(
        summary=f"{second.called} and {first.called} both serve {view.service}",
        because=(
            *(each.why for each in found),
            f"Addresses in its status now: {addresses or 'none'} ({view.said_by}).",
        ),
        severity=Severity.LATENT,
        confidence=Confidence.PROVEN if first.sure and second.sure else Confidence.LIKELY,
        fixes=tuple(_end(each, first, vip) for each in found[1:]),
    )


def _end(other: Controller, kept: Controller, vip: Address) -> Fix:
    text = f"If {kept.called} is to serve it: {other.ending}."
    step = Step("cluster", "any machine with kubectl", "one controller per Service", instructions=text)
    return Fix(
        f"Have {other.called.strip(',')} leave the Service alone", (step,), check_from_client(vip, "a client")
    )
