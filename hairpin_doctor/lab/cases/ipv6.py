"""The homelab with IPv6 alone: healthy, and VIPs whose neighbour solicitations are not heard or not answered.

VM ── vnet1 ─┤ bridge0 (snoops MLD, a querier is known) ├─ eno1 ── switch ── laptop
                  └─ announcer on the host, which never joined the VIP's group of ff02::1:ff00:0/104
"""

from __future__ import annotations

from dataclasses import fields, replace
from ipaddress import IPv4Address, IPv6Network
from typing import Any

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is, dns_targets
from hairpin_doctor.lab.cases.filtering import only_bridges
from hairpin_doctor.lab.checks import Check, Ndp, macs
from hairpin_doctor.lab.daemon import Daemon
from hairpin_doctor.lab.faults import (
    Fault,
    announcer,
    compose,
    interface,
    no_announcer,
    nothing,
    own_mac_interface,
    sysctls,
    unannounced_interface,
)
from hairpin_doctor.lab.filters import firewall
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer
from hairpin_doctor.lab.topologies.floating_address import kube_vip
from hairpin_doctor.lab.topology import Bridge, Interface, Port

SNOOPING = {"mcast_snooping": 1, "mcast_query_response_interval": 10, "mcast_startup_query_interval": 100}
"""Times in 1/100 s: a querier counts once its first query could have been answered, by default after 10 s."""


def _ipv6(names: Names) -> Names:
    """The same network with unique local IPv6 addresses (RFC 4193): the machines keep their numbers in the subnet."""
    if names.lan.version == 6:
        return names
    base = (0xFD00 << 112) | (int(names.lan.network_address) << 80)

    def subnet(number: int, length: int = 64) -> IPv6Network:
        return IPv6Network((base | (number << 64), length))

    changed: dict[str, Any] = {
        each.name: subnet(1)[int(value) - int(names.lan.network_address)]
        for each in fields(names)
        if isinstance(value := getattr(names, each.name), IPv4Address) and value in names.lan
    }
    changed |= {name: subnet(number) for number, name in enumerate(("second_lan", "remote_lan", "pods"), 2)}
    return replace(names, **changed, lan=subnet(1), services=subnet(5, 112))


def over_ipv6(case: Case) -> Case:
    """The case with the same names, and IPv6 addresses in the place of IPv4 ones."""
    repair, by_hand, recovered, moved = case.repair, case.by_hand, case.recovered, case.moved
    return replace(
        case,
        name=f"{case.name}-ipv6",
        addressed=_ipv6,
        network=lambda names, variant: case.network(_ipv6(names), variant),
        fault=lambda names: case.fault(_ipv6(names)),
        symptom=lambda names: case.symptom(_ipv6(names)),
        targets=lambda names: case.targets(_ipv6(names)),
        cluster=lambda names: case.cluster(_ipv6(names)),
        repair=(lambda names: repair(_ipv6(names))) if repair else None,
        by_hand=(lambda names: by_hand(_ipv6(names))) if by_hand else None,
        recovered=(lambda names: recovered(_ipv6(names))) if recovered else None,
        moved=(lambda names: moved(_ipv6(names))) if moved else None,
    )


def _healthy(names: Names) -> tuple[Check, ...]:
    asked = (Check(role, Ndp(names.dns_vip), (names.bridge_mac,)) for role in ("vm", "laptop"))
    return (*all_served(names, "vm", "laptop", "remote"), *asked)


def snooping(names: Names) -> Fault:
    """The host's bridge snoops MLD and asks for members itself."""

    def snoop(nic: Interface) -> Interface:
        assert isinstance(nic, Bridge)
        return replace(nic, settings={**nic.settings, **SNOOPING}, querier=True)

    return interface("host", names.bridge, snoop)


def _never_joined(names: Names) -> Fault:
    """The announcer takes frames as Cilium's BPF program does, and joins no group."""
    deaf = announcer(lambda old: replace(old, hears="frames"))
    return compose(snooping(names), deaf)


def _unheard(names: Names) -> tuple[Check, ...]:
    """Not asked directly: the kernel would take the answer, and the VIP work for a while."""
    return (
        Check("vm", Ndp(names.dns_vip), ("nobody",)),
        *dns_is("vm", names.dns_vip, "unreachable", "silent"),
        Check("vm", Ndp(names.host_ip), (names.bridge_mac,)),
    )


def _silent(names: Names) -> tuple[Check, ...]:
    asked = (Check("vm", Ndp(names.dns_vip, at), ("nobody",)) for at in (None, names.bridge_mac))
    return (*asked, *dns_is("vm", names.dns_vip, "unreachable", "silent"))


