"""Who serves a Service of type LoadBalancer, by what selects it or is written on it, never by what is installed.

Each has its own way to choose: a class of load balancer, labels, an annotation, a pool. The rules follow their sources:
MetalLB internal/k8s (LoadBalancerClass), k3s pkg/cloudprovider/servicelb.go, kube-vip pkg/manager (lbClassFilter), Cilium
pkg/l2announcer, pkg/bgpv1 and operator/pkg/lbipam, OpenELB pkg/controllers/lb (IsOpenELBService), Calico's BGPConfiguration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.cilium_selects import announcement_policies, answers_for, bgp_selections, lease_holder
from hairpin_doctor.cluster_view import CLASS_OPTION, ClusterView, names_of
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Network
from hairpin_doctor.told import serves_by_service_lb
from probes.load_balancer_controllers import LoadBalancerControllerFacts
from probes.other_controllers import OtherControllersFacts
from probes.questions.cluster import Workload
from probes.target import Address, resolution

CILIUM_L2_CLASS, CILIUM_BGP_CLASS = "io.cilium/l2-announcer", "io.cilium/bgp-control-plane"
KUBE_VIP_CLASS = "kube-vip.io/kube-vip-class"
KUBE_VIP_HOST, KUBE_VIP_IGNORE = "kube-vip.io/vipHost", "kube-vip.io/ignore"
CILIUM_IPAM, OPENELB = "cilium.io/IPAMRequestSatisfied", "lb.kubesphere.io/v1alpha1"


@dataclass(frozen=True)
class Controller:
    """One that serves the Service. `called`: for a sentence; `why`: one sentence of evidence.

    `gives`, `announces`: whether it writes its addresses, and makes them known; one may give what another one announces.
    `sure`: it acts on this Service, by its own trace of that; otherwise its configuration says so. `ending`: how to make it
    leave Services alone.
    """

    called: str
    why: str
    sure: bool
    ending: str
    gives: bool = True
    announces: bool = True
    is_metallb: bool = False

    def rivals(self, other: Controller) -> bool:
        """Whether both do the same."""
        return (self.gives and other.gives) or (self.announces and other.announces)


def controllers_of(view: ClusterView) -> tuple[Controller, ...]:
    """Each that serves this Service, MetalLB first."""
    facts = view.point.findings.get(LoadBalancerControllerFacts)
    workloads = facts.workloads if facts else ()
    return (
        *_metallb(view),
        *_second_metallb(view, workloads),
        *_service_lb(view, workloads),
        *_kube_vip(view, workloads),
        *_cilium(view),
        *_cilium_bgp(view),
        *_openelb(view),
        *_calico(view),
    )


def who_should_announce(network: Network, vip: Address) -> tuple[str, ...]:
    """A sentence for each that should announce a Service with this VIP, or that none does; () where it cannot be seen."""
    said: list[str] = []
    for view in network.clusters(vip):
        try:
            found = [each for each in controllers_of(view) if each.announces]
        except MissingFacts:
            continue
        said += [f"{each.why[:-1]} ({view.said_by})." for each in found]
        if answers_for(view) is False:
            said += [
                f"Cilium's announcement policy {each} selects {view.service}, and this Cilium answers ARP alone: IPv6 is "
                f"announced since 1.19 ({view.said_by})."
                for each in announcement_policies(view)
            ]
        if not found and view.point.findings.get(LoadBalancerControllerFacts) is not None:
            said.append(
                f"No load balancer controller that is known here is to announce {view.service} ({view.said_by})."
            )
    return tuple(said)


def _metallb(view: ClusterView) -> Iterator[Controller]:
    if view.is_metallbs:
        wanted, pool = view.service.load_balancer_class, view.service.pool
        whose = f", whose class {wanted} it names" if wanted else ""
        lies_in = pool or (view.pool.name if view.pool else "")
        yield Controller(
            "MetalLB",
            f"MetalLB serves {view.service}{whose}: {view.vip} is from its pool {lies_in}.",
            sure=pool is not None,
            ending="remove the pool, or give its speakers and controller a class by --lb-class",
            announces=_may_advertise(view),
            is_metallb=True,
        )


def _may_advertise(view: ClusterView) -> bool:
    """Whether any advertisement selects it, or cannot be seen."""
    metallb = view.metallb
    unseen = None in (metallb.pools, metallb.l2_advertisements, metallb.bgp_advertisements)
    return unseen or bool(view.l2 or view.bgp)


def _second_metallb(view: ClusterView, workloads: tuple[Workload, ...]) -> Iterator[Controller]:
    for each in workloads:
        classed = any(option.startswith(CLASS_OPTION) for option in each.arguments)
        if each.controller != "metallb-speaker" or each == view.speaker or classed:
            continue
        if view.service.load_balancer_class is None:
            yield Controller(
                f"another MetalLB, {each.namespace}/{each.name},",
                f"The DaemonSet {each.namespace}/{each.name} ({each.image}) serves it as well.",
                sure=False,
                ending="remove one of the two installations (helm list -A), or give each a class by --lb-class",
                is_metallb=True,
            )


def _service_lb(view: ClusterView, workloads: tuple[Workload, ...]) -> Iterator[Controller]:
    for each in workloads:
        if serves_by_service_lb(each, view):
            yield Controller(
                "ServiceLB (klipper)",
                f"ServiceLB has made the DaemonSet {each.namespace}/{each.name} ({each.image}) for it.",
                sure=True,
                ending="start k3s with --disable=servicelb on every server",
            )


def _kube_vip(view: ClusterView, workloads: tuple[Workload, ...]) -> Iterator[Controller]:
    marks = view.service.marks
    seen = next((each for each in workloads if each.controller == "kube-vip" and _takes(each, view)), None)
    node = marks.get(KUBE_VIP_HOST)
    if marks.get(KUBE_VIP_IGNORE) == "true" or (seen is None and node is None):
        return
    name = f"kube-vip's DaemonSet {seen.namespace}/{seen.name} ({seen.image})" if seen else "kube-vip"
    said = f", and has written on it that {node} holds its address ({KUBE_VIP_HOST})" if node else ""
    unseen = "" if seen else "; no DaemonSet of it is seen, so it is a static pod or that is a remnant"
    yield Controller(
        "kube-vip",
        f"{name} serves {view.service}{said}{unseen}.",
        sure=bool(seen and node),
        gives=False,
        ending="set svc_enable to false in kube-vip's environment, so that it serves the control plane only",
    )


def _takes(kube_vip: Workload, view: ClusterView) -> bool:
    """kube-vip says in its environment what it serves; its older way takes Services without a class as well."""
    settings, wanted = kube_vip.settings, view.service.load_balancer_class
    own = settings.get("lb_class_name", KUBE_VIP_CLASS)
    only_class = (
        settings.get("lb_class_only", "false") == "true"
        or settings.get("lb_class_legacy_handling", "true") == "false"
    )
    right = wanted == own or (wanted is None and not only_class)
    return settings.get("svc_enable") == "true" and right


def _cilium(view: ClusterView) -> Iterator[Controller]:
    service = view.service
    policies, answers = announcement_policies(view), answers_for(view)
    if policies and answers is not False and service.load_balancer_class in (None, CILIUM_L2_CLASS):
        node = lease_holder(view)
        leads = f", and {node} holds its lease: it answers {resolution(view.vip)}" if node else ""
        yield Controller(
            "Cilium",
            f"Cilium's announcement policy {', '.join(policies)} selects {service}{leads}.",
            sure=node is not None and answers is True,
            ending="delete the CiliumL2AnnouncementPolicy, or have its serviceSelector leave MetalLB's Services out",
            gives=service.marks.get(CILIUM_IPAM) == "True",
        )
    elif service.marks.get(CILIUM_IPAM) == "True":
        yield Controller(
            "Cilium",
            f"Cilium's LB-IPAM says on {service} that it gave it an address ({CILIUM_IPAM}).",
            sure=True,
            ending="have the serviceSelector of its CiliumLoadBalancerIPPools leave MetalLB's Services out",
            announces=False,
        )


def _cilium_bgp(view: ClusterView) -> Iterator[Controller]:
    """Cilium's routes may stand beside MetalLB's ARP, as Calico's may. Whether its sessions are up is not read."""
    service, found = view.service, bgp_selections(view)
    beside = view.is_metallbs and _may_advertise(view) and not _by_bgp(view)
    if found and not beside and service.load_balancer_class in (None, CILIUM_BGP_CLASS):
        by = f", which {names_of(view.bgp)} advertises as well" if view.is_metallbs and _by_bgp(view) else ""
        yield Controller(
            "Cilium's BGP",
            f"{' and '.join(found)} of Cilium selects {service} for BGP{by}.",
            sure=False,
            ending="have the selector of Cilium's advertisement leave MetalLB's Services out, or delete MetalLB's "
            "BGPAdvertisement: MetalLB then gives addresses, and Cilium carries them",
            gives=False,
        )


