"""Where the cluster says a VIP is told to routers: by which nodes, to which BGPPeers, and how those sessions stand.

MetalLB's BGPPeers and BGPAdvertisements say which node should have a session with whom, and tell whom of which pool. How a
session stands is known where FRR runs as frr-k8s (BGPSessionState), and what a node means to send in it since v0.15
(ServiceBGPStatus, which says itself that the session must be up as well).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.cluster_view import ClusterView, names_of
from hairpin_doctor.network import Network
from hairpin_doctor.told import readable_word
from probes.questions.cluster import ClusterNode
from probes.questions.metallb import Advertisement, BgpPeer, BgpSession
from probes.target import Address

ESTABLISHED = "Established"  # RFC 4271 section 8.2.2, as FRR spells it


@dataclass(frozen=True)
class Peering:
    """A session that should be: `session` is None where its state is not known, `advertises` where nobody says so."""

    node: ClusterNode
    peer: BgpPeer
    session: BgpSession | None
    advertises: bool | None


@dataclass(frozen=True)
class BgpWord:
    """A VIP that MetalLB is to announce by BGP and by nothing else.

    `peerings`: empty where no selected node has a selected peer. `lacking`: peers that an advertisement names in vain.
    `up_elsewhere`: whether any other session of the cluster is established.
    """

    view: ClusterView
    peerings: tuple[Peering, ...]
    lacking: tuple[str, ...]
    up_elsewhere: bool

    @property
    def why_nobody(self) -> str:
        """Why no node has anybody to tell; for a sentence."""
        advertisements = names_of(self.view.bgp)
        if not self.view.metallb.bgp_peers:
            return f"{advertisements} advertises {self.view.service} by BGP, and there is no BGPPeer"
        if self.lacking:
            return f"{advertisements} names the peer {', '.join(self.lacking)}, and there is no such BGPPeer"
        return (
            f"No node that {advertisements} selects for {self.view.service} is one that its BGPPeers select"
        )


def bgp_word(network: Network, vip: Address) -> BgpWord | None:
    """None where the cluster says nothing of it, or L2Advertisements select it too.

    Raises MissingFacts where BGPPeers or nodes could not be seen.
    """
    view = readable_word(network, vip)
    if view is None or view.l2 or not view.bgp:
        return None
    named = dict.fromkeys(name for each in view.bgp for name in each.peers)
    existing = {each.name for each in view.bgp_peers}
    states = {(each.node, each.vrf, each.peer): each for each in view.metallb.bgp_sessions or ()}
    found = tuple(_peering(view, states, node, peer) for node, peer in _pairs(view))
    mine = {each.session for each in found}
    return BgpWord(
        view,
        found,
        tuple(name for name in named if name not in existing),
        any(each.state == ESTABLISHED for each in states.values() if each not in mine),
    )


def _pairs(view: ClusterView) -> Iterator[tuple[ClusterNode, BgpPeer]]:
    """Who should tell whom: each pair once, though several advertisements may mean it."""
    for node in view.nodes:
        chosen = [each for each in view.bgp if each.selects_node(node.labels)]
        if not chosen or not _may_announce(view, node):
            continue
        for peer in view.bgp_peers:
            if peer.selects_node(node.labels) and any(_means(each, peer) for each in chosen):
                yield node, peer


def _means(advertisement: Advertisement, peer: BgpPeer) -> bool:
    return not advertisement.peers or peer.name in advertisement.peers


def _may_announce(view: ClusterView, node: ClusterNode) -> bool:
    """With policy Local only nodes with an endpoint announce; where none has one, that is the cause (HD103)."""
    if view.service.traffic_policy != "Local" or not any(each.serving for each in view.endpoints or ()):
        return True
    return view.serves_on(node)


def _peering(
    view: ClusterView, states: dict[tuple[str, str, str], BgpSession], node: ClusterNode, peer: BgpPeer
) -> Peering:
    other = str(peer.address) if peer.address is not None else peer.interface
    statuses = view.metallb.bgp_statuses
    wanted = (view.service.namespace, view.service.name, node.name)
    told = (
        any(peer.name in e.peers for e in statuses if (e.namespace, e.service, e.node) == wanted)
        if statuses is not None
        else None
    )
    return Peering(node, peer, states.get((node.name, peer.vrf, other)), told)
