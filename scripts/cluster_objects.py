"""Objects of a homelab's cluster as its API gives them, for tests and for trying out: MetalLB v0.14/v0.15 on kubeadm.

Written by hand after the API types of Kubernetes 1.32 (core/v1, apps/v1, discovery.k8s.io/v1) and the Go types and CRDs of
MetalLB v0.13 to v0.15 and frr-k8s (docs/design/cluster.md); fields that nobody reads are shortened.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
Answers = dict[str, Any]
EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers"
SERVICES, NODES = "/api/v1/services", "/api/v1/nodes"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"
DAEMONSETS = "/apis/apps/v1/daemonsets"
PODS = "/api/v1/namespaces/{}/pods"
METALLB = "/apis/metallb.io/v1beta1/"
SPEAKER_LABELS = {"app": "metallb", "component": "speaker"}


def meta(name: str, namespace: str | None = None, **more: Any) -> Object:
    """metadata of any object."""
    return {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "uid": "0b2d6f0e-6c1e-4f8e-9a39-5a0b8a8c6b1f",
        "resourceVersion": "4711",
        "creationTimestamp": "2026-11-20T18:04:11Z",
        **more,
    }


def service(name: str, vip: str, namespace: str = "dns", **spec: Any) -> Object:
    """A DNS Service, its address given by MetalLB."""
    return {
        "metadata": meta(
            name,
            namespace,
            annotations={"metallb.io/ip-allocated-from-pool": "homelab"},
            labels={"app": name},
        ),
        "spec": {
            "type": "LoadBalancer",
            "clusterIP": "10.96.0.53",
            "externalTrafficPolicy": "Cluster",
            "allocateLoadBalancerNodePorts": True,
            "selector": {"app": name},
            "ports": [
                {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 53, "nodePort": 30053},
                {"name": "dns-tcp", "protocol": "TCP", "port": 53, "targetPort": 53, "nodePort": 30054},
            ],
            **spec,
        },
        "status": {"loadBalancer": {"ingress": [{"ip": vip, "ipMode": "VIP"}]}},
    }


def endpoint_slice(
    service: str, node: str | None, address: str = "10.244.0.9", namespace: str = "dns", *, ready: bool = True
) -> Object:
    """One EndpointSlice with one endpoint."""
    conditions = {"ready": ready, "serving": ready, "terminating": False}
    return {
        "metadata": meta(f"{service}-x2x4k", namespace, labels={"kubernetes.io/service-name": service}),
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [address], "conditions": conditions, **({"nodeName": node} if node else {})}
        ],
        "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}],
    }


def node(name: str, address: str, **labels: str) -> Object:
    """A node that is ready."""
    return {
        "metadata": meta(
            name, labels={"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **labels}
        ),
        "spec": {"podCIDR": "10.244.0.0/24"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "conditions": [
                {"type": "NetworkUnavailable", "status": "False", "reason": "FlannelIsUp"},
                {"type": "Ready", "status": "True", "reason": "KubeletReady"},
            ],
        },
    }


def speaker(ready: int = 1, version: str = "v0.14.9", *options: str) -> Object:
    """MetalLB's DaemonSet, as its manifest makes it."""
    container = {
        "name": "speaker",
        "image": f"quay.io/metallb/speaker:{version}",
        "args": ["--port=7472", "--log-level=info", *options],
        "env": [{"name": "METALLB_ML_SECRET_KEY_PATH", "value": "/etc/ml_secret_key"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"add": ["NET_RAW"], "drop": ["ALL"]},
        },
    }
    return {
        "metadata": meta("speaker", "metallb-system", labels=SPEAKER_LABELS),
        "spec": {
            "selector": {"matchLabels": SPEAKER_LABELS},
            "template": {"spec": {"containers": [container]}},
        },
        "status": {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "numberReady": ready},
    }


def daemon_set(
    name: str, image: str, namespace: str = "kube-system", env: dict[str, str] | None = None, **labels: str
) -> Object:
    """Any DaemonSet."""
    listed = [{"name": key, "value": value} for key, value in (env or {}).items()]
    return {
        "metadata": meta(name, namespace, labels=labels),
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [{"name": name, "image": image, "env": listed}]}},
        },
        "status": {"desiredNumberScheduled": 1, "numberReady": 1},
    }


def pod(name: str, node: str, labels: dict[str, str] | None = None, *, ready: bool = True) -> Object:
    """One pod; one that is not ready waits in CrashLoopBackOff."""
    state = {"running": {}} if ready else {"waiting": {"reason": "CrashLoopBackOff"}}
    return {
        "metadata": meta(name, "metallb-system", labels=labels or SPEAKER_LABELS),
        "spec": {"nodeName": node},
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": "PodScheduled", "status": "True"},
                {"type": "Ready", "status": str(ready)},
            ],
            "containerStatuses": [{"name": "speaker", "ready": ready, "state": state}],
        },
    }


def resource(name: str, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """A custom resource of MetalLB."""
    return {"metadata": meta(name, "metallb-system", labels=labels or {}), "spec": spec}


def status(name: str, **status: Any) -> Object:
    """A status resource of MetalLB, e.g. a ServiceL2Status."""
    return {"metadata": meta(name, "metallb-system"), "spec": {}, "status": status}


def groups(*versions: str) -> Object:
    """The discovery document /apis."""
    listed = [
        {"name": v.partition("/")[0], "versions": [{"groupVersion": v, "version": v.partition("/")[2]}]}
        for v in versions
    ]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


PROXY = """apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
ipvs:
  strictARP: {strict}
mode: "{mode}"
"""


def kube_proxy(mode: str = "", *, strict: bool = False) -> Object:
    """kubeadm's ConfigMap."""
    text = PROXY.format(mode=mode, strict=str(strict).lower())
    return {"kind": "ConfigMap", "metadata": meta("kube-proxy", "kube-system"), "data": {"config.conf": text}}


def homelab(
    vip: str, host: str = "n5", host_address: str = "192.168.8.10", interfaces: tuple[str, ...] = ()
) -> Answers:
    """One node, one Service, one pool, one L2Advertisement (on every interface, or on those named)."""
    on: dict[str, Any] = {"interfaces": list(interfaces)} if interfaces else {}
    return {
        "/apis": groups("apps/v1", "discovery.k8s.io/v1", "metallb.io/v1beta1", "metallb.io/v1beta2"),
        SERVICES: [service("dns", vip)],
        SLICES.format("dns"): [endpoint_slice("dns", host)],
        NODES: [node(host, host_address)],
        DAEMONSETS: [speaker(), daemon_set("kube-proxy", "registry.k8s.io/kube-proxy:v1.32.4")],
        PODS.format("metallb-system"): [pod("speaker-7xk2p", host)],
        "/api/v1/namespaces/kube-system/configmaps/kube-proxy": kube_proxy(),
        METALLB + "ipaddresspools": [resource("homelab", addresses=[f"{vip}-{vip}"], autoAssign=True)],
        METALLB + "l2advertisements": [resource("lan", ipAddressPools=["homelab"], **on)],
        METALLB + "bgpadvertisements": [],
        "/apis/metallb.io/v1beta2/bgppeers": [],
        METALLB + "servicel2statuses": [],
    }
