"""The VIP is announced well, and the way from the node to the backend and back is broken.

laptop ── switch ── eno1 ─┤ bridge0 (answers for .53 and .50) ├─ vnet1 ── VM
                           │ DNAT, forward                       (backend on the LAN: n6 .247)
                          cni0 ── pods .83 (DNS), .84 (HTTP)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

from hairpin_doctor.lab.cases.case import Case, all_targets, dns_is, dns_targets, target
from hairpin_doctor.lab.cases.filtering import dns_only
from hairpin_doctor.lab.checks import Arp, Check, Tcp
from hairpin_doctor.lab.daemon import Daemon
from hairpin_doctor.lab.faults import (
    Fault,
    compose,
    conf,
    on_switch,
    services,
    sysctls,
    vips_local,
)
from hairpin_doctor.lab.homelab import cluster_services, station
from hairpin_doctor.lab.kube_proxy import Endpoint, Service
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import dns_server, http_server
from hairpin_doctor.lab.topology import CableEnd

CLIENTS = ("vm", "laptop")
Change = Callable[[Names], Callable[[Service], Service]]


def _cluster(change: Change) -> Callable[[Names], tuple[Service, ...]]:
    return lambda names: tuple(map(change(names), cluster_services(names)))


def _dns(*right: str) -> Callable[[Names], tuple[Check, ...]]:
    """What the clients see of DNS; the VIP is answered by the bridge, and the web VIP is served."""

    def symptom(names: Names) -> tuple[Check, ...]:
        failing = (check for role in CLIENTS for check in dns_is(role, names.dns_vip, *right))
        web = (Check(role, Tcp(names.web_vip, 80), ("served",)) for role in CLIENTS)
        return (*failing, *web, Check("vm", Arp(names.dns_vip), (names.bridge_mac,)))

    return symptom


def forgotten(names: Names) -> Callable[[Service], Service]:
    """The proxy knows no load balancer address of the DNS Service."""
    return dns_only(names, lambda service: replace(service, vip=None))


def _vm_excluded(names: Names) -> Callable[[Service], Service]:
    """Only the laptop's address is admitted."""
    return dns_only(names, lambda s: replace(s, source_ranges=(ip_network(names.laptop_ip),)))


def _tcp_only(names: Names) -> Callable[[Service], Service]:
    def how(service: Service) -> Service:
        return replace(service, ports=tuple(port for port in service.ports if port.protocol == "tcp"))

    return dns_only(names, how)


def _without_endpoints(names: Names) -> Callable[[Service], Service]:
    return dns_only(names, lambda service: replace(service, endpoints=()))


def _backend_on_lan(names: Names) -> Callable[[Service], Service]:
    """The endpoint is a process of another machine on the LAN, which policy Local takes for one of this node."""
    there = Endpoint(names.other_node_ip)
    return dns_only(names, lambda s: replace(s, traffic_policy="Local", endpoints=(there,)))


def _on_other_node(names: Names) -> Callable[[Service], Service]:
    """The endpoint is on another node (a pod in its host network), and the policy is Local."""
    there = Endpoint(names.other_node_ip, local=False)
    return dns_only(names, lambda s: replace(s, traffic_policy="Local", endpoints=(there,)))


def _dns_on_lan(names: Names) -> Fault:
    """A machine on the LAN, the other node, that serves DNS at its own address."""
    nic = CableEnd(
        name=names.lan_nic, mac=names.other_node_mac, addresses=(names.on_lan(names.other_node_ip),)
    )
    server = dns_server(names.other_node_ip, {names.dns_record: names.vm_ip})
    return on_switch(station("other_node", names.other_node, nic, names.router_ip).with_daemon(server))


def _elsewhere(names: Names) -> tuple[str, Daemon]:
    return "web_pod", http_server(names.web_pod, (8080, 8443))


def _on_wrong_port(names: Names) -> Fault:
    """The program in the pod listens on other ports than the Service's targetPort."""
    other = http_server(names.web_pod, (9080, 9443))
    return lambda t: t.change("web_pod", lambda pod: pod.with_daemon(other))


def _refused(names: Names) -> tuple[Check, ...]:
    web = (Check(role, Tcp(names.web_vip, port), ("refused",)) for role in CLIENTS for port in (80, 443))
    return (*web, *(check for role in CLIENTS for check in dns_is(role, names.dns_vip, "served")))


def _web_targets(names: Names) -> tuple[str, ...]:
    return tuple(target(names.web_vip, port, "tcp") for port in (80, 443))


