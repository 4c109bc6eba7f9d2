"""Faults that no rule describes: something on the way swallows packets, and only the evidence can be laid out.

    laptop ── switch ── eno1 ─┤ bridge0 ├─ vnet1 ── VM
        (bridge)   (ingress)      │       (ingress, tc)
                                  └ host ── cni0 ── veth ── pod
                (raw, zone, hops, quota)        (down, no way back)

Each place in brackets is one case. The ARP exchange is left alone, so that the VIP looks perfectly announced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab import swallowing
from hairpin_doctor.lab.cases.case import Case, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.names import Names


def _dns_fails(*roles: str) -> Callable[[Names], tuple[Check, ...]]:
    def symptom(names: Names) -> tuple[Check, ...]:
        checks = (each for role in roles for each in dns_is(role, names.dns_vip, "silent", "unreachable"))
        return (*checks, *(Check(role, Arp(names.dns_vip), (names.bridge_mac,)) for role in roles))

    return symptom


def _dns_fails_only(names: Names) -> tuple[Check, ...]:
    return (*dns_is("vm", names.dns_vip, "silent"), *dns_is("laptop", names.dns_vip, "served"))


def _hears_nobody(names: Names) -> tuple[Check, ...]:
    asked = (Check("vm", Arp(address), ("nobody",)) for address in (names.dns_vip, names.router_ip))
    return (*dns_is("vm", names.dns_vip, "unreachable"), *asked)


def _one_protocol(role: str, dead: str) -> Callable[[Names], tuple[Check, ...]]:
    def symptom(names: Names) -> tuple[Check, ...]:
        udp, tcp = dns_is(role, names.dns_vip, "silent")
        good_udp, good_tcp = dns_is(role, names.dns_vip, "served")
        return (udp, good_tcp) if dead == "udp" else (good_udp, tcp)

    return symptom


def _hangs(names: Names) -> tuple[Check, ...]:
    udp, tcp = dns_is("vm", names.dns_vip, "silent", "stalled")
    return (udp, tcp)


_CASE = Case(
    name="unknown-tap-ingress-drop",
    title="An nftables ingress rule on the VM's tap drops UDP to the VIP.",
    codes=(),
    fault=swallowing.tap_ingress,
    symptom=_one_protocol("vm", "udp"),
    targets=dns_targets,
)

CASES = (
    _CASE,
    replace(
        _CASE,
        name="unknown-uplink-ingress-drop",
        title="An nftables ingress rule on the uplink drops TCP to the VIP.",
        fault=swallowing.uplink_ingress,
        symptom=_one_protocol("laptop", "tcp"),
        client="laptop",
    ),
    replace(
        _CASE,
        name="unknown-tap-tc-drop",
        title="A tc filter on the VM's tap drops every IP packet; ARP passes.",
        fault=swallowing.tap_tc,
        symptom=_dns_fails("vm"),
    ),
    replace(
        _CASE,
        name="unknown-bridge-input-drop",
        title="A bridge-family rule drops what the host itself should take in for the VIP.",
        fault=swallowing.bridge_input,
        symptom=_dns_fails("vm", "laptop"),
        call_iptables=0,
    ),
    replace(
        _CASE,
        name="unknown-bridge-prerouting-drop",
        title="A bridge-family rule drops every frame to the VIP as soon as it enters the bridge.",
        fault=swallowing.bridge_prerouting,
        symptom=_dns_fails("vm", "laptop"),
    ),
    replace(
        _CASE,
        name="unknown-switch-drop",
        title="The LAN's switch drops packets to the VIP and lets ARP pass.",
        fault=swallowing.switch_drops,
        symptom=_dns_fails("laptop"),
        client="laptop",
    ),
    replace(
        _CASE,
        name="unknown-notrack",
        title="Packets to the VIP are not tracked, and so never translated.",
        fault=swallowing.untracked,
        symptom=_dns_fails("vm", "laptop"),
        call_iptables=0,
    ),
    replace(
        _CASE,
        name="unknown-pod-link-down",
        title="The pod's veth is down on the host.",
        fault=swallowing.pod_cut_off,
        symptom=_dns_fails("vm", "laptop"),
    ),
    replace(
        _CASE,
        name="unknown-backend-hangs",
        title="The server in the pod listens and never answers.",
        fault=swallowing.pod_hangs,
        symptom=_hangs,
    ),
    replace(
        _CASE,
        name="unknown-pod-filters",
        title="A packet filter inside the pod drops the queries.",
        fault=swallowing.pod_filters,
        symptom=_dns_fails("vm", "laptop"),
    ),
    replace(
        _CASE,
        name="unknown-host-misled",
        title="A permanent neighbour entry on the host sends what is for the VM to nobody.",
        fault=swallowing.host_misled,
        symptom=_dns_fails_only,
    ),
    replace(
        _CASE,
        name="unknown-link-deaf",
        title="Nothing leaves by the VM's tap: the VM hears neither the host nor its gateway.",
        fault=swallowing.tap_deaf,
        symptom=_hears_nobody,
    ),
    replace(
        _CASE,
        name="unknown-arp-lost",
        title="The switch loses ARP for the VIP and nothing else.",
        fault=swallowing.arp_lost,
        symptom=lambda names: (
            *dns_is("laptop", names.dns_vip, "unreachable"),
            *dns_is("vm", names.dns_vip, "served"),
        ),
        client="laptop",
    ),
    replace(
        _CASE,
        name="unknown-arp-answers-lost",
        title="A bridge rule keeps ARP answers for the VIP from the VM; the router, which asks too, is answered.",
        fault=swallowing.arp_answers_lost,
        symptom=lambda names: (
            *dns_is("vm", names.dns_vip, "unreachable"),
            *dns_is("laptop", names.dns_vip, "served"),
        ),
    ),
    replace(
        _CASE,
        name="unknown-hops-used-up",
        title="A rule on the host sets the hops left of packets to the VIP to one: none is forwarded to the pod.",
        fault=swallowing.last_hop,
        symptom=_dns_fails("vm", "laptop"),
    ),
    replace(
        _CASE,
        name="unknown-tracking-zone",
        title="Packets to the VIP are tracked in a zone of their own, and the answers belong to none of its flows.",
        fault=swallowing.zoned,
        symptom=_dns_fails("vm", "laptop"),
    ),
    replace(
        _CASE,
        name="unknown-quota-used-up",
        title="A firewall drops what goes to the pod beyond a quota: what is used of it no description of a packet tells.",
        fault=swallowing.used_up,
        symptom=_dns_fails("vm", "laptop"),
    ),
    replace(
        _CASE,
        name="unknown-pod-without-gateway",
        title="The pod has no default route, and under policy Local it answers the client itself.",
        fault=swallowing.pod_without_gateway,
        symptom=_dns_fails("vm", "laptop"),
    ),
)
