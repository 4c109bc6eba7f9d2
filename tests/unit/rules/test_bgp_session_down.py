"""HD602 and HD603: a VIP that reaches its clients by routes, and what the BGP of its hosts says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from hairpin_doctor.diagnose import judge
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.bgp_not_advertised import bgp_not_advertised
from hairpin_doctor.rules.bgp_session_down import bgp_session_down
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts, ArpListener
from probes.bgp_daemon import BgpDaemonFacts
from probes.bgp_sessions import BgpSessionFacts
from probes.interfaces import InterfaceFacts
from probes.questions.bgp import BgpSession
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import ConnectedPrefix, Route
from probes.questions.sockets import TcpConnection
from probes.questions.traffic import (
    Endpoint,
    Handshake,
    HandshakeAnswer,
    RoutedEcho,
)
from probes.routed_path import Gateway, RoutedPathFacts
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol
from probes.tcp import TcpFacts

Point = Callable[..., VantagePoint]
VIP, GATEWAY, CLIENT = map(IPv4Address, ("192.0.2.53", "198.51.100.1", "198.51.100.5"))
NODE, ROUTER, OTHER = map(IPv4Address, ("192.0.2.10", "192.0.2.1", "192.0.2.11"))
LAN = ConnectedPrefix(IPv4Network("192.0.2.0/24"), "eth0")
NO_ROUTE = IcmpMessage(3, 1, GATEWAY)
LISTENER = ArpListener("eth0", "speaker")


def session(state: str, *advertised: IPv4Address, error: str | None = None) -> BgpSession:
    return BgpSession("BIRD", "peer", ROUTER, state == "Established", state, error, advertised)


def tcp(state: str) -> TcpConnection:
    return TcpConnection(Endpoint(NODE, 40000), Endpoint(ROUTER, 179), state)


def client(point: Point, *messages: IcmpMessage, on_link: bool = False) -> VantagePoint:
    route = Route("unicast", "eth0", None if on_link else GATEWAY, CLIENT, 254)
    refused = HandshakeAnswer(Endpoint(VIP, 80), Handshake.UNREACHABLE, None, None, "EHOSTUNREACH")
    return point(
        "remote",
        ServiceRulesFacts((), (), (), ()),
        RouteFacts((RouteFound(VIP, route),), route, (), ()),
        TcpFacts((refused,), ()),
        RoutedPathFacts((Gateway(GATEWAY, ()),), (RoutedEcho(VIP, False, messages),)),
    )


@dataclass
class Host:
    """What the node says."""

    sessions: tuple[BgpSession, ...] | None = None
    connections: tuple[TcpConnection, ...] = ()
    listeners: tuple[ArpListener, ...] = ()
    connected: tuple[ConnectedPrefix, ...] = field(default=(LAN,))

    def at(self, point: Point) -> VantagePoint:
        port = ProgrammedPort(
            vip=VIP,
            port=80,
            protocol=Protocol.TCP,
            backend="nft",
            service="home/web",
            endpoints=(),
            masquerade=True,
            kind="dnat",
            certain=True,
            names_vip=True,
            source_ranges=(),
            rule="",
        )
        return point(
            "n5",
            ServiceRulesFacts((port,), (), ("nft",), ()),
            RouteFacts((), None, (), self.connected),
            InterfaceFacts(()),
            BgpDaemonFacts(self.sessions),
            BgpSessionFacts(self.connections),
            AnnouncerFacts(self.listeners),
        )


def verdicts(point: Point, host: Host, *messages: IcmpMessage, on_link: bool = False) -> tuple[Any, Any]:
    network = Network((host.at(point), client(point, *messages, on_link=on_link)))
    return judge(bgp_session_down, network, VIP), judge(bgp_not_advertised, network, VIP)


def test_a_session_that_is_down_is_named_with_the_daemons_own_reason(point: Point) -> None:
    down, absent = verdicts(point, Host((session("Idle", error="Received: Bad peer AS"),)), NO_ROUTE)
    assert isinstance(down, Diagnosis)
    assert isinstance(absent, Cleared)
    assert down.confidence is Confidence.PROVEN
    assert any("Bad peer AS" in each for each in down.because)
    assert "AS number" in (down.fixes[0].steps[-1].instructions or "")


def test_without_a_daemon_to_ask_an_attempt_to_connect_tells(point: Point) -> None:
    down, _ = verdicts(point, Host(connections=(tcp("SYN_SENT"),)))
    assert isinstance(down, Diagnosis)
    assert down.confidence is Confidence.LIKELY


def test_a_socket_that_merely_listens_leaves_it_open(point: Point) -> None:
    assert isinstance(verdicts(point, Host(connections=(tcp("LISTEN"),)))[0], Undetermined)


def test_a_host_that_speaks_no_bgp_has_no_session_to_lose(point: Point) -> None:
    assert all(isinstance(each, Cleared) for each in verdicts(point, Host(), NO_ROUTE))


def test_a_vip_that_no_session_holds_is_not_advertised(point: Point) -> None:
    down, absent = verdicts(point, Host((session("Established", OTHER),)), NO_ROUTE)
    assert isinstance(down, Cleared)
    assert isinstance(absent, Diagnosis)
    assert absent.confidence is Confidence.PROVEN


def test_a_vip_that_is_advertised_is_lost_elsewhere(point: Point) -> None:
    assert all(
        isinstance(each, Cleared) for each in verdicts(point, Host((session("Established", VIP),)), NO_ROUTE)
    )


def test_without_a_daemon_to_ask_the_gateways_word_counts(point: Point) -> None:
    up = Host(connections=(tcp("ESTABLISHED"),))
    assert isinstance(verdicts(point, up, NO_ROUTE)[1], Diagnosis)
    assert isinstance(verdicts(point, up)[1], Undetermined)


def test_an_announcer_by_arp_on_the_host_leaves_both_open(point: Point) -> None:
    both = verdicts(point, Host((session("Idle"),), listeners=(LISTENER,)), NO_ROUTE)
    assert all(isinstance(each, Undetermined) for each in both)


def test_a_vip_outside_of_every_subnet_can_only_be_routed(point: Point) -> None:
    elsewhere = Host((session("Idle"),), listeners=(LISTENER,), connected=())
    assert isinstance(verdicts(point, elsewhere)[0], Diagnosis)


def test_a_client_that_asks_by_arp_is_another_matter(point: Point) -> None:
    assert all(isinstance(each, Cleared) for each in verdicts(point, Host((session("Idle"),)), on_link=True))


@pytest.mark.parametrize("state", ["Idle", "Established"])
def test_a_gateway_that_sends_on_to_another_node_has_a_route(point: Point, state: str) -> None:
    by_other = IcmpMessage(11, 0, OTHER)
    assert all(isinstance(each, Undetermined) for each in verdicts(point, Host((session(state),)), by_other))