def _all_silent(names: Names) -> tuple[Check, ...]:
    silent = (check for role in CLIENTS for check in dns_is(role, names.dns_vip, "silent"))
    return (*silent, Check("vm", Arp(names.dns_vip), (names.bridge_mac,)))


def _only_udp_fails(names: Names) -> tuple[Check, ...]:
    udp, tcp = dns_is("vm", names.dns_vip, "unreachable", "silent")
    return (udp, replace(tcp, right=("served",)))


def _lan_refused(names: Names) -> tuple[Check, ...]:
    refused = (check for role in CLIENTS for check in dns_is(role, names.dns_vip, "refused"))
    return (*refused, Check("vm", Arp(names.dns_vip), (names.bridge_mac,)))


def _kernel_owned(names: Names) -> Fault:
    """The VIP is an address of the host, which kube-vip or keepalived adds, and the proxy has no rule for it."""
    return compose(vips_local(names), services(names, forgotten(names)))


_NOT_PROGRAMMED = Case(
    name="vip-not-programmed",
    title="The node announces the VIP, and its service proxy knows nothing of it.",
    codes=("HD501",),
    fault=lambda names: services(names, forgotten(names)),
    symptom=_dns("unreachable", "silent"),
    targets=dns_targets,
)

CASES = (
    _NOT_PROGRAMMED,
    replace(
        _NOT_PROGRAMMED,
        name="vip-is-local-not-programmed",
        title="The VIP is an address of the node and not programmed: ping works, every port is refused.",
        fault=_kernel_owned,
        symptom=_lan_refused,
    ),
    replace(
        _NOT_PROGRAMMED,
        name="protocol-missing",
        title="DNS is served over TCP, and the Service names no UDP port.",
        codes=("HD507",),
        fault=lambda names: services(names, _tcp_only(names)),
        symptom=_only_udp_fails,
        cluster=_cluster(_tcp_only),
    ),
    replace(
        _NOT_PROGRAMMED,
        name="local-policy-no-local-endpoint",
        title="Policy Local, and the announcing node has no endpoint: kube-proxy drops what arrives.",
        codes=("HD502",),
        fault=lambda names: compose(_dns_on_lan(names), services(names, _on_other_node(names))),
        symptom=_dns("silent"),
        cluster=_cluster(_on_other_node),
    ),
    replace(
        _NOT_PROGRAMMED,
        name="no-ready-endpoints",
        title="No pod of the Service is ready: kube-proxy rejects what arrives.",
        codes=("HD103",),
        fault=lambda names: services(names, _without_endpoints(names)),
        symptom=_dns("refused", "silent"),
        recovered=cluster_services,
    ),
    replace(
        _NOT_PROGRAMMED,
        name="source-ranges-exclude-client",
        title="The Service admits the laptop and nobody else.",
        codes=("HD505",),
        fault=lambda names: services(names, _vm_excluded(names)),
        symptom=lambda n: (*dns_is("vm", n.dns_vip, "silent"), *dns_is("laptop", n.dns_vip, "served")),
        cluster=_cluster(_vm_excluded),
    ),
    replace(
        _NOT_PROGRAMMED,
        name="backend-refuses",
        title="The Service's targetPort is a port on which nothing listens in the pod.",
        codes=("HD503",),
        fault=_on_wrong_port,
        symptom=_refused,
        targets=_web_targets,
        repair=_elsewhere,
    ),
    replace(
        _NOT_PROGRAMMED,
        name="reply-bypasses-nat",
        title="The backend is on the client's own LAN and answers it directly, past the node that translated.",
        codes=("HD306",),
        fault=lambda names: compose(_dns_on_lan(names), services(names, _backend_on_lan(names))),
        symptom=_dns("silent"),
        call_iptables=0,
    ),
    replace(
        _NOT_PROGRAMMED,
        name="forwarding-off",
        title="The node does not forward: what is translated to a pod goes nowhere.",
        codes=("HD404",),
        fault=lambda _: sysctls("host", {"net.ipv4.ip_forward": 0}),
        symptom=_all_silent,
        targets=all_targets,
    ),
    replace(
        _NOT_PROGRAMMED,
        name="forwarding-off-on-bridge",
        title="Forwarding is off on the interface that takes the packets, though ip_forward is 1.",
        codes=("HD404",),
        fault=lambda names: conf("host", names.bridge, {"forwarding": 0}),
        symptom=_all_silent,
        targets=all_targets,
    ),
)
