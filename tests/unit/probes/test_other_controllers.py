"""What the probe other_controllers asks, and of whom: nothing of a controller whose objects the cluster does not serve."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from probes.host import Denied
from probes.other_controllers import CiliumHolder, other_controllers
from probes.probe import Scope
from probes.questions.cluster import (
    ApiGroups,
    LoadBalancerService,
    LoadBalancerServices,
    LoadBalancerWorkloads,
)
from probes.questions.other_controllers import (
    CalicoServicePrefixes,
    CiliumBgpSelections,
    CiliumL2Lease,
    CiliumL2Policies,
    CiliumL2Policy,
)
from probes.target import parse_target

VIP = IPv4Address("192.0.2.53")
SCOPE = Scope((parse_target("192.0.2.53:53/udp"),))
SERVICE = LoadBalancerService("dns", "dns", {}, (VIP,), (), (), "Cluster", (), None, None, has_selector=True)
POLICY = CiliumL2Policy("lan", None, None)
BOTH = ("cilium.io/v2alpha1", "crd.projectcalico.org/v1")


def test_a_cluster_without_their_groups_is_not_asked_for_their_objects(fake: Any) -> None:
    facts = other_controllers.look(fake({ApiGroups: ("apps/v1",)}), SCOPE)
    assert (facts.cilium_policies, facts.cilium_holders, facts.calico_prefixes) == ((), (), ())


def test_the_lease_of_each_service_in_scope_is_read_where_a_policy_is(fake: Any) -> None:
    host = fake(
        {
            ApiGroups: BOTH,
            CiliumL2Policies: (POLICY,),
            CiliumBgpSelections: (),
            CalicoServicePrefixes: (IPv4Network("10.0.0.0/24"),),
            LoadBalancerServices: (SERVICE,),
            LoadBalancerWorkloads: (),
            CiliumL2Lease("kube-system", "dns", "dns"): "n6",
        }
    )
    facts = other_controllers.look(host, SCOPE)
    assert facts.cilium_holders == (CiliumHolder("dns", "dns", "n6"),)
    assert facts.calico_prefixes == (IPv4Network("10.0.0.0/24"),)


def test_what_is_refused_stays_unknown(fake: Any) -> None:
    refused = Denied("RBAC list on x", "x")
    host = fake(
        {
            ApiGroups: BOTH,
            CiliumL2Policies: refused,
            CiliumBgpSelections: refused,
            CalicoServicePrefixes: refused,
        }
    )
    facts = other_controllers.look(host, SCOPE)
    assert (facts.cilium_policies, facts.cilium_holders, facts.calico_prefixes) == (None, (), None)
