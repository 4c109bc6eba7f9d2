"""The pool holds what it should not: the router's address, or one of a subnet that nobody here is in.

laptop ─┐
router ─┼─ switch ── eno1 ─┤ bridge0 ├─ n5: announces and serves .1, or 172.29.53.53
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from hairpin_doctor.lab.cases.case import Case, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, macs
from hairpin_doctor.lab.faults import nothing
from hairpin_doctor.lab.homelab import cluster_services, homelab
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer

OUTSIDE = {4: ip_address("172.29.53.53"), 6: ip_address("fdac:1d35::53")}


def _vip_is_the_gateway(names: Names) -> Names:
    return replace(names, dns_vip=names.router_ip)


def vip_outside(names: Names) -> Names:
    """An address of a private range that the lab uses for nothing else."""
    return replace(names, dns_vip=OUTSIDE[names.lan.version])


def _contested(names: Names) -> tuple[Check, ...]:
    both = Check("laptop", Arp(names.dns_vip), (macs(names.bridge_mac, names.router_mac),))
    return (both, *dns_is("laptop", names.dns_vip, "refused"))


def _never_asked(names: Names) -> tuple[Check, ...]:
    """The announcer would answer those who ask."""
    asked = Check("laptop", Arp(names.dns_vip), (names.bridge_mac,))
    return (asked, *dns_is("laptop", names.dns_vip, "silent"))


_GATEWAY = Case(
    name="pool-holds-the-gateway",
    title="The VIP is the router's own address: router and announcer both answer ARP for it.",
    codes=("HD109",),
    network=lambda names, variant: homelab(_vip_is_the_gateway(names), variant),
    fault=lambda _: nothing,
    symptom=lambda names: _contested(_vip_is_the_gateway(names)),
    client="laptop",
    targets=lambda names: dns_targets(_vip_is_the_gateway(names)),
    repair=lambda names: ("host", Announcer(vips=names.vips, interfaces=(names.bridge,)).daemon()),
    recovered=cluster_services,
    by_hand=lambda names: ("laptop", f"ip neigh flush to {names.router_ip}"),
    moved=dns_targets,
)
_OUTSIDE = Case(
    name="vip-outside-prefix",
    title="The VIP lies in no prefix of the segment: clients send it to the router, which throws it away.",
    codes=("HD111",),
    network=lambda names, variant: homelab(vip_outside(names), variant),
    fault=lambda _: nothing,
    symptom=lambda names: _never_asked(vip_outside(names)),
    client="laptop",
    targets=lambda names: dns_targets(vip_outside(names)),
)

CASES = (_GATEWAY, _OUTSIDE)
