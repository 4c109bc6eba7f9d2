"""The real machine: how TCP, UDP and ICMP attempts end."""

from __future__ import annotations

import socket
import threading
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.questions.hops import HopsTowards
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    DatagramAnswer,
    DatagramOutcome,
    Datagrams,
    EchoAnswer,
    Echoes,
    Endpoint,
    Handshake,
    HandshakeAnswer,
    Handshakes,
    PacketSizes,
    RoutedEcho,
    RoutedEchoes,
)

pytestmark = pytest.mark.lab
A, B, C, FAR, VIP = (
    IPv4Address(text) for text in ("192.0.2.10", "192.0.2.20", "192.0.2.30", "198.51.100.7", "192.0.2.53")
)


def connect(net: Any, address: IPv4Address, port: int) -> HandshakeAnswer:
    (answer,) = net.ask("a", Handshakes((Endpoint(address, port),), 250))
    return answer


def test_a_connection_is_open_where_what_we_send_is_acknowledged(net: Any) -> None:
    net.socket("b", socket.SOCK_STREAM, "192.0.2.20", 80)
    answer = connect(net, B, 80)
    assert answer.outcome is Handshake.OPEN
    assert answer.connect_ms is not None
    own, theirs = net.mac("a"), net.mac("b")
    frames = [(each.outgoing, each.source_mac, each.destination_mac, each.flags) for each in answer.frames]
    assert frames[:2] == [(True, own, theirs, "SYN"), (False, theirs, own, "SYN-ACK")]
    assert answer.frames[1].source == Endpoint(B, 80)


def test_a_closed_port_refuses_and_a_dropping_one_is_silent(net: Any) -> None:
    assert connect(net, B, 81).outcome is Handshake.REFUSED
    net.nft("b", "input priority 0", "tcp dport 82 drop")
    silent = connect(net, B, 82)
    assert (silent.outcome, silent.connect_ms) == (Handshake.SILENT, None)
    assert {each.flags for each in silent.frames} == {"SYN"}


def test_a_connection_stalls_where_all_but_the_handshake_is_dropped_and_is_reset_where_it_is_rejected(
    net: Any,
) -> None:
    for port in (83, 84):
        net.socket("b", socket.SOCK_STREAM, "192.0.2.20", port)
    net.nft(
        "b",
        "input priority 0",
        "tcp dport 83 tcp flags & syn == 0 drop",
        "tcp dport 84 tcp flags & syn == 0 reject with tcp reset",
    )
    stalled = connect(net, B, 83)
    assert stalled.outcome is Handshake.STALLED
    assert stalled.connect_ms is not None
    assert connect(net, B, 84).outcome is Handshake.RESET


def test_where_only_large_packets_are_dropped_the_sizes_that_are_lost_and_that_pass_are_told(
    net: Any,
) -> None:
    net.socket("b", socket.SOCK_STREAM, "192.0.2.20", 85)
    net.nft("b", "input priority 0", "meta length > 1400 drop")
    answer = connect(net, B, 85)
    assert (answer.outcome, answer.sizes) == (Handshake.SMALL_ONLY, PacketSizes(1500, 1400))


def test_a_server_that_ends_the_connection_by_itself_says_nothing_of_sizes(net: Any) -> None:
    listening = net.socket("b", socket.SOCK_STREAM, "192.0.2.20", 86)

    def hang_up() -> None:
        while True:
            try:
                listening.accept()[0].close()
            except OSError:
                return

    threading.Thread(target=hang_up, daemon=True).start()
    assert connect(net, B, 86).outcome in (Handshake.OPEN, Handshake.RESET)


def test_an_unreachable_destination_names_the_errno(net: Any) -> None:
    nowhere = connect(net, FAR, 80)
    assert (nowhere.outcome, nowhere.error) == (Handshake.UNREACHABLE, "ENETUNREACH")
    net.ip("a", "route add unreachable 198.51.100.0/24")
    refused = connect(net, FAR, 80)
    assert (refused.outcome, refused.error) == (Handshake.UNREACHABLE, "EHOSTUNREACH")


def test_several_attempts_come_back_in_the_order_of_the_question(net: Any) -> None:
    net.socket("b", socket.SOCK_STREAM, "192.0.2.20", 80)
    ends = tuple(Endpoint(B, port) for port in (81, 80, 85))
    answers = net.ask("a", Handshakes(ends, 250))
    assert [(each.destination, each.outcome) for each in answers] == list(
        zip(ends, (Handshake.REFUSED, Handshake.OPEN, Handshake.REFUSED), strict=True)
    )


def echo(receiver: socket.socket, sender: socket.socket) -> None:
    """Answer one datagram, from the sender's address."""

    def work() -> None:
        data, origin = receiver.recvfrom(64)
        sender.sendto(data, origin)

    threading.Thread(target=work, daemon=True).start()


def send(net: Any, port: int) -> DatagramAnswer:
    (answer,) = net.ask("a", Datagrams((Endpoint(B, port),), 200))
    return answer


