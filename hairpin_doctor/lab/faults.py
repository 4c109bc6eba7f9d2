"""Faults (and other alterations) of the homelab. Each is a function Topology -> Topology; `compose` joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_interface
from typing import Literal

from hairpin_doctor.lab.homelab import (
    SWITCH_BRIDGE,
    Variant,
    cluster_services,
    kube_proxy_ruleset,
    port,
    station,
)
from hairpin_doctor.lab.ip import Address
from hairpin_doctor.lab.kube_proxy import Endpoint, Service
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import ANNOUNCER, Announcer, Session, bgp_router, bgp_speaker, dns_server
from hairpin_doctor.lab.topology import (
    Bridge,
    Cable,
    CableEnd,
    End,
    FdbEntry,
    Interface,
    Loopback,
    Machine,
    Macvlan,
    Neighbour,
    Route,
    Ruleset,
    Topology,
    change_interface,
)

Fault = Callable[[Topology], Topology]
BEHIND_OTHERS = 4096
"""The metric of a route that is taken only by who is bound to its interface; the kernel gives its own IPv6 ones 256."""

DROP_INVALID = """table inet firewall {
    chain forward {
        type filter hook forward priority filter; policy accept;
        ct state invalid drop
    }
}
"""


def compose(*faults: Fault) -> Fault:
    """All of them, the first one first."""

    def together(topology: Topology) -> Topology:
        for fault in faults:
            topology = fault(topology)
        return topology

    return together


def nothing(topology: Topology) -> Topology:
    """No fault at all."""
    return topology


def announcer(how: Callable[[Announcer], Announcer], role: str = "host") -> Fault:
    """Change how the announcer of `role` behaves."""

    def fault(topology: Topology) -> Topology:
        old = next(d for d in topology.machine(role).daemons if d.name == ANNOUNCER)
        return topology.change(role, lambda m: m.with_daemon(how(Announcer.of(old)).daemon()))

    return fault


def no_announcer(topology: Topology) -> Topology:
    """Nobody announces the VIPs over ARP."""
    return topology.change("host", lambda host: host.without_daemon(ANNOUNCER))


def sysctls(role: str, values: Mapping[str, int | str]) -> Fault:
    """Set sysctls of one machine."""
    return lambda topology: topology.change(role, lambda m: m.with_sysctls(values))


def interface(role: str, name: str, how: Callable[[Interface], Interface]) -> Fault:
    """Change one interface of one machine."""
    return lambda topology: topology.change(role, lambda m: change_interface(m, name, how))


def conf(role: str, name: str, values: Mapping[str, int]) -> Fault:
    """Set keys of net.ipv4.conf.NAME of one interface."""
    return interface(role, name, lambda nic: replace(nic, conf={**nic.conf, **values}))


def bgp(names: Names, advertised: tuple[Address, ...] | None = None) -> Fault:
    """BGP between host and router: the host advertises these addresses, all VIPs by default, as /32s."""
    routes = names.vips if advertised is None else advertised
    host = Session(names.host_ip, names.host_as, names.router_ip, names.router_as)
    router = Session(names.router_ip, names.router_as, names.host_ip, names.host_as)

    def fault(topology: Topology) -> Topology:
        speaking = topology.change("host", lambda m: m.with_daemon(bgp_speaker(host, routes)))
        return speaking.change("router", lambda m: m.with_daemon(bgp_router(router, routes)))

    return fault


def router_proxy_arp(names: Names) -> Fault:
    """The router answers ARP for what it has a route to, even out of the interface the request came in by.

    Over IPv6 for the addresses that it was told (ip-neighbour(8)): the VIPs.
    """
    if names.lan.version == 6:
        told = tuple(Neighbour(vip, names.router_mac, names.lan_nic, "proxy") for vip in names.vips)
        proxy: Fault = lambda t: t.change("router", lambda m: replace(m, neighbours=(*m.neighbours, *told)))  # noqa: E731
        return compose(sysctls("router", {"net.ipv6.conf.default.proxy_ndp": 1}), proxy)
    return conf("router", names.lan_nic, {"proxy_arp": 1, "proxy_arp_pvlan": 1})


def router_drops_invalid(topology: Topology) -> Topology:
    """A stateful firewall on the router: forwarded packets of no known connection are dropped."""
    rules = Ruleset("nft", DROP_INVALID)
    return topology.change("router", lambda m: replace(m, rulesets=(*m.rulesets, rules)))


def vips_local(names: Names) -> Fault:
    """The VIPs are addresses of the host too (as kube-ipvs0 holds them), under strict ARP.

    arp_announce=2 matters as much as arp_ignore=1: without it the host asks for a client's MAC with the VIP as
    sender, and that request alone teaches the client where the VIP is (measured).
    """
    vips = tuple(ip_interface(vip) for vip in names.vips)
    local: Fault = lambda t: t.change("host", lambda m: m.with_interface(Loopback(addresses=vips)))  # noqa: E731
    return compose(local, conf("host", names.bridge, {"arp_ignore": 1, "arp_announce": 2}))


def own_mac_interface(
    names: Names,
    *,
    values: Mapping[str, int],
    addressed: bool,
    in_fdb: bool,
    alone: bool = True,
    routed: bool = True,
) -> Fault:
    """A macvlan with a MAC of its own on the bridge, announcing. `alone`: no longer on the bridge itself.

    `values` go to net.ipv4.conf of the macvlan; `addressed` gives it a link-local /32; `in_fdb` tells the
    bridge its MAC (physics: without it, frames to it are flooded). Over IPv6, `routed` gives it a route to the LAN by
    which it answers, and which nothing else uses.
    """
    speaks_on = (names.own_mac_interface,) if alone else (names.bridge, names.own_mac_interface)
    made = unannounced_interface(names, values=values, addressed=addressed, in_fdb=in_fdb, routed=routed)
    return compose(made, announcer(lambda old: replace(old, interfaces=speaks_on)))


def unannounced_interface(
    names: Names,
    *,
    values: Mapping[str, int],
    addressed: bool = True,
    in_fdb: bool = True,
    routed: bool = False,
    holding: tuple[Address, ...] = (),
) -> Fault:
    """The same macvlan without a word to the announcer. `holding`: addresses that it carries besides."""
    name, bridge = names.own_mac_interface, names.bridge
    ways = (Route(names.lan, device=name, metric=BEHIND_OTHERS),) if routed and names.lan.version == 6 else ()
    addresses = (*((ip_interface(names.link_local),) if addressed else ()), *map(ip_interface, holding))
    macvlan = Macvlan(name=name, mac=names.own_mac, parent=bridge, addresses=addresses, conf=values)
    entry = (FdbEntry(names.own_mac, bridge, "self permanent"),) if in_fdb else ()

    def build(machine: Machine) -> Machine:
        routes = (*machine.routes, *ways)
        return replace(machine.with_interface(macvlan), fdb=(*machine.fdb, *entry), routes=routes)

    return lambda topology: topology.change("host", build)


def forgetful_switch(topology: Topology) -> Topology:
    """The LAN's switch learns nothing, as for a station it has not heard for five minutes."""

    def forget(nic: Interface) -> Interface:
        assert isinstance(nic, Bridge)
        return replace(nic, settings={**nic.settings, "ageing_time": 0})

    return interface("switch", SWITCH_BRIDGE, forget)(topology)


