"""If only the gateway or nobody answers ARP (NDP) for a VIP, or it is routed and fails: by which node does the gateway send?

If so, the VIP is routed (BGP, static), not announced on this link. Asked by an echo request that goes to the gateway's
MAC with a TTL (hop limit) of 2: the node behind the gateway's route, or the gateway by a redirect, gives itself away. A
redirect to the VIP itself shows a gateway that asks by ARP. Cannot see by which protocol the gateway learned its route;
routers that send no ICMP messages leave it open, and an IPv6 router redirects only to a next hop that it knows by its
link-local address. Needs CAP_NET_RAW.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from probes.answering_machines import UNROUTED_TTLS, works
from probes.arp import ArpFacts, arp
from probes.host import Absent, Host, Unanswered
from probes.neighbours import UNUSABLE, asked_in_vain
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import Links
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbour, Neighbours
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import RoutedEcho, RoutedEchoes
from probes.routes import SOMEWHERE_ELSE, SOMEWHERE_ELSE_IPV6
from probes.service_rules import service_rules
from probes.target import Address

PATIENCE_MS = 600


@dataclass(frozen=True)
class Gateway:
    """The next hop of a default route, and the MACs by which it was known when it was asked."""

    address: Address
    macs: tuple[str, ...]

    def said(self, message: IcmpMessage) -> bool:
        """Whether the message is its own: by its address, or by its MAC where no router can have sent it on."""
        own_frame = message.mac in self.macs and message.hop_limit in UNROUTED_TTLS
        return message.sender == self.address or own_frame


@dataclass(frozen=True)
class RoutedPathFacts:
    """What came back by way of the gateways; VIPs that somebody on the link answers for were not tried.

    `gateways`: at most one for each version of IP. `silent`: gateways of the VIPs for whose MAC the kernel asked in vain.
    """

    gateways: tuple[Gateway, ...]
    echoes: tuple[RoutedEcho, ...]
    silent: tuple[Address, ...] = ()

    def gateway(self, vip: Address) -> Gateway | None:
        """The gateway by which this VIP was, or would have been, tried."""
        return next((each for each in self.gateways if each.address.version == vip.version), None)

    def next_hop(self, vip: Address) -> Address | None:
        """The node by which the gateway reaches the VIP; the VIP itself where it answered; None where nothing shows.

        Without a redirect, the gateway may have got an ARP answer that the client does not get. An IPv6 redirect names the
        node by its link-local address: the one that it answers from says more.
        """
        if self._asks_by_arp(vip):
            return None
        redirected, beyond = self.redirected_to(vip), self._beyond_the_gateway(vip)
        if redirected is not None and not redirected.is_link_local:
            return redirected
        return beyond or redirected

    def next_hop_macs(self, vip: Address) -> tuple[str, ...]:
        """The MACs that the wire shows of that node: it answered from one, or a redirect named it. Of IPv6 only."""
        named = (m.gateway_mac for m in self._messages(vip) if m.is_redirect and m.gateway != vip)
        ended = (m.mac for m in self._messages(vip) if m.is_time_exceeded and not self._is_the_gateways(m))
        return tuple(dict.fromkeys(mac for mac in (*named, *ended) if mac))

    def redirected_to(self, vip: Address) -> Address | None:
        """The node that the gateway itself names as its next hop, which proves a route to it."""
        named = (each.gateway for each in self._redirects(vip))
        return next((node for node in named if node not in (None, vip)), None)

    def found_by_arp(self, vip: Address) -> Address | None:
        """Who got the gateway's packet though it asks for the VIP by ARP: somebody answered its question."""
        return self._beyond_the_gateway(vip) if self._asks_by_arp(vip) else None

    def gateway_has_no_route(self, vip: Address) -> bool:
        """Whether the gateway itself would ask for the VIP by ARP: it says so by a redirect or Host Unreachable."""
        refused = any(each.is_unroutable and self._is_the_gateways(each) for each in self._messages(vip))
        return self._asks_by_arp(vip) or (refused and self.next_hop(vip) is None)

    def _messages(self, vip: Address) -> tuple[IcmpMessage, ...]:
        return tuple(message for echo in self.echoes if echo.destination == vip for message in echo.messages)

    def _redirects(self, vip: Address) -> tuple[IcmpMessage, ...]:
        """Read from the wire, those of the gateway alone: another router's word is about its own routes."""
        return tuple(
            m for m in self._messages(vip) if m.is_redirect and (m.mac is None or self._is_the_gateways(m))
        )

    def _is_the_gateways(self, message: IcmpMessage) -> bool:
        return any(each.said(message) for each in self.gateways)

    def _asks_by_arp(self, vip: Address) -> bool:
        """A redirect names the next hop of the router's own route: the VIP itself where it is on-link for the router."""
        return any(each.gateway == vip for each in self._redirects(vip))

    def _beyond_the_gateway(self, vip: Address) -> Address | None:
        """Who the packet came to: the VIP itself where it answered, or the machine at which it ended."""
        if any(echo.replied for echo in self.echoes if echo.destination == vip):
            return vip
        ended = (m.sender for m in self._messages(vip) if m.is_time_exceeded and not self._is_the_gateways(m))
        return next(ended, None)


