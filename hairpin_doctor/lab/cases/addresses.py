"""Who else answers for the VIP's address: a stranger, a second node, the kernel of every node, the gateway.

laptop ─┐
router ─┼─ switch ── eno1 ─┤ bridge0 ├─ n5: announces and serves .53
n6 .247 ┤  (a second node: announces .53 too, or holds it as an address)
stranger ┘ (some machine that was given .53)
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from hairpin_doctor.lab.cases.arp import LONG
from hairpin_doctor.lab.cases.case import Case, all_served, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, Ping, macs
from hairpin_doctor.lab.faults import (
    Fault,
    compose,
    conf,
    interface,
    neighbour,
    no_announcer,
    on_switch,
    vips_local,
)
from hairpin_doctor.lab.homelab import station
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.second_node import second_node
from hairpin_doctor.lab.services import Announcer
from hairpin_doctor.lab.topology import CableEnd, Loopback, Ruleset

STRANGER = "stranger"


def _stranger(names: Names) -> Fault:
    """A station of the LAN that was given the DNS VIP as well."""
    addresses = (names.on_lan(names.nested_ip), names.on_lan(names.dns_vip))
    nic = CableEnd(name=names.lan_nic, mac=names.stranger_mac, addresses=addresses)
    return on_switch(station(STRANGER, f"{names.printer}-2", nic, names.router_ip))


def _believes(names: Names, mac: str) -> Fault:
    """The laptop has learned this MAC and keeps it while it is looked at."""
    patient = interface(
        "laptop", names.lan_nic, lambda nic: replace(nic, neigh={"base_reachable_time_ms": LONG})
    )
    return compose(patient, neighbour("laptop", names.lan_nic, names.dns_vip, mac, "reachable"))


def _answered_by(names: Names, *answerers: str) -> Check:
    return Check("laptop", Arp(names.dns_vip), (macs(*answerers),))


def _refused(names: Names) -> tuple[Check, ...]:
    return (
        _answered_by(names, names.bridge_mac, names.stranger_mac),
        *dns_is("laptop", names.dns_vip, "refused"),
        Check("laptop", Ping(names.dns_vip), ("reply",)),
    )


def _only_the_stranger(names: Names) -> tuple[Check, ...]:
    return (
        _answered_by(names, names.stranger_mac),
        *dns_is("laptop", names.dns_vip, "refused"),
    )


def _refused_by_itself(names: Names) -> tuple[Check, ...]:
    """What the stranger sends to the VIP does not leave it."""
    return dns_is(STRANGER, names.dns_vip, "refused")


def _won(names: Names) -> tuple[Check, ...]:
    both = _answered_by(names, names.bridge_mac, names.stranger_mac)
    return (both, *dns_is("laptop", names.dns_vip, "served"))


def _two_nodes(names: Names) -> tuple[Check, ...]:
    both = _answered_by(names, names.bridge_mac, names.other_node_mac)
    return (both, *all_served(names, "laptop"))


def _one_node_is_dead(names: Names) -> tuple[Check, ...]:
    both = _answered_by(names, names.bridge_mac, names.other_node_mac)
    return (both, *dns_is("laptop", names.dns_vip, "silent"))


def _unanswered(names: Names) -> tuple[Check, ...]:
    return (_answered_by(names), *dns_is("laptop", names.dns_vip, "unreachable"))


def _vips_on_loopback(names: Names) -> Fault:
    """As kube-proxy in IPVS mode without strictARP; the announcer goes on."""
    vips = tuple(ip_interface(vip) for vip in names.vips)
    return lambda t: t.change("host", lambda m: m.with_interface(Loopback(addresses=vips)))


_DUPLICATE = Case(
    name="duplicate-address",
    title="A machine of the LAN was given the VIP's address; it answers ARP before the announcer does.",
    codes=("HD203",),
    fault=_stranger,
    symptom=_refused,
    client="laptop",
    targets=dns_targets,
)
ARPTABLES = """table arp filter {{
    chain OUTPUT {{
        type filter hook output priority filter; policy accept;
        arp htype 1 arp hlen 6 arp plen 4 arp saddr ip {vip} counter drop
    }}
}}
"""
"""As `arptables-nft -A OUTPUT -s VIP -j DROP` writes it."""


def _answers_dropped(names: Names) -> Fault:
    rules = Ruleset("nft", ARPTABLES.format(vip=names.dns_vip))
    drop: Fault = lambda t: t.change("host", lambda m: replace(m, rulesets=(*m.rulesets, rules)))  # noqa: E731
    return compose(vips_local(names), no_announcer, conf("host", names.bridge, {"arp_ignore": 0}), drop)


_IGNORED = replace(
    _DUPLICATE,
    name="arp-ignored",
    title="The VIPs are addresses of the host's loopback interface, arp_ignore is 1, and no announcer runs.",
    codes=("HD209",),
    fault=lambda names: compose(vips_local(names), no_announcer),
    symptom=_unanswered,
)
_SPLIT = replace(
    _DUPLICATE,
    name="split-brain",
    title="Two nodes announce the VIP at once, and both serve it.",
    codes=("HD202",),
    fault=second_node,
    symptom=_two_nodes,
    repair=lambda names: ("other_node", Announcer(vips=(), interfaces=(names.lan_nic,)).daemon()),
)

CASES = (
    _IGNORED,
    replace(
        _IGNORED,
        name="arp-ignored-2",
        title="The VIPs are addresses of the host's loopback interface, arp_ignore is 2, and no announcer runs.",
        fault=lambda names: compose(
            vips_local(names), conf("host", names.bridge, {"arp_ignore": 2}), no_announcer
        ),
    ),
    replace(
        _IGNORED,
        name="arp-dropped-by-rules",
        title="The VIPs are addresses of the host's loopback interface, and a rule of arptables drops its answers.",
        fault=_answers_dropped,
        by_hand=lambda _: ("host", "nft flush chain arp filter OUTPUT"),
    ),
    replace(
        _SPLIT,
        name="every-node-holds-the-vip",
        title="Two nodes hold the VIPs on their loopback interfaces with arp_ignore 0: both kernels answer.",
        codes=("HD204",),
        fault=lambda names: compose(_vips_on_loopback(names), second_node(names, holds_vips=True)),
    ),
    _DUPLICATE,
    replace(
        _DUPLICATE,
        name="duplicate-address-scanned",
        title="A machine of the LAN was given the VIP's address, and the scan runs on that machine.",
        host=STRANGER,
    ),
    replace(
        _DUPLICATE,
        name="client-holds-the-vip",
        title="The client itself was given the VIP's address: what it sends there stays on it.",
        symptom=_refused_by_itself,
        client=STRANGER,
    ),
    replace(
        _DUPLICATE,
        name="duplicate-address-alone",
        title="A machine of the LAN has the VIP's address, and the announcer does not run: only the stranger answers.",
        fault=lambda names: compose(_stranger(names), no_announcer),
        symptom=_only_the_stranger,
    ),
    replace(
        _DUPLICATE,
        name="duplicate-address-loses-the-race",
        title="A machine of the LAN has the VIP's address, but this client has learned the right MAC.",
        fault=lambda names: compose(_stranger(names), _believes(names, names.bridge_mac)),
        symptom=_won,
    ),
    _SPLIT,
    replace(
        _SPLIT,
        name="split-brain-dead-node",
        title="Two nodes announce the VIP; the client took the one whose rules lead nowhere.",
        fault=lambda names: compose(
            second_node(names, names.pods[7 * 256 + 9]), _believes(names, names.other_node_mac)
        ),
        symptom=_one_node_is_dead,
    ),
)
