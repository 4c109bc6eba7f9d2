"""The answers do not find back: another NIC, or a policy rule, takes them.

remote ── router ─┐
laptop ───────────┴─ switch ── eno1 ─┤ bridge0 ├─ n5 ── pods
                        second switch ── enp197s0 ─┘ (the answers leave here)

Or the requests do not find there: the VM has a container network of the VIP's numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_interface, ip_network

from hairpin_doctor.lab.cases.case import Case, all_served, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.faults import Fault, compose, conf, no_announcer, vips_local
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Bridge, Machine, Route

VPN_TABLE = 5270


def _captured(what: Callable[[Names], str]) -> Callable[[Names], Fault]:
    """A rule of a VPN sends this into a table of its own, which leads the LAN's addresses to the second NIC."""

    def fault(names: Names) -> Fault:
        route = Route(names.lan, device=names.second_nic, table=VPN_TABLE)
        policy = f"{what(names)} lookup {VPN_TABLE} priority {VPN_TABLE}"
        return lambda t: t.change(
            "host", lambda m: replace(m, routes=(*m.routes, route), policies=(*m.policies, policy))
        )

    return fault


def _everything_captured(names: Names) -> Fault:
    """A VPN's rule takes all that has no mark of its own (wg-quick(8)), and nothing spares what the main table knows."""
    route = Route(ip_network("0.0.0.0/0"), device=names.second_nic, table=VPN_TABLE)
    policy = f"not fwmark {VPN_TABLE} lookup {VPN_TABLE} priority {VPN_TABLE}"
    return lambda t: t.change(
        "host", lambda m: replace(m, routes=(*m.routes, route), policies=(*m.policies, policy))
    )


def _by_the_second_nic(names: Names) -> Fault:
    """A route to the remote subnet by a machine of the second segment, which forwards nothing."""
    route = Route(names.remote_lan, names.second_lan[20])
    return lambda t: t.change("host", lambda m: replace(m, routes=(*m.routes, route)))


def _container_network(names: Names) -> Fault:
    """The VM has a bridge for containers, and a route to it for a piece of the LAN in which the VIP is."""
    own = "172.31.251.1/24" if names.lan.version == 4 else "fd00:ac1f:fb::1/64"
    bridge = Bridge(name="br-5a0d1f", addresses=(ip_interface(own),))
    piece = ip_network((names.dns_vip, names.dns_vip.max_prefixlen - 1), strict=False)
    route = Route(piece, device=bridge.name)
    return lambda t: t.change("vm", lambda m: replace(m.with_interface(bridge), routes=(*m.routes, route)))


def _vpn_on_the_client(names: Names) -> Fault:
    """The VM's VPN has a policy rule for the LAN, and a table that leads its addresses into the tunnel."""
    tunnel = Bridge(name="vpn0", addresses=(ip_interface("172.31.251.1/24"),))
    route = Route(names.lan, device=tunnel.name, table=VPN_TABLE)
    policy = f"to {names.lan} lookup {VPN_TABLE} priority {VPN_TABLE}"

    def connected(machine: Machine) -> Machine:
        routed = replace(machine.with_interface(tunnel), routes=(*machine.routes, route))
        return replace(routed, policies=(*machine.policies, policy))

    return lambda t: t.change("vm", connected)


def _without_a_default_route(names: Names) -> Fault:
    """The host knows its own segments and its pods, and no router."""

    def known(machine: Machine) -> Machine:
        return replace(machine, routes=tuple(each for each in machine.routes if each.via != names.router_ip))

    return lambda t: t.change("host", known)


def _only_the_vm_fails(names: Names) -> tuple[Check, ...]:
    return (
        *dns_is("vm", names.dns_vip, "silent", "unreachable"),
        *dns_is("laptop", names.dns_vip, "served"),
    )


def _silent(names: Names) -> tuple[Check, ...]:
    answered = Check("laptop", Arp(names.dns_vip), (names.bridge_mac,))
    return (answered, *dns_is("laptop", names.dns_vip, "silent"))


def _only_the_remote_fails(names: Names) -> tuple[Check, ...]:
    return (*dns_is("remote", names.dns_vip, "silent"), *all_served(names, "laptop"))


_POLICY = Case(
    name="policy-route-captures-lan",
    title="A VPN's policy rule sends packets for the LAN into its own table; answers leave by another NIC.",
    codes=("HD406",),
    fault=_captured(lambda names: f"to {names.lan}"),
    symptom=_silent,
    client="laptop",
    targets=dns_targets,
)


def _filtered(names: Names) -> Fault:
    """The VIPs are the host's own, arp_filter is 1 on the bridge, and packets from the VIP go by a VPN's table."""
    strict = conf("host", names.bridge, {"arp_ignore": 0, "arp_filter": 1})
    return compose(vips_local(names), _captured(lambda n: f"from {n.dns_vip}")(names), no_announcer, strict)


def _unanswered(names: Names) -> tuple[Check, ...]:
    return (Check("laptop", Arp(names.dns_vip), ("nobody",)), *dns_is("laptop", names.dns_vip, "unreachable"))


CASES = (
    _POLICY,
    replace(
        _POLICY,
        name="arp-filtered",
        title="The VIPs are addresses of the host, arp_filter is 1, and its way back to the client is another NIC.",
        codes=("HD209",),
        fault=_filtered,
        symptom=_unanswered,
    ),
    replace(
        _POLICY,
        name="client-routes-vip-elsewhere",
        title="The VM has a route into a container network for that piece of the LAN in which the VIP is.",
        codes=("HD409",),
        fault=_container_network,
        symptom=_only_the_vm_fails,
        client="vm",
    ),
    replace(
        _POLICY,
        name="client-vpn-takes-the-lan",
        title="A VPN of the VM has a policy rule for the very LAN that it is used in.",
        codes=("HD409",),
        fault=_vpn_on_the_client,
        symptom=_only_the_vm_fails,
        client="vm",
    ),
    replace(
        _POLICY,
        name="policy-route-captures-pods",
        title="A policy rule sends what pods send into a VPN's table; the host's own traffic is not touched.",
        fault=_captured(lambda names: f"from {ip_network(names.pods)}"),
    ),
    replace(
        _POLICY,
        name="policy-route-captures-requests",
        title="A VPN's rule takes all that has no mark: what is for the pods as well.",
        fault=_everything_captured,
    ),
    replace(
        _POLICY,
        name="no-way-back",
        title="The host has no default route: clients beyond the router get no answer.",
        codes=("HD410",),
        fault=_without_a_default_route,
        symptom=_only_the_remote_fails,
        client="remote",
        by_hand=lambda names: ("host", f"ip route add default via {names.router_ip}"),
    ),
    replace(
        _POLICY,
        name="multihomed-asymmetry",
        title="The host's route to the remote client leads by its second NIC, where nobody forwards.",
        codes=("HD402",),
        fault=_by_the_second_nic,
        symptom=_only_the_remote_fails,
        client="remote",
    ),
)
