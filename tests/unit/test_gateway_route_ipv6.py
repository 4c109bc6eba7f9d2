"""Which node an IPv6 gateway sends to: fe80:: addresses repeat on every link, so that the MAC decides."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any

import pytest

from hairpin_doctor.gateway_route import in_session, node_behind_gateway
from hairpin_doctor.network import Network
from hairpin_doctor.vantage_point import VantagePoint
from probes.bgp_sessions import BgpSessionFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import LinkAddress
from probes.questions.neighbours import Neighbour
from probes.questions.routing import Route
from probes.questions.sockets import TcpConnection
from probes.questions.traffic import Endpoint, RoutedEcho
from probes.routed_path import Gateway, RoutedPathFacts
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol

VIP, CLIENT, NODE, FAR = (IPv6Address(f"2001:db8::{n}") for n in (53, 10, 20, 99))
ROUTER, NODES_LINK_LOCAL = IPv6Address("fe80::1"), IPv6Address("fe80::20")
ROUTER_MAC, NODE_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"  # the fixture gives interface 2 the second
Point = Callable[..., VantagePoint]


def host(point: Point, link: Any, *facts: Any) -> VantagePoint:
    ports = (Endpoint(FAR, 80),)
    port = ProgrammedPort(VIP, 80, Protocol.TCP, "nftables", None, ports, True, "dnat", True, True, (), "")
    addresses = (LinkAddress(NODE, 64), LinkAddress(NODES_LINK_LOCAL, 64))
    interfaces = InterfaceFacts((link(2, "br0", mac=NODE_MAC, addresses=addresses),))
    return point("n5", ServiceRulesFacts((port,), (), (), ()), interfaces, *facts)


def client(point: Point, *messages: IcmpMessage) -> VantagePoint:
    to = (RouteFound(VIP, Route("unicast", "eth0", None, CLIENT, 254)),)
    default = Route("unicast", "eth0", ROUTER, CLIENT, 254)
    return point(
        "vm",
        InterfaceSysctlFacts((), (), 0),
        RouteFacts(to, None, (), (), default),
        NeighbourFacts((Neighbour(2, ROUTER, ROUTER_MAC, "REACHABLE", True),)),
        RoutedPathFacts((Gateway(ROUTER, (ROUTER_MAC,)),), (RoutedEcho(VIP, False, messages),)),
    )


@pytest.mark.parametrize(
    ("named", "hop"), [(NODE_MAC, NODES_LINK_LOCAL), ("02:00:00:00:00:99", None), (None, None)]
)
def test_a_link_local_next_hop_is_the_host_only_where_its_mac_is_the_hosts(
    point: Point, link: Any, named: str | None, hop: IPv6Address | None
) -> None:
    redirect = IcmpMessage(137, 0, ROUTER, NODES_LINK_LOCAL, ROUTER_MAC, 255, named)
    vm = client(point, redirect)
    assert node_behind_gateway(Network([vm, host(point, link)]), vm, VIP) == hop


@pytest.mark.parametrize(
    ("peer", "cached", "same"),
    [
        ("fe80::1", "02:00:00:00:00:99", True),  # by its address
        ("192.0.2.1", ROUTER_MAC, True),  # a session over IPv4 may carry IPv6 routes
        ("192.0.2.1", "02:00:00:00:00:99", False),
        ("192.0.2.1", None, False),
    ],
)
def test_a_session_is_with_the_clients_gateway_by_its_address_or_by_its_mac(
    point: Point, link: Any, peer: str, cached: str | None, same: bool
) -> None:
    address = ip_address(peer)
    session = TcpConnection(Endpoint(NODE, 40000), Endpoint(address, 179), "ESTABLISHED")
    known = NeighbourFacts((Neighbour(2, address, cached, "STALE", True),))
    vm, node = client(point), host(point, link, BgpSessionFacts((session,)), known)
    assert in_session(Network([vm, node]), vm, VIP) is same