def neighbour(
    role: str, nic: str, address: Address, mac: str, state: Literal["permanent", "reachable", "stale"]
) -> Fault:
    """One machine believes that `address` is at `mac`."""
    entry = Neighbour(address, mac, nic, state)
    return lambda t: t.change(role, lambda m: replace(m, neighbours=(*m.neighbours, entry)))


def on_switch(machine: Machine, switch: str = "switch") -> Fault:
    """One more station: `machine`, cabled by its first interface to a switch."""
    plug = CableEnd(name=port(machine.role), master=SWITCH_BRIDGE)
    cable = Cable(End(switch, plug.name), End(machine.role, machine.interfaces[0].name))

    def fault(topology: Topology) -> Topology:
        return topology.change(switch, lambda m: m.with_interface(plug)).add(machine, cable)

    return fault


def services(names: Names, how: Callable[[Service], Service]) -> Fault:
    """kube-proxy's rules on the host, written anew for the cluster's Services as `how` changes each."""

    def reprogram(host: Machine) -> Machine:
        old = next(rules for rules in host.rulesets if "KUBE-" in rules.text or "kube-proxy" in rules.text)
        variant = Variant(kube_proxy="nftables" if old.tool == "nft" else "iptables")
        new = kube_proxy_ruleset(tuple(how(service) for service in cluster_services(names)), names, variant)
        return replace(host, rulesets=tuple(new if rules is old else rules for rules in host.rulesets))

    return lambda topology: topology.change("host", reprogram)


def dns_endpoint(names: Names, address: Address) -> Fault:
    """The DNS Service of the host's rules has this one endpoint, not on the node."""

    def how(service: Service) -> Service:
        mine = service.vip == names.dns_vip
        return replace(service, endpoints=(Endpoint(address, local=False),)) if mine else service

    return services(names, how)


def other_node_owns_dns(names: Names) -> Fault:
    """A second node on the LAN holds the DNS VIP as an address of its own (as kube-vip does) and serves it."""
    addresses = (names.on_lan(names.other_node_ip), ip_interface(names.dns_vip))
    nic = CableEnd(name=names.lan_nic, mac=names.other_node_mac, addresses=addresses)
    server = dns_server(names.dns_vip, {names.dns_record: names.vm_ip})
    node = station("other_node", names.other_node, nic, names.router_ip).with_daemon(server)
    return compose(on_switch(node), announcer(lambda old: replace(old, vips=(names.web_vip,))))
