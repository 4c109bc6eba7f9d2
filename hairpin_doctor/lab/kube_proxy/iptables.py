"""Text for iptables-nft-restore, or ip6tables-nft-restore, as kube-proxy's iptables mode writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hairpin_doctor.lab.ip import Address
from hairpin_doctor.lab.kube_proxy.service import (
    Cluster,
    Endpoint,
    Service,
    ServicePort,
    digest,
    socket_address,
    whole,
)

MARK = "0x4000"
NEW = "-m conntrack --ctstate NEW"
PORTALS = '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES'
EXTERNAL = '-m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES'
BALANCER = '-m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL'

FILTER_JUMPS = (
    f"-A INPUT {NEW} {BALANCER}",
    '-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS',
    f"-A INPUT {NEW} {EXTERNAL}",
    "-A INPUT -j KUBE-FIREWALL",
    f"-A FORWARD {NEW} {BALANCER}",
    '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
    f"-A FORWARD {NEW} {PORTALS}",
    f"-A FORWARD {NEW} {EXTERNAL}",
    f"-A OUTPUT {NEW} {BALANCER}",
    f"-A OUTPUT {NEW} {PORTALS}",
    "-A OUTPUT -j KUBE-FIREWALL",
)
LOCALNET = (
    '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" '
    "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
)
FILTER_FIXED = (
    "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" '
    f"-m mark --mark {MARK}/{MARK} -j ACCEPT",
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" '
    "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
)
NAT_FIXED = (
    f"-A PREROUTING {PORTALS}",
    f"-A OUTPUT {PORTALS}",
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    f"-A KUBE-POSTROUTING -m mark ! --mark {MARK}/{MARK} -j RETURN",
    f"-A KUBE-POSTROUTING -j MARK --xor-mark {MARK}",
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" '
    "-j MASQUERADE --random-fully",
    f"-A KUBE-MARK-MASQ -j MARK --or-mark {MARK}",
)
FILTER_CHAINS = (
    "KUBE-NODEPORTS",
    "KUBE-SERVICES",
    "KUBE-EXTERNAL-SERVICES",
    "KUBE-FIREWALL",
    "KUBE-FORWARD",
    "KUBE-PROXY-FIREWALL",
    "KUBE-PROXY-CANARY",
    "KUBE-KUBELET-CANARY",
)
NAT_CHAINS = (
    "KUBE-SERVICES",
    "KUBE-NODEPORTS",
    "KUBE-POSTROUTING",
    "KUBE-MARK-MASQ",
    "KUBE-PROXY-CANARY",
    "KUBE-KUBELET-CANARY",
)
NODE_PORTS_LAST = (
    '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this '
    'chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS'
)


def iptables_rules(services: Sequence[Service], cluster: Cluster) -> str:
    """Tables filter and nat, whole, for these services."""
    ports = [_Port(service, port, cluster) for service in services for port in service.ports]
    filtering = [rule for port in ports for rule in port.filter_rules()]
    portals = [rule for port in ports for rule in port.portals()]
    chains = [chain for port in ports for chain in port.chains()]
    fixed = [LOCALNET, *FILTER_FIXED] if cluster.node_address.version == 4 else FILTER_FIXED
    details = [rule for port in ports for rule in port.details()]
    builtin = {
        "filter": ("INPUT", "FORWARD", "OUTPUT"),
        "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    }
    return "".join(
        (
            _table("filter", builtin["filter"], FILTER_CHAINS, [*FILTER_JUMPS, *filtering, *fixed]),
            _table(
                "nat",
                builtin["nat"],
                [*NAT_CHAINS, *chains],
                [*NAT_FIXED, *portals, NODE_PORTS_LAST, *details],
            ),
        )
    )


def _table(name: str, builtin: Sequence[str], chains: Sequence[str], rules: Sequence[str]) -> str:
    heads = [*(f":{chain} ACCEPT [0:0]" for chain in builtin), *(f":{chain} - [0:0]" for chain in chains)]
    return "\n".join((f"*{name}", *heads, *rules, "COMMIT")) + "\n"


@dataclass(frozen=True)
class _Port:
    """One port of one service, and the rules it needs."""

    service: Service
    port: ServicePort
    cluster: Cluster

    @property
    def title(self) -> str:
        return self.service.title(self.port)

    @property
    def hashed(self) -> str:
        return digest(f"{self.title}{self.port.protocol}", 16)

    def comment(self, text: str) -> str:
        return f'-m comment --comment "{self.title} {text}"'

    def to(self, address: Address) -> str:
        protocol = self.port.protocol
        return f"-d {whole(address)} -p {protocol} -m {protocol} --dport {self.port.port}"

    def sep(self, endpoint: Endpoint) -> str:
        goal = socket_address(endpoint.address, self.port.target)
        return f"KUBE-SEP-{digest(f'{self.title}{self.port.protocol}{goal}', 16)}"

    def filter_rules(self) -> Iterator[str]:
        vip = self.service.vip
        if not self.service.endpoints:
            yield f"-A KUBE-SERVICES {self.to(self.service.cluster_ip)} {self.comment('has no endpoints')} -j REJECT"
        if vip and not self.service.external_endpoints():
            reason, verdict = (
                ("local endpoints", "DROP") if self.service.endpoints else ("endpoints", "REJECT")
            )
            yield f"-A KUBE-EXTERNAL-SERVICES {self.to(vip)} {self.comment(f'has no {reason}')} -j {verdict}"
        if vip and self.service.source_ranges:
            refused = self.comment(f"traffic not accepted by KUBE-FW-{self.hashed}")
            yield f"-A KUBE-PROXY-FIREWALL {self.to(vip)} {refused} -j DROP"

    def portals(self) -> Iterator[str]:
        if not self.service.endpoints:
            return
        cluster_ip = self.to(self.service.cluster_ip)
        yield f"-A KUBE-SERVICES {cluster_ip} {self.comment('cluster IP')} -j KUBE-SVC-{self.hashed}"
        if self.service.vip:
            first = "FW" if self.service.source_ranges else "EXT"
            vip = self.to(self.service.vip)
            yield f"-A KUBE-SERVICES {vip} {self.comment('loadbalancer IP')} -j KUBE-{first}-{self.hashed}"
        if self.port.node_port:
            protocol = self.port.protocol
            at = (
                f"-p {protocol} -m comment --comment {self.title} -m {protocol} --dport {self.port.node_port}"
            )
            yield f"-A KUBE-NODEPORTS {at} -j KUBE-EXT-{self.hashed}"

    def chains(self) -> Iterator[str]:
        if not self.service.endpoints:
            return
        yield f"KUBE-SVC-{self.hashed}"
        if self.service.vip or self.port.node_port:
            yield f"KUBE-EXT-{self.hashed}"
        if self.service.vip and self.service.source_ranges:
            yield f"KUBE-FW-{self.hashed}"
        if self.local_only:
            yield f"KUBE-SVL-{self.hashed}"
        yield from (self.sep(endpoint) for endpoint in self.service.endpoints)

    @property
    def local_only(self) -> bool:
        return self.service.traffic_policy == "Local" and bool(self.service.external_endpoints())

    def details(self) -> Iterator[str]:
        if not self.service.endpoints:
            return
        if self.service.vip or self.port.node_port:
            yield from self._external()
        if self.service.vip and self.service.source_ranges:
            yield from self._firewall()
        outside = f"! -s {self.cluster.pod_range} {self.to(self.service.cluster_ip)}"
        yield f"-A KUBE-SVC-{self.hashed} {outside} {self.comment('cluster IP')} -j KUBE-MARK-MASQ"
        yield from self._balance("SVC", self.service.endpoints)
        if self.local_only:
            yield from self._balance("SVL", self.service.external_endpoints())
        for endpoint in self.service.endpoints:
            yield from self._endpoint(endpoint)

    def _external(self) -> Iterator[str]:
        chain, service = f"-A KUBE-EXT-{self.hashed}", f"KUBE-SVC-{self.hashed}"
        if self.service.traffic_policy == "Cluster":
            masquerade = f'"masquerade traffic for {self.title} external destinations"'
            yield f"{chain} -m comment --comment {masquerade} -j KUBE-MARK-MASQ"
            yield f"{chain} -j {service}"
            return
        pods, own = f'"pod traffic for {self.title} external destinations"', f"LOCAL traffic for {self.title}"
        local = "-m addrtype --src-type LOCAL"
        yield f"{chain} -s {self.cluster.pod_range} -m comment --comment {pods} -j {service}"
        yield f'{chain} -m comment --comment "masquerade {own} external destinations" {local} -j KUBE-MARK-MASQ'
        yield f'{chain} -m comment --comment "route {own} external destinations" {local} -j {service}'
        if self.local_only:
            yield f"{chain} -j KUBE-SVL-{self.hashed}"

    def _firewall(self) -> Iterator[str]:
        chain = f"-A KUBE-FW-{self.hashed}"
        for allowed in self.service.source_ranges:
            yield f"{chain} -s {allowed} {self.comment('loadbalancer IP')} -j KUBE-EXT-{self.hashed}"
        note = f'"other traffic to {self.title} will be dropped by KUBE-PROXY-FIREWALL"'
        yield f"{chain} -m comment --comment {note}"

    def _balance(self, kind: str, endpoints: Sequence[Endpoint]) -> Iterator[str]:
        for index, endpoint in enumerate(endpoints):
            left = len(endpoints) - index
            chance = f" -m statistic --mode random --probability {1 / left:.11f}" if left > 1 else ""
            goal = self.comment(f"-> {socket_address(endpoint.address, self.port.target)}")
            yield f"-A KUBE-{kind}-{self.hashed} {goal}{chance} -j {self.sep(endpoint)}"

    def _endpoint(self, endpoint: Endpoint) -> Iterator[str]:
        chain, protocol = f"-A {self.sep(endpoint)}", self.port.protocol
        named = f'-m comment --comment "{self.title}"'
        yield f"{chain} -s {whole(endpoint.address)} {named} -j KUBE-MARK-MASQ"
        goal = socket_address(endpoint.address, self.port.target)
        yield f"{chain} -p {protocol} {named} -m {protocol} -j DNAT --to-destination {goal}"
