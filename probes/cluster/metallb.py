"""Answers from MetalLB's custom resources. Fields are picked one by one: a password of a peer is never touched."""

from __future__ import annotations

from probes.cluster import fields
from probes.cluster.api import Api, JsonObject, Patience, items
from probes.host import Absent
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

METALLB, FRR = "/apis/metallb.io", "/apis/frrk8s.metallb.io"


def address_pools(_: AddressPools, api: Api, patience: Patience) -> tuple[AddressPool, ...]:
    """ipaddresspools."""
    return tuple(
        AddressPool(
            *_named(each),
            fields.labels(each, "metadata", "labels"),
            fields.ranges(fields.texts(each, "spec", "addresses")),
            fields.truth(each, "spec", "autoAssign") is not False,
        )
        for each in items(api, patience, f"{METALLB}/v1beta1/ipaddresspools")
        if all(_named(each))
    )


def l2_advertisements(_: L2Advertisements, api: Api, patience: Patience) -> tuple[Advertisement, ...]:
    """l2advertisements."""
    return _advertisements(api, patience, "l2advertisements")


def bgp_advertisements(_: BgpAdvertisements, api: Api, patience: Patience) -> tuple[Advertisement, ...]:
    """bgpadvertisements."""
    return _advertisements(api, patience, "bgpadvertisements")


def _advertisements(api: Api, patience: Patience, kind: str) -> tuple[Advertisement, ...]:
    found = (each for each in items(api, patience, f"{METALLB}/v1beta1/{kind}") if all(_named(each)))
    return tuple(
        Advertisement(
            *_named(each),
            pools=fields.names(each, "spec", "ipAddressPools"),
            pool_selectors=fields.selectors(each, "spec", "ipAddressPoolSelectors"),
            node_selectors=fields.selectors(each, "spec", "nodeSelectors"),
            service_selectors=fields.selectors(each, "spec", "serviceSelectors"),
            interfaces=fields.interfaces(each, "spec", "interfaces"),
            peers=fields.names(each, "spec", "peers"),
        )
        for each in found
    )


def bgp_peers(_: BgpPeers, api: Api, patience: Patience) -> tuple[BgpPeer, ...]:
    """bgppeers, v1beta2 first: v1beta1 is deprecated and gone from new versions."""
    try:
        found = tuple(items(api, patience, f"{METALLB}/v1beta2/bgppeers"))
    except Absent:
        found = tuple(items(api, patience, f"{METALLB}/v1beta1/bgppeers"))
    return tuple(
        BgpPeer(
            *_named(each),
            address=fields.address(fields.text(each, "spec", "peerAddress")),
            my_asn=fields.number(each, "spec", "myASN"),
            peer_asn=fields.number(each, "spec", "peerASN"),
            node_selectors=fields.selectors(each, "spec", "nodeSelectors"),
            interface=next(
                iter(fields.interfaces({"names": [fields.at(each, "spec", "interface")]}, "names")), ""
            ),
            vrf=fields.text(each, "spec", "vrf"),
        )
        for each in found
        if all(_named(each))
    )


def service_l2_statuses(_: ServiceL2Statuses, api: Api, patience: Patience) -> tuple[L2Status, ...]:
    """servicel2statuses."""
    found = (each.get("status") for each in items(api, patience, f"{METALLB}/v1beta1/servicel2statuses"))
    return tuple(
        L2Status(
            fields.name(each, "serviceNamespace"),
            fields.name(each, "serviceName"),
            fields.name(each, "node"),
            fields.interfaces(
                {"names": [inner.get("name") for inner in fields.objects(each, "interfaces")]}, "names"
            ),
        )
        for each in found
        if fields.name(each, "serviceName") and fields.name(each, "node")
    )


def service_bgp_statuses(_: ServiceBgpStatuses, api: Api, patience: Patience) -> tuple[BgpStatus, ...]:
    """servicebgpstatuses."""
    found = (each.get("status") for each in items(api, patience, f"{METALLB}/v1beta1/servicebgpstatuses"))
    return tuple(
        BgpStatus(
            fields.name(each, "serviceNamespace"),
            fields.name(each, "serviceName"),
            fields.name(each, "node"),
            fields.names(each, "peers"),
        )
        for each in found
        if fields.name(each, "serviceName") and fields.name(each, "node")
    )


def bgp_session_states(_: BgpSessionStates, api: Api, patience: Patience) -> tuple[BgpSession, ...]:
    """bgpsessionstates of frr-k8s."""
    found = (each.get("status") for each in items(api, patience, f"{FRR}/v1beta1/bgpsessionstates"))
    return tuple(
        BgpSession(
            fields.name(each, "node"),
            _neighbour(fields.text(each, "peer")),
            fields.text(each, "bgpStatus"),
            fields.text(each, "vrf"),
        )
        for each in found
        if fields.name(each, "node")
    )


def _neighbour(written: str) -> str:
    """frr-k8s writes an IPv6 address in full and with "-" for ":", so that it can be a label too."""
    found = fields.address(written) or fields.address(written.replace("-", ":"))
    return str(found) if found is not None else written


def _named(found: JsonObject) -> tuple[str, str]:
    return fields.name(found, "metadata", "namespace"), fields.name(found, "metadata", "name")
