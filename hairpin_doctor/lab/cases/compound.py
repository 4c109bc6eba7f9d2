"""Two faults at once. Both are named, or the one that the other masks appears once that is mended.

VM (wrong entry for .53, or the bridge's MAC)    udm (BGP, or proxy ARP)
   │                                              │
 vnet1 ─┤ bridge0 ├─ eno1 ── switch ──────────────┘
             └ metallb0 (no address, not in the FDB, flux)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, Expected, all_served, all_targets, dns_is, dns_targets
from hairpin_doctor.lab.checks import Check
from hairpin_doctor.lab.faults import (
    Fault,
    announcer,
    bgp,
    compose,
    dns_endpoint,
    interface,
    neighbour,
    no_announcer,
    other_node_owns_dns,
    own_mac_interface,
    router_proxy_arp,
    sysctls,
)
from hairpin_doctor.lab.filters import firewall
from hairpin_doctor.lab.names import Names

FLUX: Mapping[str, int] = {"rp_filter": 0, "arp_ignore": 0}
RECIPE: Mapping[str, int] = {"rp_filter": 2, "arp_ignore": 1}


def _stale(names: Names) -> Fault:
    return neighbour("vm", names.vm_nic, names.dns_vip, names.stranger_mac, "permanent")


def _routed(names: Names) -> Fault:
    return compose(no_announcer, bgp(names))


def _deaf(names: Names) -> Fault:
    return announcer(
        lambda old: replace(old, interfaces=(names.uplink,), habit="bound", listen_enslaved=True)
    )


def _port_mac(names: Names) -> Fault:
    return announcer(lambda old: replace(old, answer_with={names.bridge: names.uplink_mac}))


def _unaddressed(names: Names, *, in_fdb: bool) -> Fault:
    return own_mac_interface(names, values=RECIPE, addressed=False, in_fdb=in_fdb)


def _firewalled(names: Names) -> Fault:
    """A firewall on the host drops DNS to the pods."""
    pods = f"ip daddr {names.host_pods}"
    return firewall(f"{pods} udp dport 53 drop", f"{pods} tcp dport 53 drop")


def _same_mac(names: Names) -> Fault:
    return interface("vm", names.vm_nic, lambda nic: replace(nic, mac=names.bridge_mac))


def _fails(names: Names) -> tuple[Check, ...]:
    return dns_is("vm", names.dns_vip, "silent", "unreachable")


def _works(names: Names) -> tuple[Check, ...]:
    return all_served(names, "vm", "laptop")


def _then(code: str, allowed: tuple[str, ...] = ()) -> tuple[Expected, ...]:
    """Once the first cause is mended, this one is named."""
    return (Expected("diagnosed", (code,), allowed),)


_FLOODS = (Expected("healthy", ("HD309", "HD001")),)
"""Once the first cause is mended, all works and the flooding is left."""

_BGP_AND_STALE = Case(
    name="bgp-and-stale-neighbour",
    title="The VIP is routed in the VM's own subnet, and the VM holds a wrong entry for it besides.",
    codes=("HD601", "HD205"),
    afterwards=_then("HD205"),
    fault=lambda names: compose(_routed(names), _stale(names)),
    symptom=_fails,
    call_iptables=0,
    targets=dns_targets,
)

CASES = (
    _BGP_AND_STALE,
    replace(
        _BGP_AND_STALE,
        name="deaf-and-stale-neighbour",
        title="The announcer listens on a bridge port, and the VM holds a wrong entry for the VIP besides.",
        codes=("HD104", "HD205"),
        afterwards=_then("HD205"),
        fault=lambda names: compose(_deaf(names), _stale(names)),
    ),
    replace(
        _BGP_AND_STALE,
        name="port-mac-and-stale-neighbour",
        title="The VIP answers with a port's MAC, and the VM holds yet another wrong one.",
        codes=("HD205", "HD301"),
        afterwards=_then("HD301"),
        fault=lambda names: compose(_port_mac(names), _stale(names)),
    ),
    replace(
        _BGP_AND_STALE,
        name="rp-filter-and-stale-neighbour",
        title="The announcing interface drops everything, and the VM sends to a MAC that nobody has.",
        codes=("HD205", "HD401"),
        afterwards=_then("HD401"),
        fault=lambda names: compose(_unaddressed(names, in_fdb=True), _stale(names)),
    ),
    replace(
        _BGP_AND_STALE,
        name="rp-filter-and-floods",
        title="The announcing interface has no address and is unknown to its bridge.",
        codes=("HD401", "HD309"),
        afterwards=_FLOODS,
        fault=lambda names: _unaddressed(names, in_fdb=False),
    ),
    replace(
        _BGP_AND_STALE,
        name="flux-and-floods",
        title="The announcing interface answers for the node too, and its bridge does not know its MAC.",
        codes=("HD208", "HD309"),
        afterwards=_FLOODS,
        fault=lambda names: own_mac_interface(names, values=FLUX, addressed=True, in_fdb=False),
        symptom=_works,
    ),
    replace(
        _BGP_AND_STALE,
        name="twice-and-floods",
        title="Announced on bridge and macvlan alike, and the bridge does not know the macvlan's MAC.",
        codes=("HD106", "HD309"),
        afterwards=_FLOODS,
        fault=lambda names: own_mac_interface(
            names, values=RECIPE, addressed=True, in_fdb=False, alone=False
        ),
        symptom=_works,
    ),
    replace(
        _BGP_AND_STALE,
        name="duplicate-mac-and-bgp",
        title="The VM has the bridge's MAC, and the VIP is routed in the VM's own subnet.",
        codes=("HD310", "HD601"),
        afterwards=_then("HD601", allowed=("HD310",)),
        fault=lambda names: compose(_same_mac(names), _routed(names)),
    ),
    replace(
        _BGP_AND_STALE,
        name="proxy-arp-and-stale-neighbour",
        title="The router answers ARP beside the announcer, and the VM holds a wrong entry.",
        codes=("HD205", "HD206"),
        afterwards=(),
        fault=lambda names: compose(router_proxy_arp(names), _stale(names)),
    ),
    replace(
        _BGP_AND_STALE,
        name="stolen-frames-and-stale-neighbour",
        title="The host's rules catch frames for another node's VIP, and the VM holds a wrong entry for it.",
        codes=("HD205", "HD303"),
        afterwards=_then("HD303"),
        fault=lambda names: compose(
            other_node_owns_dns(names), dns_endpoint(names, names.pods[7 * 256 + 9]), _stale(names)
        ),
        call_iptables=1,
    ),
    replace(
        _BGP_AND_STALE,
        name="two-vips-two-faults",
        title="Nobody announces the web VIP; the VM holds a wrong entry for the DNS VIP.",
        codes=("HD205", "HD201"),
        afterwards=_then("HD201", allowed=("HD001", "HD002")),
        fault=lambda names: compose(
            announcer(lambda old: replace(old, vips=(names.dns_vip,))), _stale(names)
        ),
        targets=all_targets,
    ),
    replace(
        _BGP_AND_STALE,
        name="deaf-and-firewall",
        title="The announcer listens on a bridge port, and a firewall on the host drops DNS to the pods.",
        codes=("HD104", "HD405"),
        afterwards=_then("HD405"),
        fault=lambda names: compose(_deaf(names), _firewalled(names)),
        call_iptables=None,
    ),
    replace(
        _BGP_AND_STALE,
        name="rp-filter-and-firewall",
        title="The announcing interface drops everything, and a firewall would drop DNS to the pods.",
        codes=("HD401", "HD405"),
        afterwards=_then("HD405"),
        fault=lambda names: compose(_unaddressed(names, in_fdb=True), _firewalled(names)),
    ),
    replace(
        _BGP_AND_STALE,
        name="bgp-and-forwarding-off",
        title="The VIP is routed in the VM's own subnet, and the host forwards nothing to its pods.",
        codes=("HD601", "HD404"),
        afterwards=_then("HD404"),
        fault=lambda names: compose(_routed(names), sysctls("host", {"net.ipv4.ip_forward": 0})),
        call_iptables=None,
    ),
    replace(
        _BGP_AND_STALE,
        name="stale-neighbour-and-firewall",
        title="The VM sends to a MAC that nobody has, and a firewall on the host drops DNS to the pods.",
        codes=("HD205", "HD405"),
        afterwards=_then("HD405"),
        fault=lambda names: compose(_stale(names), _firewalled(names)),
    ),
)
