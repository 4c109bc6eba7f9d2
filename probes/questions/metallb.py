"""Questions about MetalLB's objects (metallb.io, v0.13 to v0.15) and the sessions of its FRR (frrk8s.metallb.io).

Passwords of BGP peers and references to secrets are never read.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Question
from probes.questions.labels import Labels, Selector
from probes.target import Address, Network


@dataclass(frozen=True)
class AddressPool:
    """An IPAddressPool, the ranges of its `addresses` as prefixes."""

    namespace: str
    name: str
    labels: Labels
    prefixes: tuple[Network, ...]
    auto_assign: bool

    def __contains__(self, address: Address) -> bool:
        return any(address in each for each in self.prefixes)


@dataclass(frozen=True)
class AddressPools(Question[tuple[AddressPool, ...]]):
    """Every IPAddressPool."""


@dataclass(frozen=True)
class Advertisement:
    """An L2Advertisement or BGPAdvertisement. Without pools and pool selectors it means every pool of its namespace.

    `interfaces`: of an L2Advertisement, empty = every interface. `peers`: of a BGPAdvertisement, empty = every peer.
    """

    namespace: str
    name: str
    pools: tuple[str, ...]
    pool_selectors: tuple[Selector, ...]
    node_selectors: tuple[Selector, ...]
    service_selectors: tuple[Selector, ...] = ()
    interfaces: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()

    def selects_pool(self, pool: AddressPool) -> bool:
        """By name or by label (MetalLB, internal/config: setL2AdvertisementsToPools)."""
        if pool.namespace != self.namespace:
            return False
        if not self.pools and not self.pool_selectors:
            return True
        return pool.name in self.pools or any(each.matches(pool.labels) for each in self.pool_selectors)

    def selects_node(self, labels: Labels) -> bool:
        """Whether nodes with these labels announce."""
        return not self.node_selectors or any(each.matches(labels) for each in self.node_selectors)

    def selects_service(self, labels: Labels) -> bool:
        """Whether a Service with these labels is meant."""
        return not self.service_selectors or any(each.matches(labels) for each in self.service_selectors)


@dataclass(frozen=True)
class L2Advertisements(Question[tuple[Advertisement, ...]]):
    """Every L2Advertisement."""


@dataclass(frozen=True)
class BgpAdvertisements(Question[tuple[Advertisement, ...]]):
    """Every BGPAdvertisement."""


@dataclass(frozen=True)
class BgpPeer:
    """A BGPPeer. `address` is None for a peering by `interface`, which is "" otherwise; `vrf`: "" = the default one.

    `peer_asn` is 0 where the peer's is found out (`dynamicASN`). Without `node_selectors` every node peers.
    """

    namespace: str
    name: str
    address: Address | None
    my_asn: int
    peer_asn: int
    node_selectors: tuple[Selector, ...]
    interface: str = ""
    vrf: str = ""

    def selects_node(self, labels: Labels) -> bool:
        """Whether nodes with these labels have a session with it."""
        return not self.node_selectors or any(each.matches(labels) for each in self.node_selectors)


@dataclass(frozen=True)
class BgpPeers(Question[tuple[BgpPeer, ...]]):
    """Every BGPPeer, as v1beta2 or, where only that is served, as v1beta1."""


@dataclass(frozen=True)
class L2Status:
    """A ServiceL2Status (since v0.14): this node answers for this Service on these interfaces, empty = all."""

    namespace: str
    service: str
    node: str
    interfaces: tuple[str, ...]


@dataclass(frozen=True)
class ServiceL2Statuses(Question[tuple[L2Status, ...]]):
    """Every ServiceL2Status."""


@dataclass(frozen=True)
class BgpStatus:
    """A ServiceBGPStatus (since v0.15): this node is configured to advertise this Service to these BGPPeers."""

    namespace: str
    service: str
    node: str
    peers: tuple[str, ...]


@dataclass(frozen=True)
class ServiceBgpStatuses(Question[tuple[BgpStatus, ...]]):
    """Every ServiceBGPStatus."""


@dataclass(frozen=True)
class BgpSession:
    """The state of a session of FRR on a node, e.g. "Established", "Active".

    `peer` is an address, as Python's ipaddress writes it, or an interface; `vrf`: "" = the default one.
    """

    node: str
    peer: str
    state: str
    vrf: str = ""


@dataclass(frozen=True)
class BgpSessionStates(Question[tuple[BgpSession, ...]]):
    """Every BGPSessionState (frrk8s.metallb.io), where FRR speaks for MetalLB."""
