"""Who answers ARP for a VIP in the client's own LAN, where the kernel does not send its packets there?

A policy rule of a VPN, a more specific route, or a container network of the same numbers takes packets away from the LAN in
which the VIP is. Asked is only where there is such an interface; and on the one that leads to the gateway of the VIP, as a
netmask that is too narrow hides an address of the LAN. Cannot see who answers without CAP_NET_RAW. Other interfaces whose
subnet does not hold the VIP are not asked, though the VIP may be meant to be reached by them. IPv4 only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from probes.host import Absent, Host, NotAsked
from probes.probe import Layer, Scope, probe
from probes.questions.links import Link, Links
from probes.questions.neighbours import ArpSweep
from probes.questions.routing import Route, RouteTo

LONGEST_SUBNET = 30  # /31 and /32 name single machines, not a LAN


@dataclass(frozen=True)
class BypassedSubnet:
    """An interface whose subnet holds the VIP and by which the kernel does not send; `macs`: who answers there."""

    vip: IPv4Address
    interface: str
    subnet: IPv4Network
    macs: tuple[str, ...]


@dataclass(frozen=True)
class BypassedSubnetFacts:
    """Every such interface of every VIP. `beside`: the subnets beside which a VIP is answered for, on the gateway's link."""

    subnets: tuple[BypassedSubnet, ...]
    beside: tuple[BypassedSubnet, ...] = ()

    def of(self, vip: object) -> tuple[BypassedSubnet, ...]:
        """Those of a VIP, with an answer first."""
        found = (each for each in self.subnets if each.vip == vip)
        return tuple(sorted(found, key=lambda each: not each.macs))


@probe(Layer.NEIGHBOUR)
def bypassed_subnets(host: Host, scope: Scope) -> BypassedSubnetFacts:
    """Look for such interfaces, and ask on each."""
    vips = [vip for vip in scope.vips if isinstance(vip, IPv4Address)]
    links = host.ask(Links()) if vips else ()
    return BypassedSubnetFacts(
        tuple(
            BypassedSubnet(vip, link.name, own.network, _macs(host, scope, vip, link, own))
            for vip in vips
            for link, own in _bypassed(vip, _route(host, vip), links)
        ),
        tuple(
            BypassedSubnet(vip, link.name, own.network, macs)
            for vip in vips
            for link, own in _towards_the_gateway(_route(host, vip), links)
            if vip not in own.network and (macs := _heard_beside(host, scope, vip, link, own))
        ),
    )


def _towards_the_gateway(
    route: Route | None, links: tuple[Link, ...]
) -> Iterator[tuple[Link, IPv4Interface]]:
    """The interface that leads to the gateway, with its subnet: the one that holds the gateway, if one does."""
    gateway = route.gateway if route else None
    if route is None or not isinstance(gateway, IPv4Address):
        return
    for link in links:
        if link.name == route.interface and link.arp and link.broadcast:
            subnets = sorted(_subnets(link), key=lambda own: gateway not in own.network)
            yield from ((link, own) for own in subnets[:1])


def _heard_beside(
    host: Host, scope: Scope, vip: IPv4Address, link: Link, own: IPv4Interface
) -> tuple[str, ...]:
    try:
        return _macs(host, scope, vip, link, own)
    except NotAsked:  # a recording older than the question
        return ()


def _route(host: Host, vip: IPv4Address) -> Route | None:
    try:
        return host.ask(RouteTo(vip))
    except Absent:
        return None


def _bypassed(
    vip: IPv4Address, route: Route | None, links: tuple[Link, ...]
) -> Iterator[tuple[Link, IPv4Interface]]:
    if route is not None and route.type == "local":
        return
    for link in links:
        if route is not None and link.name == route.interface:
            continue
        if not (link.up and link.carrier and link.broadcast and link.arp) or link.master is not None:
            continue
        holding = next((own for own in _subnets(link) if vip in own.network), None)
        if holding is not None:
            yield link, holding


def _subnets(link: Link) -> Iterator[IPv4Interface]:
    for each in link.addresses:
        if isinstance(each.address, IPv4Address) and each.prefix_length <= LONGEST_SUBNET:
            yield IPv4Interface(f"{each.address}/{each.prefix_length}")


def _macs(host: Host, scope: Scope, vip: IPv4Address, link: Link, own: IPv4Interface) -> tuple[str, ...]:
    replies = host.ask(ArpSweep(link.name, own.ip, (vip,), (), scope.arp_window_ms))
    return tuple(dict.fromkeys(reply.mac for reply in replies if reply.address == vip))
