"""Which controllers may announce LoadBalancer addresses, where do MetalLB's speakers run, and how is kube-proxy configured?

Knows MetalLB, ServiceLB (klipper), kube-vip, Cilium, Calico and OpenELB, told by the images of their DaemonSets; static
pods (kube-vip on control planes) and controllers outside of the cluster are not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Absent, Denied, Host, Silent, listed
from probes.probe import Layer, Scope, probe
from probes.questions.cluster import (
    ApiGroups,
    KubeProxyConfiguration,
    LoadBalancerWorkloads,
    Pod,
    PodsOf,
    ProxyConfiguration,
    Workload,
)

SPEAKER = "metallb-speaker"


@dataclass(frozen=True)
class LoadBalancerControllerFacts:
    """`speaker_pods`: None where unseen or without a speaker. `proxy`: None where it has no ConfigMap or is unseen."""

    workloads: tuple[Workload, ...]
    speaker_pods: tuple[Pod, ...] | None
    proxy: ProxyConfiguration | None

    def of(self, controller: str) -> tuple[Workload, ...]:
        """The DaemonSets of one controller."""
        return tuple(each for each in self.workloads if each.controller == controller)

    @property
    def speaker(self) -> Workload | None:
        """MetalLB's speaker."""
        return next(iter(self.of(SPEAKER)), None)


@probe(Layer.CLUSTER)
def load_balancer_controllers(host: Host, _: Scope) -> LoadBalancerControllerFacts:
    """Raises Unanswered where DaemonSets cannot be listed."""
    host.ask(ApiGroups())
    workloads = host.ask(LoadBalancerWorkloads())
    speaker = next((each for each in workloads if each.controller == SPEAKER), None)
    pods = None
    if speaker is not None and speaker.pods.match_labels:
        wanted = ",".join(f"{key}={value}" for key, value in sorted(speaker.pods.match_labels.items()))
        pods = listed(host, PodsOf(speaker.namespace, wanted))
    return LoadBalancerControllerFacts(workloads, pods, _proxy(host))


def _proxy(host: Host) -> ProxyConfiguration | None:
    try:
        return host.ask(KubeProxyConfiguration())
    except (Absent, Denied, Silent):
        return None
