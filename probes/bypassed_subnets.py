"""Who answers ARP for a VIP in the client's own LAN, where the kernel does not send its packets there?

A policy rule of a VPN, a more specific route, or a container network of the same numbers takes packets away from the LAN in
which the VIP is. Asked is only where there is such an interface; and on the one that leads to the gateway of the VIP, as a
netmask that is too narrow hides an address of the LAN. IPv6 is asked by neighbour solicitations; its subnets are on-link
prefixes, which a router may advertise for an address of /128 (RFC 4861, RFC 5942). Cannot see who answers without
CAP_NET_RAW. Other interfaces whose subnet does not hold the VIP are not asked, though the VIP may be meant to be reached by
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_interface, ip_network

from probes.host import Absent, Host, NotAsked
from probes.probe import Layer, Scope, probe
from probes.questions.links import Link, Links
from probes.questions.neighbours import ArpReply, ArpSweep, NeighbourSolicitations
from probes.questions.routing import ConnectedPrefixes, Route, RouteTo
from probes.target import Address, Network

LONGEST_SUBNET = {4: 30, 6: 126}  # what is longer names single machines, not a LAN (RFC 3021, RFC 6164)


@dataclass(frozen=True)
class BypassedSubnet:
    """An interface whose subnet holds the VIP and by which the kernel does not send; `macs`: who answers there."""

    vip: Address
    interface: str
    subnet: Network
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


@dataclass(frozen=True)
class _OnLink:
    """A subnet at an interface, and the own address that asks there."""

    link: Link
    own: Address
    subnet: Network


@probe(Layer.NEIGHBOUR)
def bypassed_subnets(host: Host, scope: Scope) -> BypassedSubnetFacts:
    """Look for such interfaces, and ask on each."""
    links = host.ask(Links()) if scope.vips else ()
    return BypassedSubnetFacts(
        tuple(
            BypassedSubnet(vip, each.link.name, each.subnet, _macs(host, scope, vip, each))
            for vip in scope.vips
            for each in _bypassed(host, vip, _route(host, vip), links)
        ),
        tuple(
            BypassedSubnet(vip, each.link.name, each.subnet, macs)
            for vip in scope.vips
            for each in _towards_the_gateway(host, vip, _route(host, vip), links)
            if (macs := _heard_beside(host, scope, vip, each))
        ),
    )


def _towards_the_gateway(
    host: Host, vip: Address, route: Route | None, links: tuple[Link, ...]
) -> Iterator[_OnLink]:
    """The interface that leads to the gateway, with its subnet: the one that holds the gateway, if one does.

    None where a subnet of that interface holds the VIP. An IPv6 address of /128 without one is a subnet of its own.
    """
    gateway = route.gateway if route else None
    if route is None or gateway is None or gateway.version != vip.version:
        return
    for link in links:
        if link.name == route.interface and link.arp and link.broadcast:
            found = [*_subnets(host, vip, link), *(_single(link) if vip.version == 6 else ())]
            if not any(vip in each.subnet for each in found):
                yield from sorted(found, key=lambda each: gateway not in each.subnet)[:1]


def _heard_beside(host: Host, scope: Scope, vip: Address, where: _OnLink) -> tuple[str, ...]:
    try:
        return _macs(host, scope, vip, where)
    except NotAsked:  # a recording older than the question
        return ()


def _route(host: Host, vip: Address) -> Route | None:
    try:
        return host.ask(RouteTo(vip))
    except Absent:
        return None


def _bypassed(host: Host, vip: Address, route: Route | None, links: tuple[Link, ...]) -> Iterator[_OnLink]:
    if route is not None and route.type == "local":
        return
    for link in links:
        if route is not None and link.name == route.interface:
            continue
        if not (link.up and link.carrier and link.broadcast and link.arp) or link.master is not None:
            continue
        yield from [each for each in _subnets(host, vip, link) if vip in each.subnet][:1]


def _subnets(host: Host, vip: Address, link: Link) -> Iterator[_OnLink]:
    """Subnets of the VIP's version of IP at an interface that has an address to ask from."""
    own = tuple(_addresses(link, vip.version))
    longest = LONGEST_SUBNET[vip.version]
    for address, length in own:
        if length <= longest:
            yield _OnLink(link, address, ip_interface(f"{address}/{length}").network)
    if vip.version == 6 and own:
        for each in host.ask(ConnectedPrefixes()):
            prefix, here = each.prefix, each.interface == link.name and each.prefix.version == 6
            if here and prefix.prefixlen <= longest and not prefix.is_link_local:
                yield _OnLink(link, own[0][0], prefix)


def _single(link: Link) -> Iterator[_OnLink]:
    for address, length in _addresses(link, 6):
        if length > LONGEST_SUBNET[6]:
            yield _OnLink(link, address, ip_network(address))


def _addresses(link: Link, version: int) -> Iterator[tuple[Address, int]]:
    """With their prefix lengths; of IPv6 those alone that are in use, and no link-local ones, which tell of no LAN."""
    for each in link.addresses:
        address = each.address
        if isinstance(address, IPv6Address) and (address.is_link_local or each.state is not None):
            continue
        if address.version == version:
            yield address, each.prefix_length


def _macs(host: Host, scope: Scope, vip: Address, where: _OnLink) -> tuple[str, ...]:
    name, own, window = where.link.name, where.own, scope.arp_window_ms
    replies: tuple[ArpReply, ...] = ()
    if isinstance(vip, IPv6Address) and isinstance(own, IPv6Address):
        replies = host.ask(NeighbourSolicitations(name, own, None, (vip,), (), (), window)).replies
    elif isinstance(vip, IPv4Address) and isinstance(own, IPv4Address):
        replies = host.ask(ArpSweep(name, own, (vip,), (), window))
    return tuple(dict.fromkeys(reply.mac for reply in replies if reply.address == vip))
