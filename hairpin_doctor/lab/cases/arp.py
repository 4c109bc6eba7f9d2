"""Who answers ARP, and what the client remembers of it.

VM (neighbour entry: .53 at a MAC nobody has)      udm .1 (proxy ARP) and n5 .246 both answer for .53

A wrong neighbour entry harms only with call-iptables 0: with 1 the host's DNAT catches the VM's frames whatever MAC
they are sent to (measured).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, macs
from hairpin_doctor.lab.faults import Fault, compose, interface, neighbour, router_proxy_arp
from hairpin_doctor.lab.names import Names

LONG = 600_000
"""Milliseconds that a learned entry stays REACHABLE, so that it cannot heal while it is looked at."""


def _wrong(names: Names, state: Literal["permanent", "reachable"]) -> Fault:
    return neighbour("vm", names.vm_nic, names.dns_vip, names.stranger_mac, state)


def _learned(names: Names) -> Fault:
    patient = interface("vm", names.vm_nic, lambda nic: replace(nic, neigh={"base_reachable_time_ms": LONG}))
    return compose(patient, _wrong(names, "reachable"))


def _only_the_vm_fails(names: Names) -> tuple[Check, ...]:
    live = Check("vm", Arp(names.dns_vip), (names.bridge_mac,))
    return (*dns_is("vm", names.dns_vip, "silent"), live, *all_served(names, "laptop"))


def _two_answer(names: Names) -> tuple[Check, ...]:
    both = macs(names.bridge_mac, names.router_mac)
    asked = (Check(role, Arp(names.dns_vip), (both,)) for role in ("vm", "laptop"))
    return (*all_served(names, "vm", "laptop"), *asked)


def _proxy_arp_off(names: Names) -> tuple[str, str]:
    keys = (f"net.ipv4.conf.{names.lan_nic}.{key}=0" for key in ("proxy_arp", "proxy_arp_pvlan"))
    return "router", f"sysctl -w {' '.join(keys)}"


_PERMANENT = Case(
    name="stale-neighbour",
    title="The VM holds a permanent neighbour entry with a wrong MAC; everybody else reaches the VIP.",
    codes=("HD205",),
    fault=lambda names: _wrong(names, "permanent"),
    symptom=_only_the_vm_fails,
    call_iptables=0,
    targets=dns_targets,
)

CASES = (
    _PERMANENT,
    replace(
        _PERMANENT,
        name="stale-neighbour-learned",
        title="The VM still believes an old MAC that it learned; everybody else reaches the VIP.",
        fault=_learned,
    ),
    replace(
        _PERMANENT,
        name="proxy-arp-beside-announcer",
        title="The router answers by proxy ARP beside the announcer; who wins the race decides the path.",
        codes=("HD206",),
        fault=router_proxy_arp,
        by_hand=_proxy_arp_off,
        symptom=_two_answer,
        call_iptables=None,
        targets=all_targets,
    ),
)