@probe(Layer.ROUTING, Phase.AFTER)
def routed_path(host: Host, scope: Scope) -> RoutedPathFacts:
    """Try every VIP that is not translated here and not claimed on the link; one that is routed, only where it fails."""
    heard = arp.look(host, scope)
    gateways: list[Gateway] = []
    echoes: list[RoutedEcho] = []
    for version in sorted({vip.version for vip in scope.vips}):
        default = _default(host, version)
        macs = _gateway_macs(host, heard, default) if default else ()
        if default is None or default.gateway is None or not macs:
            continue
        gateways.append(Gateway(default.gateway, macs))
        echoes += _try(host, scope, heard, default, macs)
    return RoutedPathFacts(tuple(gateways), tuple(echoes), _silent_gateways(host, scope))


def _try(
    host: Host, scope: Scope, heard: ArpFacts, default: Route, macs: tuple[str, ...]
) -> tuple[RoutedEcho, ...]:
    """The VIPs of the gateway's version of IP."""
    if default.interface is None or default.source is None:
        return ()
    own = _translated_here(host, scope)
    unclaimed = tuple(
        vip
        for vip in scope.vips
        if vip.version == default.source.version
        and vip not in own
        and (heard.asked(vip) or (_by_gateway(host, vip, default) and not works(host, scope, vip)))
        and not set(heard.macs(vip)) - set(macs)
    )
    patience = min(scope.timeout_ms, PATIENCE_MS)
    question = RoutedEchoes(default.interface, default.source, macs[0], unclaimed, patience)
    return host.ask(question) if unclaimed else ()


def _silent_gateways(host: Host, scope: Scope) -> tuple[Address, ...]:
    """Those whose entry the scan's own traffic left without a MAC."""
    hops = [hop for vip in scope.vips if (hop := _gateway_of(host, vip)) is not None]
    return asked_in_vain(host.ask(Neighbours(Moment.AFTER_TRAFFIC)), hops) if hops else ()


def _gateway_of(host: Host, vip: Address) -> Address | None:
    try:
        return host.ask(RouteTo(vip)).gateway
    except Absent:
        return None


def _gateway_macs(host: Host, heard: ArpFacts, default: Route) -> tuple[str, ...]:
    """Those that answer now, else the one in the cache: without an on-link VIP nobody was asked by ARP."""
    answers = heard.macs(default.gateway, default.interface)
    entries = _on_the_interface(host, default, host.ask(Neighbours(Moment.AFTER_TRAFFIC)))
    cached = (each.mac for each in entries if each.mac and each.state not in UNUSABLE)
    return answers or tuple(cached)


def _on_the_interface(host: Host, default: Route, entries: Iterable[Neighbour]) -> tuple[Neighbour, ...]:
    """The gateway's entries. A link-local address is another router's on each link."""
    found = tuple(each for each in entries if each.address == default.gateway)
    if default.gateway is None or not default.gateway.is_link_local:
        return found
    index = next((link.index for link in host.ask(Links()) if link.name == default.interface), None)
    return tuple(each for each in found if each.interface == index)


def _by_gateway(host: Host, vip: Address, default: Route) -> bool:
    """Whether our own packets for the VIP go to the default gateway."""
    try:
        route = host.ask(RouteTo(vip))
        return (route.gateway, route.interface) == (default.gateway, default.interface)
    except Absent:
        return False


def _default(host: Host, version: int) -> Route | None:
    try:
        return host.ask(RouteTo(SOMEWHERE_ELSE if version == 4 else SOMEWHERE_ELSE_IPV6))
    except Absent:
        return None


def _translated_here(host: Host, scope: Scope) -> set[Address]:
    """VIPs that this machine serves: it never hears its own announcer, so that silence means nothing here."""
    try:
        return {port.vip for port in service_rules.look(host, scope).ports}
    except Unanswered:
        return set()
