"""Questions to the API of a Kubernetes cluster about what every cluster has: Services, endpoints, nodes, controllers.

Each raises Denied where RBAC refuses it (`right` says what to grant), Absent where the API does not serve the kind, and
Silent where it does not answer in time. Objects whose names break the rules of Kubernetes are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from probes.host import Question
from probes.questions.labels import Labels, Selector
from probes.target import Address, Network, ServicePort

Controller = Literal["metallb-speaker", "servicelb", "kube-vip", "cilium", "calico", "openelb", "kube-proxy"]
TrafficPolicy = Literal["Cluster", "Local"]
RBAC = "RBAC"  # a missing right of the cluster begins with this word


@dataclass(frozen=True)
class ApiGroups(Question[tuple[str, ...]]):
    """Which API groups and versions does the cluster serve, e.g. "metallb.io/v1beta1"? Every account may ask this."""


@dataclass(frozen=True)
class LoadBalancerService:
    """A Service of type LoadBalancer. `addresses`: status.loadBalancer.ingress; `requested`: spec or annotations.

    `pool`: the pool that its controller says it took the address from. `load_balancer_class`: None = whoever comes.
    `marks`: what controllers other than MetalLB are known to write on a Service that they serve: annotations and conditions.
    """

    namespace: str
    name: str
    labels: Labels
    addresses: tuple[Address, ...]
    requested: tuple[Address, ...]
    ports: tuple[ServicePort, ...]
    traffic_policy: TrafficPolicy
    source_ranges: tuple[Network, ...]
    load_balancer_class: str | None
    pool: str | None
    has_selector: bool
    marks: Labels = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class LoadBalancerServices(Question[tuple[LoadBalancerService, ...]]):
    """Every Service of type LoadBalancer, in all namespaces."""


@dataclass(frozen=True)
class SliceEndpoint:
    """One endpoint of an EndpointSlice. `serving`: its own condition, or `ready` where that is not given."""

    addresses: tuple[Address, ...]
    node: str | None
    ready: bool
    serving: bool


@dataclass(frozen=True)
class ServiceEndpoints(Question[tuple[SliceEndpoint, ...]]):
    """The endpoints of one Service, from all of its EndpointSlices (discovery.k8s.io/v1 or v1beta1)."""

    namespace: str
    name: str


@dataclass(frozen=True)
class ClusterNode:
    """A node. `ready`, `network_unavailable`: its conditions, None where they are not given."""

    name: str
    labels: Labels
    addresses: tuple[Address, ...]
    ready: bool | None
    network_unavailable: bool | None


@dataclass(frozen=True)
class ClusterNodes(Question[tuple[ClusterNode, ...]]):
    """Every node with its labels, addresses and conditions."""


@dataclass(frozen=True)
class Workload:
    """A DaemonSet that has to do with load balancers, as far as that can be told from its image.

    `arguments`: of that container; `settings`: only those of its environment that say what it serves, never others.
    `net_raw`: whether the container may open packet sockets, None where its capabilities are not set.
    """

    controller: Controller
    namespace: str
    name: str
    image: str
    labels: Labels
    arguments: tuple[str, ...]
    settings: Labels
    net_raw: bool | None
    pods: Selector
    desired: int
    ready: int


@dataclass(frozen=True)
class LoadBalancerWorkloads(Question[tuple[Workload, ...]]):
    """The DaemonSets of known load balancer controllers and of the service proxy, in all namespaces."""


@dataclass(frozen=True)
class Pod:
    """One pod of a DaemonSet and the node it is on, None where it is not scheduled. `waiting`: why it does not run."""

    name: str
    node: str | None
    ready: bool
    waiting: str | None


@dataclass(frozen=True)
class PodsOf(Question[tuple[Pod, ...]]):
    """The pods of one workload; `selector` as the API takes it, e.g. "app=metallb,component=speaker"."""

    namespace: str
    selector: str


@dataclass(frozen=True)
class ProxyConfiguration:
    """kube-proxy's `mode` ("" = its default, iptables) and `ipvs.strictARP`, from its ConfigMap."""

    mode: str
    strict_arp: bool


@dataclass(frozen=True)
class KubeProxyConfiguration(Question[ProxyConfiguration]):
    """How kube-proxy is configured. Absent where it has no ConfigMap: k3s and RKE2 hold it in their agents."""
