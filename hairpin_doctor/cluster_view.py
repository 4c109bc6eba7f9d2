"""What the cluster says of one VIP: its Service, its pool, who should announce it, from which nodes and interfaces.

Follows MetalLB's own reading of its resources (internal/config, speaker/layer2_controller.go): advertisements of the pool's
namespace select it by name or label, those without any selection mean every pool; of several that mean one node the
interfaces are joined, and one without `interfaces` means all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.vantage_point import VantagePoint
from probes.cluster_nodes import ClusterNodeFacts
from probes.cluster_services import ClusterServicesFacts
from probes.interfaces import InterfaceFacts
from probes.load_balancer_controllers import LoadBalancerControllerFacts
from probes.metallb import MetalLbFacts
from probes.questions.cluster import ClusterNode, LoadBalancerService, Pod, SliceEndpoint, Workload
from probes.questions.metallb import AddressPool, Advertisement, BgpPeer, L2Status
from probes.target import Address

CLASS_OPTION = "--lb-class="
T = TypeVar("T")


@dataclass(frozen=True)
class ClusterView:
    """`point`: the vantage point on which the cluster was asked. Lists that it may not see raise MissingFacts."""

    point: VantagePoint
    vip: Address
    service: LoadBalancerService
    endpoints: tuple[SliceEndpoint, ...] | None

    def __hash__(self) -> int:
        return id(self)

    @property
    def said_by(self) -> str:
        """For a sentence."""
        return f"the cluster, asked on {self.point.name}"

    @cached_property
    def metallb(self) -> MetalLbFacts:
        """MetalLB's resources."""
        return self.point.findings[MetalLbFacts]

    @property
    def speaker(self) -> Workload | None:
        """MetalLB's speaker."""
        return self.point.findings[LoadBalancerControllerFacts].speaker

    @property
    def speaker_pods(self) -> tuple[Pod, ...]:
        """The pods of the speaker."""
        return self._seen(self.point.findings[LoadBalancerControllerFacts].speaker_pods, "the speaker's pods")

    @property
    def speaker_pods_seen(self) -> tuple[Pod, ...]:
        """The same for evidence that helps: () where they may not be seen."""
        return self.point.findings[LoadBalancerControllerFacts].speaker_pods or ()

    @property
    def nodes(self) -> tuple[ClusterNode, ...]:
        """Every node."""
        return self.point.findings[ClusterNodeFacts].nodes

    @cached_property
    def pool(self) -> AddressPool | None:
        """The IPAddressPool that holds the VIP."""
        pools = self._seen(self.metallb.pools, "MetalLB's IPAddressPools")
        holding = [each for each in pools if self.vip in each]
        return next((each for each in holding if each.name == self.service.pool), next(iter(holding), None))

    @property
    def is_metallbs(self) -> bool:
        """Whether MetalLB is to announce it: by its pool, and by the class of load balancer that the Service wants."""
        if not self.metallb.installed:
            return False
        wanted = self.service.load_balancer_class
        speaker = self.point.findings.get(LoadBalancerControllerFacts)
        arguments = speaker.speaker.arguments if speaker and speaker.speaker else ()
        own = next(
            (each.removeprefix(CLASS_OPTION) for each in arguments if each.startswith(CLASS_OPTION)), None
        )
        return wanted == own and (self.service.pool is not None or self.pool is not None)

    @property
    def l2(self) -> tuple[Advertisement, ...]:
        """The L2Advertisements that select the pool."""
        return self._selecting(self._seen(self.metallb.l2_advertisements, "MetalLB's L2Advertisements"))

    @property
    def bgp(self) -> tuple[Advertisement, ...]:
        """The BGPAdvertisements that select the pool."""
        return self._selecting(self._seen(self.metallb.bgp_advertisements, "MetalLB's BGPAdvertisements"))

    @property
    def bgp_peers(self) -> tuple[BgpPeer, ...]:
        """Every BGPPeer."""
        return self._seen(self.metallb.bgp_peers, "MetalLB's BGPPeers")

    @property
    def l2_statuses(self) -> tuple[L2Status, ...]:
        """Which nodes say that they answer for the Service; () also where this version says nothing."""
        wanted = (self.service.namespace, self.service.name)
        return tuple(e for e in self.metallb.l2_statuses or () if (e.namespace, e.service) == wanted)

    def candidates(self) -> tuple[ClusterNode, ...]:
        """The nodes that an L2Advertisement selects."""
        return tuple(n for n in self.nodes if any(each.selects_node(n.labels) for each in self.l2))

    def interfaces_on(self, node: ClusterNode) -> tuple[str, ...] | None:
        """The interfaces named for this node; None = every interface."""
        chosen = [each for each in self.l2 if each.selects_node(node.labels)]
        if not chosen or any(not each.interfaces for each in chosen):
            return None
        return tuple(dict.fromkeys(name for each in chosen for name in each.interfaces))

    def node_of(self, host: VantagePoint) -> ClusterNode | None:
        """The node that a scanned machine is: it carries the node's address."""
        facts = host.findings.get(InterfaceFacts)
        own = {each.address for link in facts.links for each in link.addresses} if facts else set()
        return next((node for node in self.nodes if own & set(node.addresses)), None)

    def serving(self) -> tuple[SliceEndpoint, ...]:
        """The endpoints that can serve."""
        found = self._seen(self.endpoints, f"the EndpointSlices of {self.service}")
        return tuple(each for each in found if each.serving)

    def serves_on(self, node: ClusterNode) -> bool:
        """Whether an endpoint that can serve is on this node."""
        return any(each.node == node.name for each in self.serving())

    def _selecting(self, advertisements: Iterable[Advertisement]) -> tuple[Advertisement, ...]:
        pool, labels = self.pool, self.service.labels
        if pool is None:
            return ()
        return tuple(e for e in advertisements if e.selects_pool(pool) and e.selects_service(labels))

    def _seen(self, found: T | None, what: str) -> T:
        if found is None:
            how = f"let the account of {self.point.name} read it: docs/cluster-access.yaml"
            raise MissingFacts(f"{what} could not be seen on {self.point.name}", self.point.name, how)
        return found


def cluster_views(points: Iterable[VantagePoint], vip: Address) -> tuple[ClusterView, ...]:
    """Every Service with this VIP (several may share it), of the first vantage point whose cluster has any."""
    for point in points:
        services = point.findings.get(ClusterServicesFacts)
        found = services.of(vip) if services else ()
        if found:
            return tuple(ClusterView(point, vip, each.service, each.endpoints) for each in found)
    return ()


def names_of(advertisements: Iterable[Advertisement]) -> str:
    """For a sentence."""
    return ", ".join(each.name for each in advertisements)