def _unheard_beyond_the_bridge(names: Names) -> tuple[Check, ...]:
    silent = dns_is("vm", names.dns_vip, "unreachable", "silent")
    return (Check("vm", Ndp(names.dns_vip), ("nobody",)), *silent, *dns_is("laptop", names.dns_vip, "served"))


def _without_a_way_back(names: Names) -> Fault:
    """Somebody who listens on the own-MAC interface alone, which has no route to the LAN."""
    interface = own_mac_interface(names, values={}, addressed=True, in_fdb=True, routed=False)
    return compose(interface, announcer(lambda old: replace(old, habit="bound")))


def _unflooded(names: Names) -> Fault:
    """The host's bridge floods no multicast out of its uplink, behind which another node announces and serves the VIP."""
    quiet = interface("host", names.uplink, lambda nic: replace(nic, port=Port(mcast_flood=False)))
    return compose(only_bridges(names), quiet)


def _twice(names: Names) -> tuple[Check, ...]:
    both = macs(names.bridge_mac, names.own_mac)
    asked = (Check(role, Ndp(names.dns_vip), (both,)) for role in ("vm", "laptop"))
    return (*all_served(names, "vm", "laptop"), *asked)


_NO_LINK_LOCAL = sysctls("host", {"net.ipv6.conf.default.addr_gen_mode": 1})
"""none (ip-sysctl): the bridge has its own address, and no link-local one."""


def _speaker_anew(names: Names) -> tuple[str, Daemon]:
    return "host", Announcer(vips=names.vips, interfaces=(names.bridge,)).daemon()


_UNHEARD = Case(
    name="ndp-unheard",
    title="The bridge snoops MLD and knows a querier, and the IPv6 VIP's announcer joined no group.",
    codes=("HD211",),
    fault=_never_joined,
    symptom=_unheard,
    targets=dns_targets,
)

_CASES = (
    Case(
        name="healthy",
        title="Every client reaches every IPv6 VIP; the speaker answers neighbour solicitations on the bridge.",
        codes=("HD002",),
        fault=lambda _: nothing,
        symptom=_healthy,
        targets=all_targets,
    ),
    Case(
        name="healthy-snooping",
        title="The bridge snoops MLD and knows a querier; the speaker joins the VIPs' groups, and all works.",
        codes=("HD002",),
        fault=snooping,
        symptom=_healthy,
        targets=all_targets,
    ),
    _UNHEARD,
    replace(
        _UNHEARD,
        name="no-link-local",
        title="The announcing bridge has no link-local address: the speaker cannot open its NDP responder there.",
        fault=lambda _: _NO_LINK_LOCAL,
        symptom=_silent,
        by_hand=lambda names: ("host", f"ip -6 address add fe80::5/64 dev {names.bridge} nodad"),
        repair=_speaker_anew,
    ),
    replace(
        _UNHEARD,
        name="answers-without-a-route",
        title="The speaker hears on an own-MAC interface that has no route to the LAN: its answers cannot be sent.",
        fault=_without_a_way_back,
        symptom=_silent,
    ),
    replace(
        _UNHEARD,
        name="firewall-drops-solicitations",
        title="A firewall with policy drop meets what the host's bridge passes on: another node never hears the question.",
        codes=("HD305",),
        fault=lambda names: compose(only_bridges(names), firewall(policy="drop")),
        symptom=_unheard_beyond_the_bridge,
        call_iptables=1,
    ),
    replace(
        _UNHEARD,
        name="port-floods-no-multicast",
        title="The bridge's uplink has mcast_flood off, and the VIP's announcer is another node behind it.",
        fault=_unflooded,
        symptom=_unheard_beyond_the_bridge,
    ),
    replace(
        _UNHEARD,
        name="kernel-answers-twice",
        title="The bridge and the own-MAC interface both carry the IPv6 VIPs: the kernel answers on both.",
        codes=("HD106",),
        network=kube_vip,
        fault=lambda names: unannounced_interface(names, values={}, holding=names.vips),
        symptom=_twice,
    ),
    replace(
        _UNHEARD,
        name="nobody-announces",
        title="Nobody announces the IPv6 VIP, and no station of the link answers for it, however it is asked.",
        codes=("HD201",),
        fault=lambda names: compose(snooping(names), no_announcer),
        symptom=_silent,
    ),
)

CASES = tuple(map(over_ipv6, _CASES))
