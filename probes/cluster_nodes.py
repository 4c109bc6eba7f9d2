"""Which nodes does the cluster have: labels, addresses, conditions?

Conditions are what the control plane last heard of the node; a node that has just died is still said to be ready.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.cluster import ApiGroups, ClusterNode, ClusterNodes
from probes.target import Address

EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"


@dataclass(frozen=True)
class ClusterNodeFacts:
    """Every node."""

    nodes: tuple[ClusterNode, ...]

    def with_address(self, address: Address) -> ClusterNode | None:
        """The node that has this address."""
        return next((each for each in self.nodes if address in each.addresses), None)

    def named(self, name: str) -> ClusterNode | None:
        """The node of this name."""
        return next((each for each in self.nodes if each.name == name), None)


@probe(Layer.CLUSTER)
def cluster_nodes(host: Host, _: Scope) -> ClusterNodeFacts:
    """Raises Unanswered where nodes cannot be listed."""
    host.ask(ApiGroups())
    return ClusterNodeFacts(host.ask(ClusterNodes()))
