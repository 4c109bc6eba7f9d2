"""When the last router's Host Unreachable means that nobody announces a VIP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Network
from hairpin_doctor.routers_word import unreached_by_its_router
from hairpin_doctor.situation import NotThis
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts, ArpListener
from probes.bgp_sessions import BgpSessionFacts
from probes.hops import HopFacts
from probes.interfaces import InterfaceFacts
from probes.questions.hops import Hops
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import LinkAddress
from probes.questions.routing import ConnectedPrefix, Route
from probes.questions.sockets import TcpConnection
from probes.questions.traffic import Endpoint, Handshake, HandshakeAnswer
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol
from probes.tcp import TcpFacts

VIP, NODE, ROUTER, POD = (IPv4Address(f"192.0.2.{n}") for n in (53, 20, 1, 99))
GATEWAY, CLIENT = IPv4Address("198.51.100.1"), IPv4Address("198.51.100.5")
LAN = IPv4Network("192.0.2.0/24")
UNREACHABLE = IcmpMessage(3, 1, GATEWAY)
SESSION = TcpConnection(Endpoint(NODE, 40000), Endpoint(ROUTER, 179), "SYN_SENT")
Point = Callable[..., VantagePoint]


@dataclass(frozen=True)
class Seen:
    """What the router says, and what the host shows."""

    said: IcmpMessage | None = UNREACHABLE
    listeners: tuple[ArpListener, ...] = ()
    connections: tuple[TcpConnection, ...] = ()
    lan: IPv4Network = LAN
    local: bool = False


def client(point: Point, seen: Seen) -> VantagePoint:
    route = Route("unicast", "eth0", GATEWAY, CLIENT, 254)
    silent = HandshakeAnswer(Endpoint(VIP, 80), Handshake.UNREACHABLE, None, None, "EHOSTUNREACH")
    return point(
        "remote",
        ServiceRulesFacts((), (), (), ()),
        RouteFacts((RouteFound(VIP, route),), route, (), ()),
        TcpFacts((silent,), ()),
        HopFacts((Hops(VIP, (seen.said,)),)),
    )


def host(point: Point, link: Any, seen: Seen) -> VantagePoint:
    ends = (Endpoint(POD, 80),)
    port = ProgrammedPort(VIP, 80, Protocol.TCP, "nftables", None, ends, True, "dnat", True, True, (), "")
    to = Route("local" if seen.local else "unicast", "eth0", None, NODE, 254)
    return point(
        "n5",
        ServiceRulesFacts((port,), (), (), ()),
        InterfaceFacts((link(2, "eth0", addresses=(LinkAddress(NODE, 24),)),)),
        RouteFacts((RouteFound(VIP, to),), None, (), (ConnectedPrefix(seen.lan, "eth0"),)),
        AnnouncerFacts(seen.listeners),
        BgpSessionFacts(seen.connections),
    )


def test_nobody_answers_the_router_where_nobody_could(point: Point, link: Any) -> None:
    remote = client(point, Seen())
    node = host(point, link, Seen())
    found = unreached_by_its_router(Network([remote, node]), remote, VIP)
    assert (found.router, found.hosts, found.prefixes) == (GATEWAY, (node,), (LAN,))


@pytest.mark.parametrize(
    "seen",
    [
        Seen(said=None),
        Seen(said=IcmpMessage(3, 0, GATEWAY)),  # no route, which is another cause
        Seen(said=IcmpMessage(3, 13, GATEWAY)),  # a filter
        Seen(said=IcmpMessage(11, 0, GATEWAY)),
        Seen(said=IcmpMessage(3, 1, NODE)),  # the node's own word: it had the packet
        Seen(listeners=(ArpListener("eth0", "speaker"),)),
        Seen(connections=(SESSION,)),
        Seen(lan=IPv4Network("203.0.113.0/24")),
        Seen(local=True),
    ],
)
def test_anything_else_is_not_this(point: Point, link: Any, seen: Seen) -> None:
    remote = client(point, seen)
    with pytest.raises(NotThis):
        unreached_by_its_router(Network([remote, host(point, link, seen)]), remote, VIP)


def test_without_a_host_it_is_open_who_should_answer(point: Point) -> None:
    remote = client(point, Seen())
    with pytest.raises(MissingFacts):
        unreached_by_its_router(Network([remote]), remote, VIP)
