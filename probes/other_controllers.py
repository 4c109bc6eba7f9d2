"""Which Services do Cilium's policies and Calico's BGP announce, and which node does Cilium announce those in scope from?

Asked only where the cluster serves their groups. Whether Cilium's agents heed policies at all stands in their configuration,
which is not read: a lease that a node holds shows that they do. Kube-vip, OpenELB and Cilium's LB-IPAM leave their marks on
the Service itself, ServiceLB its DaemonSets (probes `cluster_services`, `load_balancer_controllers`).
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.cluster_services import holds
from probes.host import Host, Unanswered, listed
from probes.probe import Layer, Scope, probe
from probes.questions.cluster import (
    ApiGroups,
    LoadBalancerService,
    LoadBalancerServices,
    LoadBalancerWorkloads,
)
from probes.questions.other_controllers import (
    CalicoServicePrefixes,
    CiliumBgpSelection,
    CiliumBgpSelections,
    CiliumL2Lease,
    CiliumL2Policies,
    CiliumL2Policy,
)
from probes.target import Network

CILIUM, CALICO = "cilium.io/v2alpha1", "crd.projectcalico.org/v1"
CILIUMS = (CILIUM, "cilium.io/v2")
LEASE_NAMESPACE = "kube-system"  # where no DaemonSet of Cilium's shows another one


@dataclass(frozen=True)
class CiliumHolder:
    """The node that announces a Service for Cilium."""

    namespace: str
    service: str
    node: str


@dataclass(frozen=True)
class OtherControllersFacts:
    """Lists are None where they could not be seen. `cilium_holders`: of Services in scope."""

    cilium_policies: tuple[CiliumL2Policy, ...] | None
    cilium_holders: tuple[CiliumHolder, ...]
    calico_prefixes: tuple[Network, ...] | None
    cilium_bgp: tuple[CiliumBgpSelection, ...] | None = ()


@probe(Layer.CLUSTER)
def other_controllers(host: Host, scope: Scope) -> OtherControllersFacts:
    """Raises Unanswered where the cluster does not answer at all."""
    groups = host.ask(ApiGroups())
    policies = listed(host, CiliumL2Policies()) if CILIUM in groups else ()
    return OtherControllersFacts(
        cilium_policies=policies,
        cilium_holders=_holders(host, scope) if policies else (),
        calico_prefixes=listed(host, CalicoServicePrefixes()) if CALICO in groups else (),
        cilium_bgp=listed(host, CiliumBgpSelections()) if set(CILIUMS) & set(groups) else (),
    )


def _holders(host: Host, scope: Scope) -> tuple[CiliumHolder, ...]:
    wanted = set(scope.vips)
    here = [each for each in listed(host, LoadBalancerServices()) or () if wanted & set(holds(each))]
    agents = (each for each in listed(host, LoadBalancerWorkloads()) or () if each.controller == "cilium")
    namespace = next((each.namespace for each in agents), LEASE_NAMESPACE)
    return tuple(found for each in here if (found := _holder(host, namespace, each)))


def _holder(host: Host, namespace: str, service: LoadBalancerService) -> CiliumHolder | None:
    try:
        node = host.ask(CiliumL2Lease(namespace, service.namespace, service.name))
    except Unanswered:
        return None
    return CiliumHolder(service.namespace, service.name, node)
