"""Questions about controllers beside MetalLB that may announce a LoadBalancer address: whom their objects select.

Only those whose choice does not stand on the Service itself; what a controller has written there is read with the Service.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Question
from probes.questions.labels import Labels, Selector
from probes.target import Network


@dataclass(frozen=True)
class CiliumL2Policy:
    """A CiliumL2AnnouncementPolicy that announces LoadBalancer addresses. A selector that is None selects everything."""

    name: str
    services: Selector | None
    nodes: Selector | None

    def selects(self, service: Labels) -> bool:
        """By the Service's labels, to which Cilium adds its name and namespace (pkg/l2announcer, svcAndMetaLabels)."""
        return self.services is None or self.services.matches(service)


@dataclass(frozen=True)
class CiliumL2Policies(Question[tuple[CiliumL2Policy, ...]]):
    """Every such policy (cilium.io/v2alpha1)."""


@dataclass(frozen=True)
class CiliumL2Lease(Question[str]):
    """The node that holds Cilium's lease for a Service: it answers for it. Absent where nobody does.

    `lease_namespace`: Cilium's own.
    """

    lease_namespace: str
    namespace: str
    name: str


@dataclass(frozen=True)
class CiliumBgpSelection:
    """What Cilium's BGP is to advertise: LoadBalancer addresses of the Services that are selected.

    `kind`: CiliumBGPAdvertisement (which counts where a CiliumBGPPeerConfig takes it), or the older CiliumBGPPeeringPolicy,
    which names `nodes` itself. None selects every node.
    """

    kind: str
    name: str
    services: Selector
    nodes: Selector | None = None


@dataclass(frozen=True)
class CiliumBgpSelections(Question[tuple[CiliumBgpSelection, ...]]):
    """Every such selection (cilium.io/v2, v2alpha1)."""


@dataclass(frozen=True)
class CalicoServicePrefixes(Question[tuple[Network, ...]]):
    """Prefixes of LoadBalancer addresses that Calico advertises by BGP (serviceLoadBalancerIPs of its BGPConfiguration)."""
