"""Which objects of Cilium's select a Service, and which node announces it for Cilium (pkg/l2announcer, pkg/bgpv1)."""

from __future__ import annotations

import re

from hairpin_doctor.cluster_view import ClusterView
from probes.cluster_nodes import ClusterNodeFacts
from probes.load_balancer_controllers import LoadBalancerControllerFacts
from probes.other_controllers import OtherControllersFacts
from probes.questions.labels import Selector

SERVICE_METADATA = "io.kubernetes.service"
NDP_SINCE = (1, 19)
"""The version whose L2 announcements answer neighbour solicitations as well (cilium/cilium#39648)."""


def bgp_selections(view: ClusterView) -> list[str]:
    """Kind and name of each that has Cilium's BGP advertise the Service, as far as nodes can be seen from one of them."""
    facts, labels = view.point.findings.get(OtherControllersFacts), _ciliums_labels(view)
    selections = (facts.cilium_bgp if facts else None) or ()
    return [
        f"{each.kind} {each.name}"
        for each in selections
        if each.services.matches(labels) and _has_a_node(view, each.nodes)
    ]


def announcement_policies(view: ClusterView) -> list[str]:
    """Names of those that select the Service and, as far as nodes can be seen, one of them."""
    facts, labels = view.point.findings.get(OtherControllersFacts), _ciliums_labels(view)
    policies = (facts.cilium_policies if facts else None) or ()
    return [each.name for each in policies if each.selects(labels) and _has_a_node(view, each.nodes)]


def answers_for(view: ClusterView) -> bool | None:
    """Whether this Cilium's L2 announcements answer for the VIP's version of IP; None where its version is not known."""
    facts = view.point.findings.get(LoadBalancerControllerFacts)
    images = [each.image for each in (facts.workloads if facts else ()) if each.controller == "cilium"]
    found = [re.search(r":v?(\d+)\.(\d+)", each) for each in images]
    versions = [(int(each[1]), int(each[2])) for each in found if each]
    if view.vip.version == 4:
        return True
    return max(versions) >= NDP_SINCE if versions else None


def _ciliums_labels(view: ClusterView) -> dict[str, str]:
    """Of the Service, with those that Cilium adds."""
    service = view.service
    return {
        **service.labels,
        f"{SERVICE_METADATA}.namespace": service.namespace,
        f"{SERVICE_METADATA}.name": service.name,
    }


def _has_a_node(view: ClusterView, selector: Selector | None) -> bool:
    """Whether it selects a node, as far as nodes can be seen."""
    nodes = view.point.findings.get(ClusterNodeFacts)
    return nodes is None or selector is None or any(selector.matches(each.labels) for each in nodes.nodes)


def lease_holder(view: ClusterView) -> str | None:
    """The node that answers for the Service by Cilium's L2 announcements."""
    service, facts = view.service, view.point.findings.get(OtherControllersFacts)
    wanted = (service.namespace, service.name)
    holders = facts.cilium_holders if facts else ()
    return next((each.node for each in holders if (each.namespace, each.service) == wanted), None)
