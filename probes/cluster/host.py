"""ClusterHost: answers every question about a cluster; and how it stands beside the machine that asks."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from probes import questions as q
from probes.cluster.api import Api, Patience
from probes.host import Absent, Host, Question

A = TypeVar("A")

ANSWERED_BY: dict[type[Question[Any]], str] = {
    q.ApiGroups: "core:api_groups",
    q.LoadBalancerServices: "core:load_balancer_services",
    q.ServiceEndpoints: "core:service_endpoints",
    q.ClusterNodes: "core:cluster_nodes",
    q.KubeProxyConfiguration: "core:kube_proxy_configuration",
    q.LoadBalancerWorkloads: "workloads:load_balancer_workloads",
    q.PodsOf: "workloads:pods_of",
    q.AddressPools: "metallb:address_pools",
    q.L2Advertisements: "metallb:l2_advertisements",
    q.BgpAdvertisements: "metallb:bgp_advertisements",
    q.BgpPeers: "metallb:bgp_peers",
    q.ServiceL2Statuses: "metallb:service_l2_statuses",
    q.ServiceBgpStatuses: "metallb:service_bgp_statuses",
    q.CiliumL2Policies: "other_controllers:cilium_l2_policies",
    q.CiliumL2Lease: "other_controllers:cilium_l2_lease",
    q.CiliumBgpSelections: "other_controllers:cilium_bgp_selections",
    q.CalicoServicePrefixes: "other_controllers:calico_service_prefixes",
    q.BgpSessionStates: "metallb:bgp_session_states",
}


class ClusterHost:
    """A cluster behind its API. One that does not answer costs the time of `patience` once, not once per question."""

    def __init__(self, api: Api, patience: Patience | None = None) -> None:
        self._api, self._patience = api, patience or Patience()

    def ask(self, question: Question[A]) -> A:
        """Answer, or raise Denied (RBAC), Absent (no such kind) or Silent."""
        module_name, _, function_name = ANSWERED_BY[type(question)].partition(":")
        module = importlib.import_module(f"probes.cluster.{module_name}")
        answer = cast(Callable[[Question[A], Api, Patience], A], getattr(module, function_name))
        return answer(question, self._api, self._patience)


class WithCluster:
    """A machine, and the cluster that is configured on it: one vantage point with one recording."""

    def __init__(self, machine: Host, cluster: Host | None) -> None:
        self._machine, self._cluster = machine, cluster

    def ask(self, question: Question[A]) -> A:
        """Questions about a cluster go to the cluster; Absent where none is configured."""
        if type(question) not in ANSWERED_BY:
            return self._machine.ask(question)
        if self._cluster is None:
            raise Absent("no cluster is configured here")
        return self._cluster.ask(question)
