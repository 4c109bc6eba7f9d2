"""Who answers ARP for each VIP, with which MACs, how fast; and for the gateway and the neighbours on the same link?

For IPv6 VIPs by neighbour solicitations (RFC 4861); see neighbour_discovery. By ARP: asked by broadcast with our own address
as sender, and of the gateway also by unicast, since proxy ARP delays broadcast answers. A host never hears its own
announcer: silence on the announcing host is no finding. Without CAP_NET_RAW the kernel asks instead, and then one MAC per
address is seen, never a second answerer. Where a router answers by proxy ARP, its late answer may replace our own entry for
the VIP, as with arping(8); other neighbours are asked only where it cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from probes.host import Absent, Denied, Host
from probes.neighbour_discovery import heard, solicitations
from probes.probe import Layer, Scope, probe
from probes.questions.machine import Moment
from probes.questions.neighbours import (
    ArpReply,
    ArpSweep,
    KernelResolution,
    Neighbour,
    Neighbours,
    NeighbourSolicitations,
)
from probes.questions.routing import Route, RouteTo
from probes.routes import SOMEWHERE_ELSE
from probes.target import Address

NEIGHBOURS_AT_MOST = 32
UNTOUCHED = {"REACHABLE", "PERMANENT", "NOARP"}


@dataclass(frozen=True)
class ArpAnswers:
    """What one interface heard: `asked` addresses, and every distinct reply."""

    interface: str
    method: Literal["packet socket", "kernel"]
    asked: tuple[Address, ...]
    replies: tuple[ArpReply, ...]


@dataclass(frozen=True)
class ArpFacts:
    """The answers per interface. A VIP that is routed away or local was not asked for."""

    answers: tuple[ArpAnswers, ...]

    def asked(self, address: object) -> bool:
        """Whether anybody was asked for the address."""
        return any(address in each.asked for each in self.answers)

    def macs(self, address: object, interface: str | None = None) -> tuple[str, ...]:
        """Every MAC that claims the address (on one interface), fastest first."""
        replies = sorted(
            (
                reply
                for each in self.answers
                if interface in (None, each.interface)
                for reply in each.replies
                if reply.address == address
            ),
            key=lambda reply: reply.round_trip_ms,
        )
        return tuple(dict.fromkeys(reply.mac for reply in replies))

    def overrides(self, address: object, mac: str) -> bool | None:
        """Whether this MAC's advertisement for an IPv6 address has the Override flag; None where that is not known."""
        every = (reply for each in self.answers for reply in each.replies)
        flags = [
            e.overrides for e in every if (e.address, e.mac) == (address, mac) and e.overrides is not None
        ]
        return any(flags) if flags else None

    def sees_duplicates(self, address: object) -> bool:
        """Whether a second answerer would have been seen."""
        return any(address in each.asked and each.method == "packet socket" for each in self.answers)


@probe(Layer.NEIGHBOUR)
def arp(host: Host, scope: Scope) -> ArpFacts:
    """Ask on each interface by which a VIP is on-link."""
    wanted: dict[tuple[str, IPv4Address], list[IPv4Address]] = {}
    for vip in scope.vips:
        route = _route(host, vip)
        if not (isinstance(vip, IPv4Address) and route and route.type == "unicast" and not route.gateway):
            continue
        if route.interface and isinstance(route.source, IPv4Address):
            wanted.setdefault((route.interface, route.source), []).append(vip)
    known = (*host.ask(Neighbours(Moment.AFTER_TRAFFIC)), *host.ask(Neighbours(Moment.BEFORE)))
    by_arp = (
        _ask(host, scope, interface, source, vips, known) for (interface, source), vips in wanted.items()
    )
    return ArpFacts((*by_arp, *(_solicit(host, scope, each) for each in solicitations(host, scope))))


def _solicit(host: Host, scope: Scope, question: NeighbourSolicitations) -> ArpAnswers:
    replies = heard(host, question)
    if replies is not None:
        return ArpAnswers(question.interface, "packet socket", question.addresses, replies)
    return _by_the_kernel(host, scope, question.interface, question.vips)


def _by_the_kernel(host: Host, scope: Scope, interface: str, vips: tuple[Address, ...]) -> ArpAnswers:
    resolved = host.ask(KernelResolution(vips, scope.arp_window_ms))
    return ArpAnswers(interface, "kernel", vips, tuple(_as_replies(resolved)))


def _route(host: Host, destination: object) -> Route | None:
    try:
        return host.ask(RouteTo(destination))  # type: ignore[arg-type]
    except Absent:
        return None


def _ask(
    host: Host,
    scope: Scope,
    interface: str,
    source: IPv4Address,
    vips: list[IPv4Address],
    known: Iterable[Neighbour],
) -> ArpAnswers:
    gateway = _gateway(host, interface)
    on_this_link = [
        each for each in _may_be_asked(known) if (r := _route(host, each)) and r.interface == interface
    ]
    asked = tuple(dict.fromkeys((*vips, *([gateway] if gateway else []), *on_this_link[:NEIGHBOURS_AT_MOST])))
    gateway_mac = next((entry.mac for entry in known if entry.address == gateway and entry.mac), None)
    directly = tuple((vip, gateway_mac) for vip in vips) if gateway_mac else ()
    try:
        replies = host.ask(ArpSweep(interface, source, asked, directly, scope.arp_window_ms))
        return ArpAnswers(interface, "packet socket", asked, replies)
    except Denied:
        return _by_the_kernel(host, scope, interface, tuple(vips))


def _may_be_asked(known: Iterable[Neighbour]) -> list[IPv4Address]:
    """Neighbours whose entry our question cannot spoil.

    A router's proxy ARP answer comes late and replaces an entry that nothing has touched for a second (arp_process and
    NEIGH_VAR_LOCKTIME, net/ipv4/arp.c). The owner's prompt answer touches a stale entry, which makes it reachable, but
    leaves a reachable one as it is.
    """
    fresh = {entry.address for entry in known if entry.state in UNTOUCHED}
    return [
        e.address for e in known if isinstance(e.address, IPv4Address) and e.mac and e.address not in fresh
    ]


def _as_replies(entries: Iterable[Neighbour]) -> Iterable[ArpReply]:
    for entry in entries:
        if entry.mac and entry.state in ("REACHABLE", "DELAY", "PROBE"):
            yield ArpReply(entry.address, entry.mac, entry.mac, 0.0)


def _gateway(host: Host, interface: str) -> IPv4Address | None:
    route = _route(host, SOMEWHERE_ELSE)
    if route and route.interface == interface and isinstance(route.gateway, IPv4Address):
        return route.gateway
    return None
