"""The VIP is reached, and the DNS server behind it gives no good answer.

laptop ── switch ── eno1 ─┤ bridge0 (answers for .53) ├─ vnet1 ── VM
                          cni0 ── pod .83: dnsmasq, which refuses, truncates, or waits for its upstream
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from hairpin_doctor.lab.cases.case import Case, dns_targets
from hairpin_doctor.lab.cases.filtering import dns_only
from hairpin_doctor.lab.checks import Arp, Check, Dns, Tcp
from hairpin_doctor.lab.daemon import Daemon
from hairpin_doctor.lab.faults import Fault, compose, services
from hairpin_doctor.lab.homelab import cluster_services
from hairpin_doctor.lab.ip import Address
from hairpin_doctor.lab.kube_proxy import Service
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import LOCALHOST, dns_forwarder, dns_server

MANY = tuple(ip_address("127.0.1.0") + number for number in range(1, 121))
"""More addresses than fit into the 1232 bytes that are offered over UDP: 16 bytes each."""


def _server(names: Names, localhost: tuple[Address, ...]) -> Daemon:
    return dns_server(names.dns_pod, {names.dns_record: names.vm_ip}, localhost=localhost)


def _answering(localhost: tuple[Address, ...], names: Names) -> Fault:
    return lambda t: t.change("dns_pod", lambda pod: pod.with_daemon(_server(names, localhost)))


def _refused(names: Names) -> tuple[Check, ...]:
    clients = (check for role in ("vm", "laptop") for check in _says(role, names, "rcode 5", "served"))
    return (*clients, Check("vm", Arp(names.dns_vip), (names.bridge_mac,)))


def _says(role: str, names: Names, udp: str, *tcp: str) -> tuple[Check, ...]:
    return (Check(role, Dns(names.dns_vip), (udp,)), Check(role, Tcp(names.dns_vip, 53), tcp))


def _forwarding(names: Names) -> Fault:
    """To a resolver in another subnet that is no more."""
    forwarder = dns_forwarder(names.dns_pod, names.remote_lan[53])
    return lambda t: t.change("dns_pod", lambda pod: pod.with_daemon(forwarder))


def _waits(names: Names) -> tuple[Check, ...]:
    clients = (check for role in ("vm", "laptop") for check in _says(role, names, "silent", "stalled"))
    return (*clients, Check("vm", Arp(names.dns_vip), (names.bridge_mac,)))


def _udp_only(names: Names, service: Service) -> Service:
    ports = tuple(port for port in service.ports if port.protocol == "udp")
    return dns_only(names, lambda each: replace(each, ports=ports))(service)


def _without_tcp(names: Names) -> tuple[Service, ...]:
    return tuple(_udp_only(names, each) for each in cluster_services(names))


CASES = (
    Case(
        name="dns-refuses",
        title="The DNS server in the pod has no upstream server and refuses what it does not know.",
        codes=("HD510",),
        fault=lambda names: _answering((), names),
        symptom=_refused,
        targets=dns_targets,
        repair=lambda names: ("dns_pod", _server(names, LOCALHOST)),
    ),
    Case(
        name="dns-truncated-without-tcp",
        title="Answers are too long for UDP, and the Service has no TCP port for them.",
        codes=("HD510",),
        fault=lambda names: compose(
            _answering(MANY, names), services(names, lambda each: _udp_only(names, each))
        ),
        symptom=lambda names: _says("vm", names, "truncated", "unreachable", "silent"),
        cluster=_without_tcp,
    ),
    Case(
        name="dns-waits-for-its-upstream",
        title="The DNS server in the pod forwards everything to a resolver that is no more, and says nothing.",
        codes=("HD510",),
        fault=_forwarding,
        symptom=_waits,
        targets=dns_targets,
        repair=lambda names: ("dns_pod", _server(names, LOCALHOST)),
    ),
)
