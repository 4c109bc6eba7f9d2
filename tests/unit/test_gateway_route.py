"""A route of the gateway's to an on-link VIP, and an ARP answer that only the gateway gets."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from hairpin_doctor.gateway_route import node_behind_gateway, route_of_the_gateway
from hairpin_doctor.network import Network, VantagePoint
from hairpin_doctor.rule import Confidence
from probes.announcers import AnnouncerFacts, ArpListener
from probes.arp import ArpAnswers, ArpFacts
from probes.bgp_sessions import BgpSessionFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import LinkAddress
from probes.questions.neighbours import ArpReply
from probes.questions.routing import ConnectedPrefix, Route
from probes.questions.sockets import TcpConnection
from probes.questions.traffic import (
    Endpoint,
    RoutedEcho,
)
from probes.routed_path import Gateway, RoutedPathFacts
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol

VIP, CLIENT, NODE, GATEWAY, FAR = (
    IPv4Address(text) for text in ("192.0.2.53", "192.0.2.10", "192.0.2.20", "192.0.2.1", "203.0.113.1")
)
CONNECTED = (ConnectedPrefix(IPv4Network("192.0.2.0/24"), "eth0"),)
DEFAULT = Route("unicast", "eth0", GATEWAY, CLIENT, 254)
Point = Callable[..., VantagePoint]


def client(point: Point, *facts: Any) -> VantagePoint:
    found = RouteFacts(
        (RouteFound(VIP, Route("unicast", "eth0", None, CLIENT, 254)),), DEFAULT, (), CONNECTED
    )
    return point("vm", InterfaceSysctlFacts((), (), 0), found, *facts)


def host(point: Point, *facts: Any) -> VantagePoint:
    port = ProgrammedPort(
        VIP, 80, Protocol.TCP, "nftables", None, (Endpoint(FAR, 80),), True, "dnat", True, True, (), ""
    )
    return point("n5", ServiceRulesFacts((port,), (), (), ()), *facts)


def behind(hop: IPv4Address | None) -> RoutedPathFacts:
    messages = (IcmpMessage(11, 0, hop),) if hop else ()
    return RoutedPathFacts((Gateway(GATEWAY, ()),), (RoutedEcho(VIP, hop == VIP, messages),))


def test_a_next_hop_is_a_node_only_where_it_can_be_one(point: Point, link: Any) -> None:
    node = host(point, InterfaceFacts((link(2, "br0", addresses=(LinkAddress(NODE, 24),)),)))

    def found(hop: IPv4Address | None, *others: VantagePoint) -> Any:
        vm = client(point, behind(hop))
        return node_behind_gateway(Network([vm, *others]), vm, VIP)

    assert found(NODE, node) == NODE
    assert found(FAR, node) is None  # the gateway's own gateway
    assert found(CLIENT, node) is None  # on the link, but no address of the scanned host
    assert found(VIP, node) == VIP
    assert (found(NODE), found(FAR), found(None)) == (NODE, None, None)
    assert node_behind_gateway(Network([client(point)]), client(point), VIP) is None


ANSWERED = IcmpMessage(11, 0, NODE)
NAMED = IcmpMessage(5, 1, GATEWAY, NODE)
SESSION = TcpConnection(Endpoint(NODE, 40000), Endpoint(GATEWAY, 179), "ESTABLISHED")


@pytest.mark.parametrize(
    ("messages", "listens", "session", "proxied", "sure"),
    [
        ((ANSWERED, NAMED), True, False, False, Confidence.PROVEN),  # the gateway itself names the node
        ((ANSWERED,), True, False, True, Confidence.PROVEN),  # it answers ARP for the VIP, by proxy
        ((ANSWERED,), False, False, False, Confidence.PROVEN),  # nobody could have answered its ARP
        ((ANSWERED,), True, True, False, Confidence.LIKELY),
        ((ANSWERED,), True, False, False, None),  # somebody may have answered the gateway and not the client
        ((), False, True, False, None),
    ],
)
def test_a_packet_that_arrives_by_the_gateway_shows_a_route_only_where_no_arp_answer_can_have_brought_it(
    point: Point,
    link: Any,
    messages: tuple[IcmpMessage, ...],
    listens: bool,
    session: bool,
    proxied: bool,
    sure: Confidence | None,
) -> None:
    replies = (ArpReply(VIP, "02:00:00:00:00:01", "02:00:00:00:00:01", 0.1),) if proxied else ()
    vm = client(
        point,
        RoutedPathFacts((Gateway(GATEWAY, ()),), (RoutedEcho(VIP, False, messages),)),
        ArpFacts((ArpAnswers("eth0", "packet socket", (VIP,), replies),)),
    )
    node = host(
        point,
        InterfaceFacts((link(2, "br0", addresses=(LinkAddress(NODE, 24),)),)),
        AnnouncerFacts((ArpListener("br0", "speaker"),) if listens else ()),
        BgpSessionFacts((SESSION,) if session else ()),
        RouteFacts((), None, (), CONNECTED),
    )
    assert route_of_the_gateway(Network([vm, node]), vm, VIP) is sure
