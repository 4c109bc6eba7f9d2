"""Text for `nft -f -`, as kube-proxy's nftables mode writes its table `ip kube-proxy`, or `ip6 kube-proxy`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hairpin_doctor.lab.kube_proxy.service import (
    Cluster,
    Endpoint,
    Service,
    ServicePort,
    digest,
    socket_address,
)

BY_ADDRESS = "type ipv4_addr . inet_proto . inet_service : verdict"
BY_PORT = "type inet_proto . inet_service : verdict"
CONTAINERS: Mapping[str, tuple[str, str, str]] = {
    "cluster-ips": ("set", "type ipv4_addr", "Active ClusterIPs"),
    "nodeport-ips": ("set", "type ipv4_addr", "IPs that accept NodePort traffic"),
    "firewall-ips": ("map", BY_ADDRESS, "destinations that are subject to LoadBalancerSourceRanges"),
    "no-endpoint-nodeports": (
        "map",
        BY_PORT,
        "vmap to drop or reject packets to service nodeports with no endpoints",
    ),
    "no-endpoint-services": (
        "map",
        BY_ADDRESS,
        "vmap to drop or reject packets to services with no endpoints",
    ),
    "service-ips": ("map", BY_ADDRESS, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
    "service-nodeports": ("map", BY_PORT, "NodePort traffic"),
}
PRE_DNAT, FILTER, DSTNAT, SRCNAT = "-110", "0", "-100", "100"
MARK = "0x4000"


def nftables_rules(services: Sequence[Service], cluster: Cluster) -> str:
    """The whole table for these services."""
    ports = [_Port(service, port, cluster) for service in services for port in service.ports]
    elements: dict[str, list[str]] = {name: [] for name in CONTAINERS}
    elements["nodeport-ips"].append(str(cluster.node_address))
    for port in ports:
        for container, element in port.elements():
            if element not in elements[container]:
                elements[container].append(element)
    body = [*_chains(ports, cluster), *_containers(elements)]
    text = "\n".join(("table ip kube-proxy {", 'comment "rules for kube-proxy"', *body, "}")) + "\n"
    return text if cluster.node_address.version == 4 else _over_ipv6(text)


def _over_ipv6(text: str) -> str:
    """The same table of the other family: besides addresses these words alone differ."""
    return re.sub(r"\bip (daddr|saddr|kube-proxy)\b", r"ip6 \1", text).replace("ipv4_addr", "ipv6_addr")


def _containers(elements: Mapping[str, list[str]]) -> Iterator[str]:
    for name, (kind, type_, comment) in CONTAINERS.items():
        inside = f"elements = {{ {', '.join(elements[name])} }}" if elements[name] else ""
        yield f'{kind} {name} {{\n{type_}\ncomment "{comment}"\n{inside}\n}}'


def _chains(ports: Sequence[_Port], cluster: Cluster) -> Iterator[str]:
    chains = {**_base_chains(cluster)}
    for port in ports:
        chains.update(port.chains())
    for name, rules in chains.items():
        yield "\n".join((f"chain {name} {{", *rules, "}"))


def _hook(kind: str, hook: str, priority: str) -> str:
    return f"type {kind} hook {hook} priority {priority}; policy accept;"


def _base_chains(cluster: Cluster) -> dict[str, list[str]]:
    endpoints, addresses = "ct state new jump service-endpoints-check", "ct state new jump cluster-ips-check"
    firewall, node_ports = "ct state new jump firewall-check", "ct state new jump nodeport-endpoints-check"
    by_address = "ip daddr . meta l4proto . th dport vmap"
    by_port = "ip daddr @nodeport-ips meta l4proto . th dport vmap"
    unknown = f"ip daddr {{ {cluster.service_range} }} drop comment"
    return {
        "cluster-ips-check": [
            'ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"',
            f'{unknown} "Drop traffic to unallocated ClusterIPs"',
        ],
        "filter-prerouting-pre-dnat": [_hook("filter", "prerouting", PRE_DNAT), firewall],
        "filter-output-pre-dnat": [_hook("filter", "output", PRE_DNAT), firewall],
        "filter-forward": [_hook("filter", "forward", FILTER), endpoints, addresses],
        "filter-input": [_hook("filter", "input", FILTER), node_ports, endpoints],
        "filter-output": [_hook("filter", "output", FILTER), endpoints, addresses],
        "firewall-check": [f"{by_address} @firewall-ips"],
        "mark-for-masquerade": [f"meta mark set meta mark or {MARK}"],
        "masquerading": [
            f"meta mark and {MARK} == 0 return",
            f"meta mark set meta mark xor {MARK}",
            "masquerade fully-random",
        ],
        "nat-output": [_hook("nat", "output", DSTNAT), "jump services"],
        "nat-postrouting": [_hook("nat", "postrouting", SRCNAT), "jump masquerading"],
        "nat-prerouting": [_hook("nat", "prerouting", DSTNAT), "jump services"],
        "nodeport-endpoints-check": [f"{by_port} @no-endpoint-nodeports"],
        "reject-chain": ["reject"],
        "services": [f"{by_address} @service-ips", f"{by_port} @service-nodeports"],
        "service-endpoints-check": [f"{by_address} @no-endpoint-services"],
    }


@dataclass(frozen=True)
class _Port:
    """One port of one service: its chains, and its elements in the shared sets and maps."""

    service: Service
    port: ServicePort
    cluster: Cluster

    @property
    def name(self) -> str:
        path = self.service.path(self.port)
        return f"{digest(path, 8)}-{path}"

    def endpoint(self, endpoint: Endpoint) -> str:
        """A chain's name may hold no colon: those of an IPv6 address become dots."""
        path = f"{self.service.path(self.port)}__{endpoint.address}/{self.port.target}"
        return f"endpoint-{digest(path, 8)}-{path.replace(':', '.')}"

    def key(self, address: object) -> str:
        return f"{address} . {self.port.protocol} . {self.port.port}"

    def elements(self) -> Iterator[tuple[str, str]]:
        service, title = self.service, self.service.title(self.port)
        yield "cluster-ips", str(service.cluster_ip)
        if not service.endpoints:
            nowhere = f'{self.key(service.cluster_ip)} comment "{title}" : goto reject-chain'
            yield "no-endpoint-services", nowhere
        else:
            yield "service-ips", f"{self.key(service.cluster_ip)} : goto service-{self.name}"
        if service.vip:
            yield from self._vip_elements(service.vip, title)
        if self.port.node_port and service.endpoints:
            node_port = f"{self.port.protocol} . {self.port.node_port}"
            yield "service-nodeports", f"{node_port} : goto external-{self.name}"

    def _vip_elements(self, vip: object, title: str) -> Iterator[tuple[str, str]]:
        if self.service.endpoints:
            yield "service-ips", f"{self.key(vip)} : goto external-{self.name}"
        if not self.service.external_endpoints():
            verdict = "drop" if self.service.endpoints else "goto reject-chain"
            yield "no-endpoint-services", f'{self.key(vip)} comment "{title}" : {verdict}'
        if self.service.source_ranges:
            yield "firewall-ips", f"{self.key(vip)} : goto firewall-{self.name}"

    def chains(self) -> dict[str, list[str]]:
        if not self.service.endpoints:
            return {}
        chains = {self.endpoint(endpoint): self._dnat(endpoint) for endpoint in self.service.endpoints}
        outside = f"ip daddr {self.service.cluster_ip} ip saddr != {self.cluster.pod_range}"
        masquerade = f"{outside} jump mark-for-masquerade"
        chains[f"service-{self.name}"] = [masquerade, self._balance(self.service.endpoints)]
        if self.service.vip or self.port.node_port:
            chains.update(self._external())
        if self.service.source_ranges:
            allowed = ", ".join(str(network) for network in self.service.source_ranges)
            chains[f"firewall-{self.name}"] = [f"ip saddr != {{ {allowed} }} drop"]
        return chains

    def _dnat(self, endpoint: Endpoint) -> list[str]:
        goal = socket_address(endpoint.address, self.port.target)
        return [
            f"ip saddr {endpoint.address} jump mark-for-masquerade",
            f"meta l4proto {self.port.protocol} dnat to {goal}",
        ]

    def _balance(self, endpoints: Sequence[Endpoint]) -> str:
        goals = ", ".join(f"{number} : goto {self.endpoint(goal)}" for number, goal in enumerate(endpoints))
        return f"numgen random mod {len(endpoints)} vmap {{ {goals} }}"

    def _external(self) -> dict[str, list[str]]:
        service = f"goto service-{self.name}"
        if self.service.traffic_policy == "Cluster":
            return {f"external-{self.name}": ["jump mark-for-masquerade", service]}
        rules = [
            f'ip saddr {self.cluster.pod_range} {service} comment "short-circuit pod traffic"',
            'fib saddr type local jump mark-for-masquerade comment "masquerade local traffic"',
            f'fib saddr type local {service} comment "short-circuit local traffic"',
        ]
        local = self.service.external_endpoints()
        if not local:
            return {f"external-{self.name}": rules}
        return {
            f"external-{self.name}": [*rules, f"goto local-{self.name}"],
            f"local-{self.name}": [self._balance(local)],
        }
