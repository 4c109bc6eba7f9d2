"""Answers from the kinds that every cluster has."""

from __future__ import annotations

from collections.abc import Iterator

from probes.cluster import fields
from probes.cluster.api import Api, JsonObject, Patience, items, one
from probes.host import Absent
from probes.questions.cluster import (
    ApiGroups,
    ClusterNode,
    ClusterNodes,
    KubeProxyConfiguration,
    LoadBalancerService,
    LoadBalancerServices,
    ProxyConfiguration,
    ServiceEndpoints,
    SliceEndpoint,
)
from probes.target import Protocol, ServicePort

DISCOVERY, HOSTNAME = "/apis/discovery.k8s.io", "kubernetes.io/hostname"
POOL_ANNOTATIONS = ("metallb.io/ip-allocated-from-pool", "metallb.universe.tf/ip-allocated-from-pool")
MARKS = (
    "lb.kubesphere.io/v1alpha1",  # OpenELB
    "kube-vip.io/vipHost",
    "kube-vip.io/ignore",
)
CONDITION_MARKS = ("cilium.io/IPAMRequestSatisfied",)
LARGEST_CONFIG = 2**16  # PyYAML is slow; kubeadm's is 1 KiB
ADDRESS_ANNOTATIONS = (
    "metallb.io/loadBalancerIPs",
    "metallb.universe.tf/loadBalancerIPs",
    "kube-vip.io/loadbalancerIPs",
    "lbipam.cilium.io/ips",
    "io.cilium/lb-ipam-ips",
)


def api_groups(_: ApiGroups, api: Api, patience: Patience) -> tuple[str, ...]:
    """/apis; the core group "v1" is always there."""
    found = one(api, patience, "/apis")
    return tuple(
        version
        for group in fields.objects(found, "groups")
        for each in fields.objects(group, "versions")
        if (version := fields.text(each, "groupVersion"))
    )


def load_balancer_services(
    _: LoadBalancerServices, api: Api, patience: Patience
) -> tuple[LoadBalancerService, ...]:
    """/api/v1/services, those of type LoadBalancer."""
    return tuple(
        service
        for each in items(api, patience, "/api/v1/services")
        if fields.text(each, "spec", "type") == "LoadBalancer" and (service := _service(each)) is not None
    )


def _service(found: JsonObject) -> LoadBalancerService | None:
    namespace, name = fields.name(found, "metadata", "namespace"), fields.name(found, "metadata", "name")
    if not namespace or not name:
        return None
    annotations = found.get("metadata", {}).get("annotations")
    pools = (fields.name(annotations, each) for each in POOL_ANNOTATIONS)
    asked = [fields.text(found, "spec", "loadBalancerIP")]
    for each in ADDRESS_ANNOTATIONS:
        asked += fields.text(annotations, each).split(",")
    ingress = fields.objects(found, "status", "loadBalancer", "ingress")
    return LoadBalancerService(
        namespace=namespace,
        name=name,
        labels=fields.labels(found, "metadata", "labels"),
        addresses=fields.addresses(fields.text(each, "ip") for each in ingress),
        requested=fields.addresses(asked),
        ports=tuple(_ports(found)),
        traffic_policy="Local"
        if fields.text(found, "spec", "externalTrafficPolicy") == "Local"
        else "Cluster",
        source_ranges=fields.networks(fields.texts(found, "spec", "loadBalancerSourceRanges")),
        load_balancer_class=fields.text(found, "spec", "loadBalancerClass") or None,
        pool=next((each for each in pools if each), None),
        has_selector=bool(fields.labels(found, "spec", "selector")),
        marks=_marks(annotations, fields.conditions(found)),
    )


def _marks(annotations: object, conditions: dict[str, str]) -> dict[str, str]:
    found = {each: fields.text(annotations, each) for each in MARKS}
    found |= {each: conditions.get(each, "") for each in CONDITION_MARKS}
    return {key: value for key, value in found.items() if value}


def _ports(found: JsonObject) -> Iterator[ServicePort]:
    for each in fields.objects(found, "spec", "ports"):
        number, protocol = fields.number(each, "port"), fields.text(each, "protocol").lower() or "tcp"
        if 1 <= number <= 65535 and protocol in (Protocol.TCP, Protocol.UDP):  # the probes know no SCTP
            yield ServicePort(number, Protocol(protocol))


def service_endpoints(question: ServiceEndpoints, api: Api, patience: Patience) -> tuple[SliceEndpoint, ...]:
    """The EndpointSlices that carry the Service's name as a label: v1 since Kubernetes 1.21, before it v1beta1."""
    path = f"namespaces/{question.namespace}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{question.name}"
    try:
        found = tuple(items(api, patience, f"{DISCOVERY}/v1/{path}"))
    except Absent:
        found = tuple(items(api, patience, f"{DISCOVERY}/v1beta1/{path}"))
    return tuple(_endpoint(each) for slice_ in found for each in fields.objects(slice_, "endpoints"))


def _endpoint(found: JsonObject) -> SliceEndpoint:
    """Conditions that are not given mean ready; `serving` not given means as `ready` (discovery/v1, EndpointConditions).

    v1beta1 says in `topology` which node it is.
    """
    ready = fields.truth(found, "conditions", "ready") is not False
    serving = fields.truth(found, "conditions", "serving")
    return SliceEndpoint(
        addresses=fields.addresses(fields.texts(found, "addresses")),
        node=fields.name(found, "nodeName") or fields.name(found, "topology", HOSTNAME) or None,
        ready=ready,
        serving=ready if serving is None else serving,
    )


def cluster_nodes(_: ClusterNodes, api: Api, patience: Patience) -> tuple[ClusterNode, ...]:
    """/api/v1/nodes."""
    return tuple(
        _node(each) for each in items(api, patience, "/api/v1/nodes") if fields.name(each, "metadata", "name")
    )


def _node(found: JsonObject) -> ClusterNode:
    listed = fields.objects(found, "status", "addresses")
    conditions = fields.conditions(found)
    return ClusterNode(
        name=fields.name(found, "metadata", "name"),
        labels=fields.labels(found, "metadata", "labels"),
        addresses=fields.addresses(fields.text(each, "address") for each in listed),
        ready=_condition(conditions.get("Ready")),
        network_unavailable=_condition(conditions.get("NetworkUnavailable")),
    )


def _condition(status: str | None) -> bool | None:
    return {"True": True, "False": False}.get(status or "")


def kube_proxy_configuration(_: KubeProxyConfiguration, api: Api, patience: Patience) -> ProxyConfiguration:
    """`config.conf` of the ConfigMap that kubeadm makes (kubeproxy.config.k8s.io/v1alpha1)."""
    found = one(api, patience, "/api/v1/namespaces/kube-system/configmaps/kube-proxy")
    written = fields.at(found, "data", "config.conf")
    config = _yaml(written) if isinstance(written, str) and len(written) <= LARGEST_CONFIG else {}
    return ProxyConfiguration(fields.text(config, "mode"), fields.truth(config, "ipvs", "strictARP") is True)


def _yaml(written: str) -> object:
    import yaml

    try:
        return yaml.safe_load(written)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
