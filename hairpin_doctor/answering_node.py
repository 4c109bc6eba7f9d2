"""Which node of a cluster takes a client's packets to a VIP: the one of whose addresses one has the MAC they are sent to.

For rules that decide by the cluster's word where the node itself was not scanned, or not as root.
"""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.claimants import Claimant, claimants, met
from hairpin_doctor.cluster_view import ClusterView
from hairpin_doctor.network import Network
from hairpin_doctor.vantage_point import VantagePoint
from probes.questions.cluster import ClusterNode
from probes.target import Address


def nodes_answering(
    network: Network, view: ClusterView, client: VantagePoint, vip: Address
) -> tuple[tuple[Claimant, ClusterNode], ...]:
    """Everybody who answers the client for the VIP and can be told to be one node of the cluster."""
    found = ((each, _node(view, each)) for each in claimants(network, client, vip))
    return tuple((claimant, node) for claimant, node in found if node is not None)


def answering_node(
    network: Network, view: ClusterView, client: VantagePoint, vip: Address
) -> ClusterNode | None:
    """The node that takes the client's packets; None where it is not known, or may be one of several."""
    answering = claimants(network, client, vip)
    used = [each for each in answering if met(client, each, vip)] or list(answering)
    if len(used) != 1:
        return None
    return next((node for each, node in nodes_answering(network, view, client, vip) if each == used[0]), None)


def _node(view: ClusterView, claimant: Claimant) -> ClusterNode | None:
    """One that answers for the addresses of several nodes answers for others (proxy ARP), and is none of them."""
    if claimant.machine is not None:
        return view.node_of(claimant.machine)
    addresses = set(_addresses(claimant))
    found = [node for node in view.nodes if addresses & set(node.addresses)]
    return found[0] if len(found) == 1 else None


def _addresses(claimant: Claimant) -> Iterator[Address]:
    yield from claimant.also
    if claimant.did is not None and claimant.did.forwarded_by is not None:
        yield claimant.did.forwarded_by
