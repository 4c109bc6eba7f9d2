"""If only the gateway or nobody answers ARP for a VIP, or it is routed and fails: by which node would the gateway send it?

If so, the VIP is routed (BGP, static), not announced on this link. Asked by an echo request that goes to the gateway's
MAC with a TTL of 2: the node behind the gateway's route, or the gateway by a redirect, gives itself away. A
redirect to the VIP itself shows a gateway that asks by ARP. Cannot see by which protocol the gateway learned its route;
routers that send no ICMP messages leave it open. Needs CAP_NET_RAW.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.answering_machines import works
from probes.arp import ArpFacts, arp
from probes.host import Absent, Host, Unanswered
from probes.neighbours import UNUSABLE, asked_in_vain
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.icmp_message import IcmpMessage
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbours
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import (
    RoutedEcho,
    RoutedEchoes,
)
from probes.routes import SOMEWHERE_ELSE
from probes.service_rules import service_rules
from probes.target import Address

NETWORK, HOST = 0, 1  # codes of "unreachable"; the others are refusals, which say nothing about routes
PATIENCE_MS = 600


@dataclass(frozen=True)
class RoutedPathFacts:
    """What came back by way of the gateway; VIPs that somebody on the link answers for were not tried.

    `silent`: gateways of the VIPs for whose MAC the kernel asked in vain.
    """

    gateway: Address | None
    echoes: tuple[RoutedEcho, ...]
    silent: tuple[Address, ...] = ()

    def next_hop(self, vip: Address) -> Address | None:
        """The node by which the gateway reaches the VIP; the VIP itself where it answered; None where nothing shows.

        Without a redirect, the gateway may have got an ARP answer that the client does not get.
        """
        return None if self._asks_by_arp(vip) else self.redirected_to(vip) or self._beyond_the_gateway(vip)

    def redirected_to(self, vip: Address) -> Address | None:
        """The node that the gateway itself names as its next hop, which proves a route to it."""
        named = (each.gateway for each in self._messages(vip) if each.is_redirect)
        return next((node for node in named if node not in (None, vip)), None)

    def found_by_arp(self, vip: Address) -> Address | None:
        """Who got the gateway's packet though it asks for the VIP by ARP: somebody answered its question."""
        return self._beyond_the_gateway(vip) if self._asks_by_arp(vip) else None

    def _messages(self, vip: Address) -> tuple[IcmpMessage, ...]:
        return tuple(message for echo in self.echoes if echo.destination == vip for message in echo.messages)

    def _asks_by_arp(self, vip: Address) -> bool:
        """A redirect names the next hop of the router's own route: the VIP itself where it is on-link for the router."""
        return any(each.is_redirect and each.gateway == vip for each in self._messages(vip))

    def _beyond_the_gateway(self, vip: Address) -> Address | None:
        """Who the packet came to: the VIP itself where it answered, or the machine at which it ended."""
        if any(echo.replied for echo in self.echoes if echo.destination == vip):
            return vip
        ended = (each.sender for each in self._messages(vip) if each.is_time_exceeded)
        return next((sender for sender in ended if sender != self.gateway), None)

    def gateway_has_no_route(self, vip: Address) -> bool:
        """Whether the gateway itself would ask for the VIP by ARP: it says so by a redirect or Host Unreachable."""
        refused = any(
            each.is_unreachable and each.code in (NETWORK, HOST) and each.sender == self.gateway
            for each in self._messages(vip)
        )
        return self._asks_by_arp(vip) or (refused and self.next_hop(vip) is None)


@probe(Layer.ROUTING, Phase.AFTER)
def routed_path(host: Host, scope: Scope) -> RoutedPathFacts:
    """Try every VIP that is not translated here and not claimed on the link; one that is routed, only where it fails."""
    default = _default(host)
    heard = arp.look(host, scope)
    macs = _gateway_macs(host, heard, default)
    if default is None or default.interface is None or default.source is None or not macs:
        return RoutedPathFacts(None, (), _silent_gateways(host, scope))
    own = _translated_here(host, scope)
    unclaimed = tuple(
        vip
        for vip in scope.vips
        if isinstance(vip, IPv4Address)
        and vip not in own
        and (heard.asked(vip) or (_by_gateway(host, vip, default) and not works(host, scope, vip)))
        and not set(heard.macs(vip)) - set(macs)
    )
    if not unclaimed:
        return RoutedPathFacts(default.gateway, (), _silent_gateways(host, scope))
    question = RoutedEchoes(
        default.interface, default.source, macs[0], unclaimed, min(scope.timeout_ms, PATIENCE_MS)
    )
    return RoutedPathFacts(default.gateway, host.ask(question), _silent_gateways(host, scope))


def _silent_gateways(host: Host, scope: Scope) -> tuple[Address, ...]:
    """Those whose entry the scan's own traffic left without a MAC."""
    hops = [hop for vip in scope.vips if (hop := _gateway_of(host, vip)) is not None]
    return asked_in_vain(host.ask(Neighbours(Moment.AFTER_TRAFFIC)), hops) if hops else ()


def _gateway_of(host: Host, vip: Address) -> Address | None:
    try:
        return host.ask(RouteTo(vip)).gateway
    except Absent:
        return None


def _gateway_macs(host: Host, heard: ArpFacts, default: Route | None) -> tuple[str, ...]:
    """Those that answer now, else the one in the cache: without an on-link VIP nobody was asked by ARP."""
    answers = heard.macs(default.gateway) if default else ()
    cached = (
        entry.mac
        for entry in host.ask(Neighbours(Moment.AFTER_TRAFFIC))
        if default and entry.address == default.gateway and entry.mac and entry.state not in UNUSABLE
    )
    return answers or tuple(cached)


def _by_gateway(host: Host, vip: Address, default: Route) -> bool:
    """Whether our own packets for the VIP go to the default gateway."""
    try:
        return host.ask(RouteTo(vip)).gateway == default.gateway
    except Absent:
        return False


def _default(host: Host) -> Route | None:
    try:
        return host.ask(RouteTo(SOMEWHERE_ELSE))
    except Absent:
        return None


def _translated_here(host: Host, scope: Scope) -> set[Address]:
    """VIPs that this machine serves: it never hears its own announcer, so that silence means nothing here."""
    try:
        return {port.vip for port in service_rules.look(host, scope).ports}
    except Unanswered:
        return set()