def test_udp_answers_refuses_or_is_silent(net: Any) -> None:
    answering = net.socket("b", socket.SOCK_DGRAM, "192.0.2.20", 90)
    echo(answering, answering)
    net.socket("b", socket.SOCK_DGRAM, "192.0.2.20", 91)
    answered = send(net, 90)
    assert (answered.outcome, answered.replied_from) == (DatagramOutcome.ANSWERED, Endpoint(B, 90))
    assert send(net, 91).outcome is DatagramOutcome.SILENT
    assert send(net, 92).outcome is DatagramOutcome.REFUSED


def test_a_udp_answer_from_another_address_or_port_is_told(net: Any) -> None:
    net.ip("b", "address add 192.0.2.21/24 dev eth0")
    for port, other in ((93, ("192.0.2.21", 93)), (94, ("192.0.2.20", 9400))):
        echo(
            net.socket("b", socket.SOCK_DGRAM, "192.0.2.20", port), net.socket("b", socket.SOCK_DGRAM, *other)
        )
        answer = send(net, port)
        assert answer.outcome is DatagramOutcome.OTHER_SOURCE
        assert answer.replied_from == Endpoint(IPv4Address(other[0]), other[1])


def ping(net: Any, address: IPv4Address) -> EchoAnswer:
    (answer,) = net.ask("a", Echoes((address,), 200))
    return answer


def test_ping_tells_the_replying_address(net: Any) -> None:
    answer = ping(net, B)
    assert (answer.replied_from, answer.messages, answer.error) == (B, (), None)


def test_a_redirect_names_the_next_hop(net: Any) -> None:
    net.sysctl("b", {"ipv4/ip_forward": 1, "ipv4/conf/all/send_redirects": 1, "ipv4/conf/all/rp_filter": 0})
    net.ip("a", "route add 192.0.2.30/32 via 192.0.2.20")
    answer = ping(net, C)
    assert answer.replied_from == C
    assert answer.messages == (IcmpMessage(5, 1, B, C),)


def told(net: Any, destination: IPv4Address) -> tuple[IcmpMessage, ...]:
    """What the router says of a ping; it says one such thing a second and five at once (ip_error, net/ipv4/route.c)."""
    answers = (ping(net, destination).messages for _ in range(8))
    return next((messages for messages in answers if messages), ())


def test_unreachable_messages_carry_code_and_sender(net: Any) -> None:
    net.sysctl("b", {"ipv4/ip_forward": 1, "ipv4/icmp_ratelimit": 0})
    net.ip("b", "route add unreachable 198.51.100.0/25", "route add prohibit 198.51.100.128/25")
    net.ip("a", "route add 198.51.100.0/24 via 192.0.2.20")
    assert told(net, FAR) == (IcmpMessage(3, 1, B),)
    assert told(net, IPv4Address("198.51.100.200")) == (IcmpMessage(3, 13, B),)


def test_a_gateway_with_a_route_gives_the_node_away(net: Any) -> None:
    for machine in "bc":
        net.sysctl(
            machine, {"ipv4/ip_forward": 1, "ipv4/conf/all/rp_filter": 0, "ipv4/conf/all/send_redirects": 1}
        )
    net.ip("b", "route add 192.0.2.53/32 via 192.0.2.30")
    question = RoutedEchoes("eth0", A, net.mac("b"), (VIP,), 200)
    (answer,) = net.ask("a", question)
    assert not answer.replied
    assert set(answer.messages) == {IcmpMessage(5, 1, B, C), IcmpMessage(11, 0, C)}


def test_a_vip_behind_the_gateway_that_answers_ping_itself(net: Any) -> None:
    net.sysctl("b", {"ipv4/ip_forward": 1})
    net.ip("b", "address add 192.0.2.53/32 dev lo")
    (answer,) = net.ask("a", RoutedEchoes("eth0", A, net.mac("b"), (VIP,), 200))
    assert answer == RoutedEcho(VIP, True, ())


def test_hops_say_how_far_a_packet_comes_and_who_gets_no_answer(net: Any) -> None:
    """`b` sends on to `c`, which asks for the address by ARP in vain. Redirects would lead past `b`."""
    for machine in "bc":
        net.sysctl(machine, {"ipv4/ip_forward": 1})
        for group in ("all", "eth0"):
            net.sysctl(machine, {f"ipv4/conf/{group}/{key}": 0 for key in ("rp_filter", "send_redirects")})
    net.ip("a", "route add 198.51.100.0/24 via 192.0.2.20")
    net.ip("b", "route add 198.51.100.0/24 via 192.0.2.30")
    net.ip("c", "address add 198.51.100.1/24 dev eth0")
    (answer,) = net.ask("a", HopsTowards((FAR,), 3, 3600))
    assert answer.messages[0] == IcmpMessage(11, 0, B)
    assert answer.messages[1] == IcmpMessage(11, 0, C)
    assert answer.messages[2] == IcmpMessage(3, 1, C)