def _openelb(view: ClusterView) -> Iterator[Controller]:
    if OPENELB in view.service.marks:
        yield Controller(
            "OpenELB",
            f"{view.service} carries OpenELB's annotation {OPENELB}.",
            sure=False,
            ending=f"remove the annotation {OPENELB} from the Service",
        )


def _calico(view: ClusterView) -> Iterator[Controller]:
    """Calico's routes may stand beside MetalLB's ARP; of two that speak BGP on one node only one gets its session."""
    facts = view.point.findings.get(OtherControllersFacts)
    prefixes = [each for each in (facts.calico_prefixes if facts else None) or () if view.vip in each]
    if prefixes and not (view.is_metallbs and _may_advertise(view) and not _by_bgp(view)):
        by = f", which {names_of(view.bgp)} advertises as well" if view.is_metallbs and _by_bgp(view) else ""
        yield Controller(
            "Calico",
            f"Calico advertises {prefixes[0]} by BGP (serviceLoadBalancerIPs){by}.",
            sure=True,
            ending="take the prefix out of serviceLoadBalancerIPs of the BGPConfiguration default, or delete the "
            "BGPAdvertisement: MetalLB then gives addresses, and Calico carries them",
            gives=False,
        )


def _by_bgp(view: ClusterView) -> bool:
    return view.metallb.pools is not None and bool(view.metallb.bgp_advertisements) and bool(view.bgp)
