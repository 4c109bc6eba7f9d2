"""The host's packet filters stop what reaches the host, or what its bridge merely passes on.

VM ── vnet1 ─┤ bridge0 ├─ eno1 ── switch ── n6: owns .53 in the cases of bridged frames
                  │
       FORWARD: kube-proxy, Docker's policy DROP, a firewall
                  │
                cni0 ── pods
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, Ping
from hairpin_doctor.lab.faults import Fault, compose, other_node_owns_dns, services, sysctls
from hairpin_doctor.lab.filters import docker, firewall
from hairpin_doctor.lab.homelab import cluster_services
from hairpin_doctor.lab.ip import NFT
from hairpin_doctor.lab.kube_proxy import Endpoint, Service
from hairpin_doctor.lab.names import Names

CLIENTS = ("vm", "laptop")


def local_policy(service: Service) -> Service:
    """External traffic policy Local for the Services with a VIP."""
    return replace(service, traffic_policy="Local") if service.vip else service


def dns_only(names: Names, how: Callable[[Service], Service]) -> Callable[[Service], Service]:
    """`how` for the DNS Service, nothing for others."""
    return lambda service: how(service) if service.vip == names.dns_vip else service


def without_local_endpoint(names: Names) -> Callable[[Service], Service]:
    """The DNS Service with policy Local and its one endpoint on another node."""
    elsewhere = Endpoint(names.pods[7 * 256 + 9], local=False)
    return dns_only(names, lambda s: replace(s, traffic_policy="Local", endpoints=(elsewhere,)))


def _not_programmed(service: Service) -> Service:
    return replace(service, vip=None)


def _dropped(names: Names) -> Fault:
    """Somebody allows what he knows to the pods, and DNS is not among it."""
    pods = f'iifname "{names.bridge}" {NFT[names.lan.version]} daddr {names.host_pods}'
    return firewall(f"{pods} udp dport 53 drop", f"{pods} tcp dport 53 drop")


def _rejected(names: Names) -> Fault:
    """As a default zone of firewalld does: what is forwarded from the LAN is administratively prohibited."""
    unlimited = sysctls(
        "host", {"net.ipv4.icmp_ratelimit": 0}
    )  # else the scan meets the silence after our checks
    return compose(firewall(f'iifname "{names.bridge}" reject with icmpx admin-prohibited'), unlimited)


def _before_translation(names: Names) -> Fault:
    """Somebody blocks the VIP itself, before it is translated."""
    text = f"{NFT[names.lan.version]} daddr {names.dns_vip} drop"
    return firewall(text, hook="prerouting", priority="raw")


def _dns_is_silent(names: Names) -> tuple[Check, ...]:
    silent = (check for role in CLIENTS for check in dns_is(role, names.dns_vip, "silent"))
    return (*silent, Check("vm", Arp(names.dns_vip), (names.bridge_mac,)))


def _only_web_works(names: Names) -> tuple[Check, ...]:
    web = (check for check in all_served(names, *CLIENTS) if "53" not in str(check.probe.__dict__["port"]))
    return (*_dns_is_silent(names), *web)


def _prohibited(names: Names) -> tuple[Check, ...]:
    refused = (check for role in CLIENTS for check in dns_is(role, names.dns_vip, "unreachable"))
    return (*refused, Check("vm", Ping(names.dns_vip), ("unreachable",)))


def _crossing(names: Names, ping: str) -> tuple[Check, ...]:
    return (
        Check("vm", Ping(names.dns_vip), (ping,)),
        *dns_is("vm", names.dns_vip, "silent"),
        Check("vm", Arp(names.dns_vip), (names.other_node_mac,)),
        *dns_is("laptop", names.dns_vip, "served"),
    )


def only_bridges(names: Names) -> Fault:
    """Another node owns and serves the DNS VIP, and the host has no rule for it."""
    return compose(other_node_owns_dns(names), services(names, dns_only(names, _not_programmed)))


def _local(names: Names) -> tuple[Service, ...]:
    return tuple(map(local_policy, cluster_services(names)))


_DROPS = Case(
    name="firewall-drops",
    title="A firewall on the host drops DNS to the pods; HTTP works.",
    codes=("HD405",),
    fault=_dropped,
    symptom=_only_web_works,
    targets=dns_targets,
)
_FORWARD = Case(
    name="docker-drops-bridged",
    title="Docker on a hypervisor: its policy DROP meets what the bridge passes between VM and another node.",
    codes=("HD305",),
    fault=lambda names: compose(only_bridges(names), docker()),
    symptom=lambda names: _crossing(names, "silent"),
    call_iptables=1,
    targets=dns_targets,
)

CASES = (
    _DROPS,
    replace(
        _DROPS,
        name="firewall-rejects",
        title="A firewall on the host rejects all that is forwarded from the LAN, and says so.",
        fault=_rejected,
        symptom=_prohibited,
    ),
    replace(
        _DROPS,
        name="firewall-drops-before-nat",
        title="A firewall on the host drops what is sent to the VIP before it is translated.",
        fault=_before_translation,
        symptom=_only_web_works,
    ),
    replace(
        _DROPS,
        name="docker-drops-service",
        title="Docker's policy DROP ends what kube-proxy translates under policy Local and accepts nowhere.",
        fault=lambda names: compose(services(names, local_policy), docker()),
        symptom=_dns_is_silent,
        cluster=_local,
    ),
    replace(
        _DROPS,
        name="legacy-policy-drops",
        title="Docker uses iptables-legacy: its policy DROP is invisible to iptables-nft, which holds the Services.",
        codes=("HD504",),
        fault=lambda names: docker("iptables-legacy" if names.lan.version == 4 else "ip6tables-legacy"),
        symptom=_dns_is_silent,
    ),
    _FORWARD,
    replace(
        _FORWARD,
        name="docker-drops-bridged-but-icmp",
        title="Docker's policy DROP meets bridged frames, and a rule accepts ICMP: ping works, nothing else does.",
        fault=lambda names: compose(only_bridges(names), docker(icmp=True)),
        symptom=lambda names: _crossing(names, "reply"),
    ),
    replace(
        _FORWARD,
        name="firewall-drops-bridged",
        title="A firewall with policy drop on the host meets what its bridge passes between VM and another node.",
        fault=lambda names: compose(only_bridges(names), firewall("ip protocol icmp accept", policy="drop")),
        symptom=lambda names: _crossing(names, "reply"),
    ),
    replace(
        _FORWARD,
        name="local-policy-drops-bridged",
        title="Another node serves the VIP; this one has no endpoint, and its drop rule meets bridged frames.",
        fault=lambda names: compose(
            other_node_owns_dns(names), services(names, without_local_endpoint(names))
        ),
        symptom=lambda names: _crossing(names, "reply"),
    ),
)
