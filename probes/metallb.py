"""What is MetalLB told to announce, from which nodes and interfaces, and what does it say that it announces?

Reads its custom resources, v0.13 to v0.15, never secrets. A configuration by ConfigMap (before v0.13) is not read. A
resource that is refused stays unknown, one that this version does not have is empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host, Unanswered, listed
from probes.probe import Layer, Scope, probe
from probes.questions.cluster import ApiGroups
from probes.questions.metallb import (
    AddressPool,
    AddressPools,
    Advertisement,
    BgpAdvertisements,
    BgpPeer,
    BgpPeers,
    BgpSession,
    BgpSessionStates,
    BgpStatus,
    L2Advertisements,
    L2Status,
    ServiceBgpStatuses,
    ServiceL2Statuses,
)

GROUP, FRR_GROUP = "metallb.io/v1beta1", "frrk8s.metallb.io/v1beta1"


@dataclass(frozen=True)
class MetalLbFacts:
    """`installed`: its resources are served. Lists are None where they could not be seen.

    `bgp_statuses` is None too where this version has none: nothing in it means that nobody is to be told.
    """

    installed: bool
    pools: tuple[AddressPool, ...] | None = ()
    l2_advertisements: tuple[Advertisement, ...] | None = ()
    bgp_advertisements: tuple[Advertisement, ...] | None = ()
    bgp_peers: tuple[BgpPeer, ...] | None = ()
    l2_statuses: tuple[L2Status, ...] | None = ()
    bgp_statuses: tuple[BgpStatus, ...] | None = ()
    bgp_sessions: tuple[BgpSession, ...] | None = ()


@probe(Layer.CLUSTER)
def metallb(host: Host, _: Scope) -> MetalLbFacts:
    """Ask for each resource, if the cluster serves MetalLB's at all."""
    groups = host.ask(ApiGroups())
    if GROUP not in groups:
        return MetalLbFacts(installed=False)
    return MetalLbFacts(
        installed=True,
        pools=listed(host, AddressPools()),
        l2_advertisements=listed(host, L2Advertisements()),
        bgp_advertisements=listed(host, BgpAdvertisements()),
        bgp_peers=listed(host, BgpPeers()),
        l2_statuses=listed(host, ServiceL2Statuses()),
        bgp_statuses=_bgp_statuses(host),
        bgp_sessions=listed(host, BgpSessionStates()) if FRR_GROUP in groups else (),
    )


def _bgp_statuses(host: Host) -> tuple[BgpStatus, ...] | None:
    try:
        return host.ask(ServiceBgpStatuses())
    except Unanswered:
        return None
