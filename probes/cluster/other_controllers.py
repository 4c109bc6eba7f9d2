"""Answers from the objects of Cilium (cilium.io) and Calico (crd.projectcalico.org)."""

from __future__ import annotations

from collections.abc import Iterator

from probes.cluster import fields
from probes.cluster.api import Api, JsonObject, Patience, items, one
from probes.host import Absent
from probes.questions.labels import Selector
from probes.questions.other_controllers import (
    CalicoServicePrefixes,
    CiliumBgpSelection,
    CiliumBgpSelections,
    CiliumL2Lease,
    CiliumL2Policies,
    CiliumL2Policy,
)
from probes.target import Network

POLICIES = "/apis/cilium.io/v2alpha1/ciliuml2announcementpolicies"
BGP_ADVERTISEMENTS = tuple(f"/apis/cilium.io/{each}/ciliumbgpadvertisements" for each in ("v2", "v2alpha1"))
BGP_POLICIES = "/apis/cilium.io/v2alpha1/ciliumbgppeeringpolicies"
LOAD_BALANCER_ADDRESSES = "LoadBalancerIP"
LEASES = "/apis/coordination.k8s.io/v1/namespaces"
BGP_CONFIGURATIONS = "/apis/crd.projectcalico.org/v1/bgpconfigurations"


def cilium_l2_policies(_: CiliumL2Policies, api: Api, patience: Patience) -> tuple[CiliumL2Policy, ...]:
    """Those that announce LoadBalancer addresses: others are for externalIPs only."""
    return tuple(
        CiliumL2Policy(
            fields.name(each, "metadata", "name"),
            _selector(each, "serviceSelector"),
            _selector(each, "nodeSelector"),
        )
        for each in items(api, patience, POLICIES)
        if fields.name(each, "metadata", "name") and fields.truth(each, "spec", "loadBalancerIPs")
    )


def _selector(found: JsonObject, key: str) -> Selector | None:
    written = fields.at(found, "spec", key)
    return None if written is None else fields.selector(written)


def cilium_bgp_selections(
    _: CiliumBgpSelections, api: Api, patience: Patience
) -> tuple[CiliumBgpSelection, ...]:
    """Those of LoadBalancer addresses. Without a selector nothing is selected."""
    return (*_bgp_advertisements(api, patience), *_bgp_policies(api, patience))


def _bgp_advertisements(api: Api, patience: Patience) -> Iterator[CiliumBgpSelection]:
    """CiliumBGPAdvertisements: v2 since Cilium 1.18, v2alpha1 since 1.16."""
    for each in _first_served(api, patience, *BGP_ADVERTISEMENTS):
        for inner in fields.objects(each, "spec", "advertisements"):
            selector = _selector({"spec": inner}, "selector")
            kinds = fields.texts(inner, "service", "addresses")
            if (
                fields.text(inner, "advertisementType") == "Service"
                and LOAD_BALANCER_ADDRESSES in kinds
                and selector
            ):
                yield CiliumBgpSelection(
                    "CiliumBGPAdvertisement", fields.name(each, "metadata", "name"), selector
                )


def _bgp_policies(api: Api, patience: Patience) -> Iterator[CiliumBgpSelection]:
    """CiliumBGPPeeringPolicies, gone since 1.18; without serviceAdvertisements LoadBalancer addresses are meant."""
    for each in _first_served(api, patience, BGP_POLICIES):
        for router in fields.objects(each, "spec", "virtualRouters"):
            selector = _selector({"spec": router}, "serviceSelector")
            kinds = fields.texts(router, "serviceAdvertisements") or (LOAD_BALANCER_ADDRESSES,)
            if selector and LOAD_BALANCER_ADDRESSES in kinds:
                name, nodes = fields.name(each, "metadata", "name"), _selector(each, "nodeSelector")
                yield CiliumBgpSelection("CiliumBGPPeeringPolicy", name, selector, nodes)


def _first_served(api: Api, patience: Patience, *paths: str) -> tuple[JsonObject, ...]:
    for path in paths:
        try:
            return tuple(items(api, patience, path))
        except Absent:
            continue
    return ()


def cilium_l2_lease(question: CiliumL2Lease, api: Api, patience: Patience) -> str:
    """cilium-l2announce-NAMESPACE-NAME (pkg/l2announcer, newLeaseLock)."""
    name = f"cilium-l2announce-{question.namespace}-{question.name}"
    found = one(api, patience, f"{LEASES}/{question.lease_namespace}/leases/{name}")
    holder = fields.name(found, "spec", "holderIdentity")
    if not holder:
        raise Absent(f"nobody holds the lease {name}")
    return holder


def calico_service_prefixes(_: CalicoServicePrefixes, api: Api, patience: Patience) -> tuple[Network, ...]:
    """Of the BGPConfiguration "default", the only one that may hold them."""
    return fields.networks(
        fields.text(block, "cidr")
        for each in items(api, patience, BGP_CONFIGURATIONS)
        if fields.name(each, "metadata", "name") == "default"
        for block in fields.objects(each, "spec", "serviceLoadBalancerIPs")
    )
