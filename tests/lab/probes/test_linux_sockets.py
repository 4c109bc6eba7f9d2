"""The real machine: other programs' sockets, connection tracking and counters."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.fixes.changes import ForgottenFlow
from hairpin_doctor.machine.changing.hands import ThisMachine
from probes.questions.firewall import FlowDirection, NftRuleset, TrackedConnections, UsedFlows
from probes.questions.links import Links
from probes.questions.machine import Counters, MachineIdentity, Moment
from probes.questions.routing import RoutesThatHold
from probes.questions.sockets import PacketSocket, PacketSockets, TcpConnections
from probes.questions.traffic import Datagrams, Endpoint, Handshakes
from probes.target import Protocol

pytestmark = pytest.mark.lab
A, B, VIP = (IPv4Address(f"192.0.2.{n}") for n in (10, 20, 53))
LISTEN_FOR_ARP = """
import socket, sys
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
link.bind(("eth0", 0x0806))
print("ready", flush=True)
sys.stdin.read()
"""


def test_packet_sockets_of_others_are_shown_with_their_process_and_our_own_are_left_out(net: Any) -> None:
    def own() -> socket.socket:
        link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        link.bind(("eth0", 0x0806))
        return link

    net.opened.enter_context(net.inside("a", own))
    assert net.ask("a", PacketSockets()) == ()
    command = [sys.executable, "-c", LISTEN_FOR_ARP]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    listener = net.opened.enter_context(net.inside("a", lambda: subprocess.Popen(command, **pipes)))
    assert listener.stdout.readline() == b"ready\n"
    index = next(each.index for each in net.ask("a", Links()) if each.name == "eth0")
    name = Path(f"/proc/{listener.pid}/comm").read_text().strip()
    assert net.ask("a", PacketSockets()) == (PacketSocket(0x0806, index, name),)
    assert net.ask("b", PacketSockets()) == ()


def test_tcp_connections_are_found_by_either_port(net: Any) -> None:
    listener = net.socket("b", socket.SOCK_STREAM, "192.0.2.20", 179)
    client = net.socket("a", socket.SOCK_DGRAM, "192.0.2.10", 0)
    assert client.getsockname()[0] == "192.0.2.10"
    made = net.opened.enter_context(net.inside("a", lambda: socket.create_connection(("192.0.2.20", 179), 1)))
    net.opened.enter_context(listener.accept()[0])
    own = Endpoint(A, made.getsockname()[1])
    (at_client,) = net.ask("a", TcpConnections(179))
    assert (at_client.local, at_client.remote, at_client.state) == (own, Endpoint(B, 179), "ESTABLISHED")
    assert {each.state for each in net.ask("b", TcpConnections(179))} == {"LISTEN", "ESTABLISHED"}
    assert net.ask("b", TcpConnections(180)) == ()


def test_a_translated_connection_is_tracked_with_both_directions(net: Any) -> None:
    net.ip("a", "route add 192.0.2.53/32 via 192.0.2.20")
    net.nft("b", "prerouting priority -100", "ip daddr 192.0.2.53 tcp dport 80 dnat to 192.0.2.20:8080",
            "ip daddr 192.0.2.53 udp dport 53 dnat to 192.0.2.30:5353", kind="nat")  # fmt: skip
    net.sysctl("b", {"ipv4/ip_forward": 1})
    net.nft("b", "forward priority 0", "udp dport 5353 drop")
    net.nft("b", "postrouting priority 100", "udp dport 5353 counter", kind="nat")
    net.socket("b", socket.SOCK_STREAM, "192.0.2.20", 8080)
    net.ask("a", Handshakes((Endpoint(VIP, 80),), 200))
    (tcp,) = net.ask("b", TrackedConnections((VIP,)))
    assert (tcp.protocol, tcp.seen_reply) == (Protocol.TCP, True)
    assert (tcp.original.source, tcp.original.destination, tcp.original.destination_port) == (A, VIP, 80)
    assert (tcp.reply.source, tcp.reply.source_port, tcp.reply.destination) == (B, 8080, A)
    assert net.ask("b", TrackedConnections((IPv4Address("192.0.2.54"),))) == ()


def test_a_flow_that_nobody_answered_is_tracked_as_unreplied(net: Any) -> None:
    net.nft("b", "input priority 0", "ct state new udp dport 99 accept")
    net.socket("b", socket.SOCK_DGRAM, "192.0.2.20", 99)
    net.ask("a", Datagrams((Endpoint(B, 99),), 60))
    (flow,) = net.ask("b", TrackedConnections((B,)))
    assert (flow.protocol, flow.seen_reply, flow.original.source) == (Protocol.UDP, False, A)


def test_every_route_that_holds_an_address_is_listed_whatever_its_table_and_type(net: Any) -> None:
    net.ip("a", "route add blackhole 198.51.100.0/24", "route add default via 192.0.2.20 table 77")
    found = net.ask("a", RoutesThatHold(IPv4Address("198.51.100.7")))
    assert [(str(each.prefix), each.type, each.table) for each in found] == [
        ("198.51.100.0/24", "blackhole", 254),
        ("0.0.0.0/0", "unicast", 77),
    ]
    assert net.ask("a", RoutesThatHold(IPv6Address("2001:db8::7"))) == ()


def test_counters_are_the_namespaces_own(net: Any) -> None:
    def drops() -> int:
        found: int = net.ask("b", Counters(Moment.AFTER))["TcpExt.IPReversePathFilter"]
        return found

    net.run("a", "ping", "-c1", "-W1", "192.0.2.20")  # a filter keeps ARP from being answered, too
    before = drops()
    net.sysctl("b", {"ipv4/conf/all/rp_filter": 1})
    net.ip("b", "route add unreachable 192.0.2.10/32")
    net.ask("a", Datagrams((Endpoint(B, 99),), 60))
    assert drops() > before
    assert net.ask("c", Counters(Moment.AFTER))["TcpExt.IPReversePathFilter"] == 0


def test_the_ruleset_is_that_of_the_namespace(net: Any) -> None:
    net.nft("b", "input priority 0", "tcp dport 4242 drop")
    assert "4242" in net.ask("b", NftRuleset())
    assert "4242" not in net.ask("a", NftRuleset())


def test_two_namespaces_of_one_machine_are_told_apart(net: Any) -> None:
    a, b = net.ask("a", MachineIdentity()), net.ask("b", MachineIdentity())
    assert a.boot_id == b.boot_id
    assert a.network_namespace != b.network_namespace
    assert a.root


def test_a_tracked_flow_is_in_use_while_packets_come_and_can_be_forgotten(net: Any) -> None:
    net.nft("b", "input priority 0", "ct state new udp dport 99 accept")
    net.socket("b", socket.SOCK_DGRAM, "192.0.2.20", 99)
    sender = net.socket("a", socket.SOCK_DGRAM, "192.0.2.10", 4000)
    flow = FlowDirection(A, B, 4000, 99)

    def send(ended: threading.Event) -> None:
        while not ended.wait(0.2):
            sender.sendto(b"x", ("192.0.2.20", 99))

    ended = threading.Event()
    threading.Thread(target=send, args=(ended,)).start()
    try:
        assert poll_used(net, flow, 3000) == (flow,)
    finally:
        ended.set()
    assert net.ask("b", UsedFlows((flow,), 1600)) == ()
    forget = ForgottenFlow("192.0.2.10", 4000, "192.0.2.20", 99)
    hands = ThisMachine()
    assert not net.inside("b", lambda: hands.find(forget).so)
    net.inside("b", lambda: hands.do(forget))
    assert net.inside("b", lambda: hands.find(forget).so)
    assert net.ask("b", TrackedConnections((B,))) == ()
    net.inside("b", lambda: hands.do(forget))  # gone already: as good


def poll_used(net: Any, flow: FlowDirection, watch_ms: int) -> Any:
    """Once its entry is there."""
    while not net.ask("b", TrackedConnections((B,))):
        pass
    return net.ask("b", UsedFlows((flow,), watch_ms))
