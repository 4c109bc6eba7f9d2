"""By way of an IPv6 gateway: whose word a message is shows in the MAC of its frame and in its hop limit."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any

import pytest

from probes.host import Absent
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset, VirtualServers
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import Links
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbour, Neighbours, NeighbourSolicitations, Solicited
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import RoutedEcho, RoutedEchoes
from probes.routed_path import PATIENCE_MS, Gateway, RoutedPathFacts, routed_path
from probes.routes import SOMEWHERE_ELSE_IPV6
from probes.target import Target

VIP, OWN, NODE, ROUTER = (IPv6Address(f"2001:db8::{n}") for n in (53, 10, 20, 1))
ROUTERS_LINK_LOCAL, NODES_LINK_LOCAL = IPv6Address("fe80::1"), IPv6Address("fe80::20")
ROUTER_MAC, NODE_MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:20", "02:00:00:00:00:99"
UNREACHABLE, TIME_EXCEEDED, REDIRECT = 1, 3, 137


def said(*messages: IcmpMessage, gateway: IPv6Address = ROUTERS_LINK_LOCAL) -> RoutedPathFacts:
    return RoutedPathFacts((Gateway(gateway, (ROUTER_MAC,)),), (RoutedEcho(VIP, False, messages),))


def redirect(to: IPv6Address, by: str = ROUTER_MAC, named: str | None = None) -> IcmpMessage:
    sender = ROUTERS_LINK_LOCAL if by == ROUTER_MAC else IPv6Address("fe80::99")
    return IcmpMessage(REDIRECT, 0, sender, to, by, 255, named)


def exceeded(sender: IPv6Address, mac: str, hop_limit: int = 64) -> IcmpMessage:
    return IcmpMessage(TIME_EXCEEDED, 0, sender, None, mac, hop_limit)


def unreachable(code: int, mac: str = ROUTER_MAC, hop_limit: int = 64) -> IcmpMessage:
    return IcmpMessage(UNREACHABLE, code, ROUTER, None, mac, hop_limit)


ENDED = exceeded(NODE, NODE_MAC)


@pytest.mark.parametrize(
    ("facts", "hop", "macs"),
    [
        (said(ENDED), NODE, (NODE_MAC,)),
        (said(redirect(NODES_LINK_LOCAL, named=NODE_MAC)), NODES_LINK_LOCAL, (NODE_MAC,)),
        (said(redirect(NODES_LINK_LOCAL, named=NODE_MAC), ENDED), NODE, (NODE_MAC,)),
        (said(redirect(VIP), ENDED), None, (NODE_MAC,)),  # it asks by NDP, and somebody answered
        (said(exceeded(ROUTER, ROUTER_MAC)), None, ()),  # another address of the gateway itself
        (said(exceeded(NODE, ROUTER_MAC, 63)), NODE, (ROUTER_MAC,)),  # sent on by the gateway
        (said(), None, ()),
    ],
)
def test_the_node_is_known_by_its_word_and_its_mac(
    facts: RoutedPathFacts, hop: IPv6Address | None, macs: tuple[str, ...]
) -> None:
    assert (facts.next_hop(VIP), facts.next_hop_macs(VIP)) == (hop, macs)


def test_a_redirect_of_another_router_says_nothing_of_the_gateways_routes() -> None:
    facts = said(redirect(NODES_LINK_LOCAL, by=OTHER_MAC))
    assert facts.redirected_to(VIP) is None
    assert not said(redirect(VIP, by=OTHER_MAC)).gateway_has_no_route(VIP)
    assert said(redirect(NODES_LINK_LOCAL)).redirected_to(VIP) == NODES_LINK_LOCAL


@pytest.mark.parametrize(
    ("facts", "none"),
    [
        (said(unreachable(0)), True),  # no route to destination
        (said(unreachable(3)), True),  # address unreachable
        (said(redirect(VIP)), True),
        (said(unreachable(1)), False),  # administratively prohibited
        (said(unreachable(4)), False),  # port unreachable
        (said(unreachable(0, OTHER_MAC)), False),
        (said(unreachable(0, hop_limit=63)), False),  # a machine behind the gateway said so
        (said(unreachable(3, OTHER_MAC), gateway=ROUTER), True),  # by the address that we know it by
    ],
)
def test_the_gateways_own_word_is_known_by_its_mac_whatever_its_address(
    facts: RoutedPathFacts, none: bool
) -> None:
    assert facts.gateway_has_no_route(VIP) is none


def machine(link: Any, *entries: Neighbour, default: Route | Exception) -> dict[Any, Any]:
    def route(question: RouteTo) -> Route:
        if question.destination == SOMEWHERE_ELSE_IPV6:
            if isinstance(default, Exception):
                raise default
            return default
        return Route("unicast", "eth0", None, OWN, 254)

    return {
        RouteTo: route,
        Links: (link(2, "eth0"), link(3, "eth1")),
        Neighbours(Moment.BEFORE): (),
        Neighbours(Moment.AFTER_TRAFFIC): entries,
        NeighbourSolicitations: Solicited((), (), ()),
        RoutedEchoes: (RoutedEcho(VIP, False, (ENDED,)),),
        IptablesRules: "",
        NftRuleset: '{"nftables": []}',
        VirtualServers: (),
    }


def test_the_gateway_is_asked_by_the_mac_that_it_has_on_the_interface_of_its_route(
    fake: Any, link: Any
) -> None:
    entries = (
        Neighbour(3, ROUTERS_LINK_LOCAL, OTHER_MAC, "REACHABLE", True),
        Neighbour(2, ROUTERS_LINK_LOCAL, ROUTER_MAC, "STALE", True),
    )
    default = Route("unicast", "eth0", ROUTERS_LINK_LOCAL, OWN, 254)
    host = fake(machine(link, *entries, default=default))
    facts = routed_path.look(host, Scope((Target(VIP),), timeout_ms=2000))
    assert host.asked_of(RoutedEchoes) == [RoutedEchoes("eth0", OWN, ROUTER_MAC, (VIP,), PATIENCE_MS)]
    assert facts.gateway(VIP) == Gateway(ROUTERS_LINK_LOCAL, (ROUTER_MAC,))
    assert facts.gateway(ip_address("192.0.2.53")) is None
    assert facts.next_hop(VIP) == NODE


def test_without_a_default_route_of_its_family_nobody_is_asked(fake: Any, link: Any) -> None:
    host = fake(machine(link, default=Absent("no route")))
    assert routed_path.look(host, Scope((Target(VIP),))).gateways == ()
    assert not host.asked_of(RoutedEchoes)
