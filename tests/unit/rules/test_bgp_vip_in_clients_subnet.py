"""HD601: one packet by way of the gateway decides, not a BGP session alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.bgp_vip_in_clients_subnet import bgp_vip_in_clients_subnet
from probes.host import Denied
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import Links
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.routing import ConnectedPrefixes, RouteTo
from probes.questions.sockets import PacketSocket, PacketSockets, TcpConnections
from probes.questions.traffic import (
    Endpoint,
    RoutedEchoes,
)

Recorded = Callable[[str], Any]
GATEWAY, STRANGER = ip_address("192.168.8.1"), "3c:06:30:77:88:99"


def messages(*found: IcmpMessage) -> Callable[[Any], Any]:
    return lambda echo: replace(echo, replied=False, messages=found)


def test_a_gateway_that_sends_the_packet_on_to_the_node_and_a_session_with_it_are_proof(
    recorded: Recorded,
) -> None:
    verdict = recorded("bgp-same-subnet").verdict(bgp_vip_in_clients_subnet)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


def test_the_client_alone_finds_it_likely(recorded: Recorded) -> None:
    case = recorded("bgp-same-subnet")
    verdict = case.verdict(bgp_vip_in_clients_subnet, case.client)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


def test_a_redirect_to_the_vip_itself_shows_that_the_gateway_has_no_route(recorded: Recorded) -> None:
    case = recorded("bgp-same-subnet")
    redirect = IcmpMessage(5, 1, GATEWAY, case.vip)
    verdict = case.client_lists(RoutedEchoes, messages(redirect)).verdict(bgp_vip_in_clients_subnet)
    assert isinstance(verdict, Cleared)
    assert "has no route" in verdict.reason


def test_time_exceeded_alone_is_a_suspicion_where_somebody_may_have_answered_the_gateway_by_arp(
    recorded: Recorded,
) -> None:
    """Without a redirect, an announcer that the router hears and the client does not looks the same."""
    case = recorded("bgp-same-subnet").client_lists(
        RoutedEchoes, messages(IcmpMessage(11, 0, ip_address("192.168.8.246")))
    )
    alone = case.verdict(bgp_vip_in_clients_subnet, case.client)
    assert isinstance(alone, Undetermined)
    assert alone.suspected
    socket = PacketSocket(0x0806, case.link("bridge0").index, "speaker")
    listening = case.host_says(PacketSockets, lambda _, found: (*found, socket))
    joint = listening.verdict(bgp_vip_in_clients_subnet)
    assert isinstance(joint, Diagnosis)
    assert joint.confidence is Confidence.LIKELY
    without = listening.host_says(TcpConnections, lambda *_: ()).verdict(bgp_vip_in_clients_subnet)
    assert isinstance(without, Undetermined)


def test_a_next_hop_that_is_no_scanned_host_is_the_gateways_own_gateway_and_no_node(
    recorded: Recorded,
) -> None:
    case = recorded("bgp-same-subnet").host_says(TcpConnections, lambda *_: ())
    verdict = case.client_lists(
        RoutedEchoes, messages(IcmpMessage(11, 0, ip_address("203.0.113.1")))
    ).verdict(bgp_vip_in_clients_subnet)
    assert isinstance(verdict, Cleared)
    assert "no BGP session" in verdict.reason


def test_where_the_gateway_says_nothing_a_session_with_it_is_likely_and_one_with_another_is_a_suspicion(
    recorded: Recorded,
) -> None:
    quiet = recorded("bgp-same-subnet").client_lists(RoutedEchoes, messages())
    with_gateway = quiet.verdict(bgp_vip_in_clients_subnet)
    assert isinstance(with_gateway, Diagnosis)
    assert with_gateway.confidence is Confidence.LIKELY

    def elsewhere(connection: Any) -> Any:
        return replace(connection, remote=Endpoint(ip_address("192.168.9.77"), 179))

    with_another = quiet.host_lists(TcpConnections, elsewhere).verdict(bgp_vip_in_clients_subnet)
    assert isinstance(with_another, Undetermined)
    assert with_another.suspected


def test_without_a_session_and_without_a_word_of_the_gateway_it_is_not_this(recorded: Recorded) -> None:
    case = recorded("bgp-same-subnet").client_lists(RoutedEchoes, messages())
    verdict = case.host_says(TcpConnections, lambda *_: ()).verdict(bgp_vip_in_clients_subnet)
    assert isinstance(verdict, Cleared)


def test_a_session_that_is_not_established_carries_no_route(recorded: Recorded) -> None:
    case = recorded("bgp-same-subnet").client_lists(RoutedEchoes, messages())
    verdict = case.host_lists(TcpConnections, lambda each: replace(each, state="SYN_SENT")).verdict(
        bgp_vip_in_clients_subnet
    )
    assert isinstance(verdict, Cleared)


def test_somebody_else_who_answers_arp_makes_it_another_cause(recorded: Recorded) -> None:
    case = recorded("bgp-same-subnet")
    reply = ArpReply(case.vip, STRANGER, STRANGER, 0.2)
    verdict = case.client_says(ArpSweep, lambda _, replies: (*replies, reply)).verdict(
        bgp_vip_in_clients_subnet
    )
    assert isinstance(verdict, Cleared)
    assert STRANGER in verdict.reason


def test_it_holds_where_the_router_answers_by_proxy_arp_and_explains_what_follows(recorded: Recorded) -> None:
    judgement = recorded("bgp-same-subnet-proxy-arp-stateful").judgement()
    assert [each.rule.code for each in judgement.diagnoses][:1] == ["HD601"]
    assert {(each.rule.code, each.explained_by) for each in judgement.consequences} >= {("HD403", "HD601")}


def test_without_the_right_to_send_such_a_packet_the_client_alone_leaves_it_open(recorded: Recorded) -> None:
    case = recorded("bgp-same-subnet").client_says(RoutedEchoes, lambda *_: Denied("CAP_NET_RAW", "sending"))
    assert isinstance(case.verdict(bgp_vip_in_clients_subnet, case.client), Undetermined)


def test_the_host_alone_only_suspects_it(recorded: Recorded) -> None:
    case = recorded("bgp-same-subnet")
    verdict = case.verdict(bgp_vip_in_clients_subnet, case.host)
    assert isinstance(verdict, Undetermined)
    assert verdict.suspected
    without = case.host_says(TcpConnections, lambda *_: ())
    assert not without.verdict(bgp_vip_in_clients_subnet, without.host).suspected


def test_a_network_of_the_clients_own_that_holds_the_vip_is_no_subnet_of_the_gateways(
    recorded: Recorded,
) -> None:
    case = recorded("bgp-same-subnet")
    vips = case.client.scope.vips

    def inside(question: RouteTo, route: Any) -> Any:
        return replace(route, interface="docker0") if question.destination in vips else route

    own = case.client_says(RouteTo, inside).client_lists(
        ConnectedPrefixes, lambda each: replace(each, interface="docker0")
    )
    own = own.client_lists(Links, lambda each: replace(each, addresses=()))
    sweep = next(each.question for each in own.client.asked if isinstance(each.question, ArpSweep))
    by_it = next(each.question for each in own.client.asked if isinstance(each.question, RoutedEchoes))
    gateway = ArpReply(GATEWAY, by_it.gateway_mac, by_it.gateway_mac, 0.2)
    asked = Asked(replace(sweep, interface="docker0", addresses=vips, unicast=()), (gateway,))
    own = replace(own, client=replace(own.client, asked=(*own.client.asked, asked)))
    assert isinstance(own.verdict(bgp_vip_in_clients_subnet), Cleared)
