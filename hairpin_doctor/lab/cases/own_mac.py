"""An announcing interface with a MAC of its own: a macvlan on the bridge. Its recipe, and each of its traps.

laptop ── switch ── eno1 ─┤ bridge0 .246 ├─ vnet1 ── VM
                           └ metallb0 (macvlan, own MAC; announces the VIPs)

Flooding shows only with call-iptables 0: with 1 the frame is DNATed on the bridge and never forwarded (measured).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is
from hairpin_doctor.lab.checks import Arp, Check, Flooded, macs
from hairpin_doctor.lab.faults import (
    Fault,
    compose,
    forgetful_switch,
    own_mac_interface,
    sysctls,
    unannounced_interface,
)
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topologies.floating_address import kube_vip

RECIPE = {"rp_filter": 2, "arp_ignore": 1}
CLIENTS = ("vm", "laptop")


def _recipe(names: Names) -> Fault:
    return own_mac_interface(names, values=RECIPE, addressed=True, in_fdb=True)


def _answered_by(names: Names, address: Literal["vip", "node"], *answerers: str) -> tuple[Check, ...]:
    wanted = names.dns_vip if address == "vip" else names.host_ip
    return tuple(Check(role, Arp(wanted), (macs(*answerers),)) for role in CLIENTS)


def _good(names: Names) -> tuple[Check, ...]:
    return (
        *all_served(names, *CLIENTS),
        *_answered_by(names, "vip", names.own_mac),
        *_answered_by(names, "node", names.bridge_mac),
        Check("vm", Arp(names.host_ip, anonymous=True), (names.bridge_mac,)),
        Check("laptop", Flooded("vm", names.dns_vip), ("none",)),
    )


def _dropped(names: Names) -> tuple[Check, ...]:
    silent = (check for role in CLIENTS for check in dns_is(role, names.dns_vip, "silent"))
    return (
        *silent,
        *_answered_by(names, "vip", names.own_mac),
        *_answered_by(names, "node", names.bridge_mac),
    )


def _flux(names: Names) -> tuple[Check, ...]:
    both = _answered_by(names, "node", names.bridge_mac, names.own_mac)
    return (*all_served(names, *CLIENTS), *both)


def _floods(names: Names) -> tuple[Check, ...]:
    return (*all_served(names, *CLIENTS), Check("laptop", Flooded("vm", names.dns_vip), ("flooded",)))


def _twice(names: Names) -> tuple[Check, ...]:
    return (*all_served(names, *CLIENTS), *_answered_by(names, "vip", names.bridge_mac, names.own_mac))


def _kernel_answers_twice(names: Names) -> Fault:
    """A macvlan beside the bridge that holds the VIPs, with the kernel's defaults."""
    return unannounced_interface(names, values={"rp_filter": 0, "arp_ignore": 0}, addressed=False)


def _fault(
    values: dict[str, int], *, addressed: bool = True, in_fdb: bool = True, alone: bool = True
) -> Callable[[Names], Fault]:
    return lambda names: own_mac_interface(
        names, values=values, addressed=addressed, in_fdb=in_fdb, alone=alone
    )


def _recommended(all_rp_filter: int, call: Literal[0, 1]) -> Case:
    strictness = sysctls("host", {"net.ipv4.conf.all.rp_filter": all_rp_filter})
    return replace(
        _GOOD,
        name=f"recommended-interface-{all_rp_filter}-{call}",
        title=f"The recommended interface works with all.rp_filter {all_rp_filter} and call-iptables {call}.",
        fault=lambda names: compose(_recipe(names), strictness, forgetful_switch),
        call_iptables=call,
    )


_GOOD = Case(
    name="l2-on-metallb0-good",
    title="An announcing interface with its own MAC, built by the recipe without traps.",
    codes=(),
    fault=_recipe,
    symptom=_good,
    targets=all_targets,
)

CASES = (
    _GOOD,
    replace(
        _GOOD,
        name="metallb0-rp-filter",
        title="The own-MAC interface has no address: even loose rp_filter drops all that comes in by it.",
        codes=("HD401",),
        fault=_fault(RECIPE, addressed=False),
        symptom=_dropped,
        call_iptables=0,
    ),
    replace(
        _GOOD,
        name="metallb0-arp-flux",
        title="The own-MAC interface also answers for the node's own address: two MACs for one node.",
        codes=("HD208",),
        fault=_fault({"rp_filter": 0, "arp_ignore": 0}, addressed=False),
        symptom=_flux,
    ),
    replace(
        _GOOD,
        name="metallb0-floods",
        title="The bridge does not know the own-MAC interface's MAC and floods every frame to it into the LAN.",
        codes=("HD309",),
        fault=lambda names: compose(_fault(RECIPE, in_fdb=False)(names), forgetful_switch),
        symptom=_floods,
        call_iptables=0,
    ),
    replace(
        _GOOD,
        name="announced-twice",
        title="The bridge and the own-MAC interface both answer for the VIPs.",
        codes=("HD106",),
        fault=_fault(RECIPE, alone=False),
        symptom=_twice,
    ),
    replace(
        _GOOD,
        name="kernel-answers-twice",
        title="The VIPs are addresses of the bridge, and its kernel answers for them on the own-MAC interface too.",
        codes=("HD106", "HD208"),
        network=kube_vip,
        fault=_kernel_answers_twice,
        symptom=_twice,
    ),
    *(_recommended(strictness, call) for strictness in (0, 1, 2) for call in (0, 1)),
)
