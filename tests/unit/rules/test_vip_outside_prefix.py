"""HD111: no prefix of the host holds the VIP, and nothing of the client arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.vip_outside_prefix import vip_outside_prefix
from probes.host import Denied
from probes.questions.firewall import FlowDirection, TrackedConnection, TrackedConnections
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import ConnectedPrefix, ConnectedPrefixes
from probes.questions.sockets import PacketSockets, TcpConnection, TcpConnections
from probes.questions.traffic import (
    Endpoint,
    RoutedEchoes,
)
from probes.target import Protocol

Recorded = Callable[[str], Any]
CLIENT = IPv4Address("192.168.8.100")
HOST = IPv4Address("192.168.8.246")
TIME_EXCEEDED = 11


def test_a_vip_that_nobody_routes_is_outside(recorded: Recorded) -> None:
    verdict = recorded("vip-outside-prefix").verdict(vip_outside_prefix)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes[1].steps[0].commands == ("ip route add 172.29.53.53/32 dev eth0",)


def test_a_prefix_of_the_host_that_holds_it_clears_it_and_the_vips_own_32_does_not(
    recorded: Recorded,
) -> None:
    case = recorded("vip-outside-prefix")

    def connected(prefix: str) -> Any:
        entry = ConnectedPrefix(IPv4Network(prefix), "bridge0")
        return case.host_says(ConnectedPrefixes, lambda _, found: (*found, entry))

    assert isinstance(connected("172.29.53.0/24").verdict(vip_outside_prefix), Cleared)
    assert isinstance(connected("172.29.53.53/32").verdict(vip_outside_prefix), Diagnosis)


def test_packets_that_arrive_are_routed(recorded: Recorded) -> None:
    case = recorded("vip-outside-prefix")
    there = FlowDirection(CLIENT, case.vip, case.syn_port(), 53)
    back = FlowDirection(IPv4Address("10.244.0.83"), CLIENT, 53, case.syn_port())
    flow = TrackedConnection(Protocol.TCP, there, back, False, "SYN_SENT")
    arrived = case.host_says(TrackedConnections, lambda _, found: (*found, flow))
    assert isinstance(arrived.verdict(vip_outside_prefix), Cleared)


def test_under_bgp_the_address_is_meant_to_be_routed(recorded: Recorded) -> None:
    case = recorded("vip-outside-prefix")
    session = TcpConnection(Endpoint(HOST, 40000), Endpoint(IPv4Address("192.168.8.1"), 179), "ESTABLISHED")
    assert isinstance(
        case.host_says(TcpConnections, lambda *_: (session,)).verdict(vip_outside_prefix), Cleared
    )


def test_a_gateway_that_sends_it_on_to_the_node_has_a_route_and_one_that_sends_it_elsewhere_has_not(
    recorded: Recorded,
) -> None:
    case = recorded("vip-outside-prefix")

    def behind(sender: str) -> Any:
        message = IcmpMessage(TIME_EXCEEDED, 0, IPv4Address(sender))
        return case.client_lists(RoutedEchoes, lambda echo: replace(echo, messages=(message,)))

    assert isinstance(behind(str(HOST)).verdict(vip_outside_prefix), Cleared)
    elsewhere = behind("203.0.113.1").verdict(vip_outside_prefix)
    assert isinstance(elsewhere, Diagnosis)
    assert "203.0.113.1" in " ".join(elsewhere.because)


def test_a_next_hop_in_the_nodes_own_subnet_may_be_another_node_of_a_route_that_is_there(
    recorded: Recorded,
) -> None:
    message = IcmpMessage(TIME_EXCEEDED, 0, IPv4Address("192.168.8.247"))
    case = recorded("vip-outside-prefix").client_lists(
        RoutedEchoes, lambda echo: replace(echo, messages=(message,))
    )
    assert isinstance(case.verdict(vip_outside_prefix), Undetermined)


def test_where_nobody_announces_the_vip_is_routed_by_hand_and_only_the_gateway_knows(
    recorded: Recorded,
) -> None:
    case = recorded("vip-outside-prefix").host_says(PacketSockets, lambda *_: ())
    assert isinstance(case.verdict(vip_outside_prefix), Undetermined)


def test_what_was_not_seen_proves_nothing(recorded: Recorded) -> None:
    case = recorded("vip-outside-prefix")
    assert isinstance(case.verdict(vip_outside_prefix, case.client), Undetermined)
    hidden = case.host_says(TrackedConnections, lambda *_: Denied("CAP_NET_ADMIN", "connections"))
    assert isinstance(hidden.verdict(vip_outside_prefix), Undetermined)
    later = replace(case, host=replace(case.host, taken_at="2040-01-01T00:00:00+00:00"))
    assert isinstance(later.verdict(vip_outside_prefix), Undetermined)


def test_a_client_that_asks_by_arp_has_another_trouble(recorded: Recorded) -> None:
    assert isinstance(recorded("nobody-announces").verdict(vip_outside_prefix), Cleared)
