"""A Kubernetes Service as kube-proxy sees it on one node."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal

from hairpin_doctor.lab.ip import Address, Network


@dataclass(frozen=True)
class Endpoint:
    """An address a Service sends to. `local`: the pod runs on this very node."""

    address: Address
    local: bool = True


@dataclass(frozen=True)
class ServicePort:
    """One port of a Service. `target` is the port of the pod, `node_port` 0 for none."""

    name: str
    port: int
    protocol: Literal["tcp", "udp"]
    target: int
    node_port: int = 0


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Service. `vip` is the load balancer address, None for a plain ClusterIP."""

    name: str
    cluster_ip: Address
    ports: tuple[ServicePort, ...]
    endpoints: tuple[Endpoint, ...]
    namespace: str = "default"
    vip: Address | None = None
    traffic_policy: Literal["Cluster", "Local"] = "Cluster"
    source_ranges: tuple[Network, ...] = ()

    def external_endpoints(self) -> tuple[Endpoint, ...]:
        """Endpoints that traffic from outside may use here: under policy Local only those of this node."""
        if self.traffic_policy == "Local":
            return tuple(endpoint for endpoint in self.endpoints if endpoint.local)
        return self.endpoints

    def title(self, port: ServicePort) -> str:
        """namespace/name:port, kube-proxy's name in comments."""
        return f"{self.namespace}/{self.name}:{port.name}"

    def path(self, port: ServicePort) -> str:
        """namespace/name/protocol/port, kube-proxy's name in nftables chains."""
        return f"{self.namespace}/{self.name}/{port.protocol}/{port.name}"


@dataclass(frozen=True)
class Cluster:
    """What the rules need to know of the cluster."""

    pod_range: Network
    service_range: Network
    node_address: Address


def digest(text: str, length: int) -> str:
    """The first `length` letters of base32(sha256(text)): kube-proxy's way to a short chain name."""
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:length]


def whole(address: Address) -> str:
    """The address with its full prefix length, as iptables-save writes it."""
    return f"{address}/{address.max_prefixlen}"


def socket_address(address: Address, port: int) -> str:
    """Address and port; an IPv6 address stands in brackets."""
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
