"""Roles, owners and attachments follow from facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, ip_address
from typing import Any

import pytest

from hairpin_doctor.attachment import ipv4_addresses
from hairpin_doctor.network import Network, VantagePoint
from probes.announcers import AnnouncerFacts, ArpListener
from probes.arp import ArpAnswers, ArpFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.links import LinkAddress
from probes.questions.neighbours import ArpReply, Neighbour
from probes.questions.routing import Route
from probes.questions.traffic import Endpoint, Handshake, HandshakeAnswer
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol
from probes.tcp import TcpFacts

VIP, CLIENT, NODE, GATEWAY = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 20, 1))
CLIENT_MAC, GATEWAY_MAC = "52:54:00:00:00:01", "02:00:00:00:01:01"
Point = Callable[..., VantagePoint]


def route(kind: str = "unicast", interface: str = "eth0", gateway: IPv4Address | None = None) -> RouteFacts:
    default = Route("unicast", interface, GATEWAY, CLIENT, 254)
    return RouteFacts((RouteFound(VIP, Route(kind, interface, gateway, CLIENT, 254)),), default, (), ())


def rules(*ports: int) -> ServiceRulesFacts:
    programmed = tuple(
        ProgrammedPort(VIP, port, Protocol.TCP, "nftables", None, (), True, "dnat", True, True, (), "")
        for port in ports
    )
    return ServiceRulesFacts(programmed, (), (), ())


def forwarding(value: int | None) -> InterfaceSysctlFacts:
    return InterfaceSysctlFacts((), (), value)


def tcp(outcome: Handshake) -> TcpFacts:
    return TcpFacts((HandshakeAnswer(Endpoint(VIP, 80), outcome, 1.0, None, None),), ())


def heard(*macs: str, address: IPv4Address = VIP) -> ArpFacts:
    replies = tuple(ArpReply(address, mac, mac, 0.1) for mac in macs)
    return ArpFacts((ArpAnswers("eth0", "packet socket", (VIP, GATEWAY), replies),))


@pytest.mark.parametrize(
    ("facts", "serves"),
    [
        ((rules(80),), True),
        ((rules(80), forwarding(0)), True),
        ((route("local"),), True),
        ((route("local"), rules(), forwarding(0)), True),
        ((rules(),), False),
        ((route(), rules(), forwarding(1)), False),
        ((forwarding(0),), False),
        ((forwarding(1),), None),
        ((forwarding(None),), None),
        ((route(),), None),
        ((), None),
    ],
)
def test_a_role_is_known_by_rules_by_address_or_by_not_forwarding(
    point: Point, facts: tuple[Any, ...], serves: bool | None
) -> None:
    assert point("m", *facts).serves(VIP) is serves


def test_a_machine_of_unknown_role_is_a_client_only_where_another_one_serves(point: Point) -> None:
    unknown, node = point("vm", forwarding(1)), point("n5", rules(80))
    assert Network([unknown]).clients(VIP) == ()
    assert Network([unknown, node]).clients(VIP) == (unknown,)
    assert Network([unknown, node]).hosts(VIP) == (node,)
    sure = point("vm", forwarding(0))
    assert Network([sure]).clients(VIP) == (sure,)


def test_a_machine_that_answers_others_by_a_listener_of_its_own_is_a_host_though_it_holds_no_rules(
    point: Point, link: Any
) -> None:
    own = link(2, "eth0")
    announcer = [InterfaceFacts((own,)), route(), rules()]
    listening = AnnouncerFacts((ArpListener("eth0", "speaker"),))
    client = point("vm", forwarding(0), heard(own.mac))
    silent = point("n5", *announcer, AnnouncerFacts(()))
    speaker = point("n5", *announcer, listening)
    assert Network([client, silent]).hosts(VIP) == ()
    assert Network([client, speaker]).hosts(VIP) == (speaker,)
    assert Network([client, speaker]).clients(VIP) == (client,)
    routed = point("n5", *announcer[:1], route(gateway=GATEWAY), rules(), listening)
    assert Network([client, routed]).hosts(VIP) == ()  # a router that answers by proxy ARP


@pytest.mark.parametrize(
    ("facts", "fails", "works"),
    [
        ((tcp(Handshake.OPEN),), False, True),
        ((tcp(Handshake.SILENT),), True, False),
        ((), False, False),
        ((heard(),), True, False),
        ((heard("02::1"),), False, False),
        ((heard(), tcp(Handshake.OPEN)), False, True),
        ((heard(), NeighbourFacts((Neighbour(2, VIP, "02::1", "STALE", False),))), False, False),
        ((heard(), NeighbourFacts((Neighbour(2, VIP, "02::1", "FAILED", False),))), True, False),
    ],
)
def test_a_client_fails_by_a_port_or_by_silence_of_arp(
    point: Point, facts: tuple[Any, ...], fails: bool, works: bool
) -> None:
    client = point("vm", forwarding(0), *facts)
    network = Network([client])
    assert (client in network.failing(VIP), client in network.working(VIP)) == (fails, works)


def test_the_serving_machines_own_traffic_is_no_clients(point: Point) -> None:
    network = Network([point("n5", rules(80), tcp(Handshake.SILENT))])
    assert (network.failing(VIP), network.working(VIP)) == ((), ())


def test_the_gateways_macs_are_the_cached_one_and_those_that_answer_now(point: Point) -> None:
    cache = NeighbourFacts((Neighbour(2, GATEWAY, "02::old", "STALE", False),))
    vm = point("vm", route(), cache, heard(GATEWAY_MAC, address=GATEWAY))
    assert vm.gateway_macs() == ("02::old", GATEWAY_MAC)
    assert point("vm", cache).gateway_macs() == ()
    assert point("vm", replace(route(), default=None), cache).gateway_macs() == ()


def test_every_interface_with_a_mac_owns_it_also_on_two_machines(point: Point, link: Any) -> None:
    one = point("n5", InterfaceFacts((link(2, "br0", mac="02::1"), link(3, "eno1", mac="02::1"))))
    two = point("vm", InterfaceFacts((link(4, "eth0", mac="02::1"), link(5, "eth1", mac="02::2"))))
    owners = Network([one, two]).owners("02::1")
    assert [str(owner) for owner in owners] == ["br0 of n5", "eno1 of n5", "eth0 of vm"]


def test_a_bridge_that_shares_its_ports_mac_owns_it_first(point: Point, link: Any) -> None:
    """A NIC is older than the bridge that takes over its MAC."""
    links = (link(2, "eno1", mac="02::1", master=5), link(5, "br0", mac="02::1"))
    owners = Network([point("n5", InterfaceFacts(links))]).owners("02::1")
    assert [str(owner) for owner in owners] == ["br0 of n5", "eno1 of n5"]


def test_what_is_missing_names_the_way_to_get_it(point: Point) -> None:
    network = Network([point("vm", forwarding(0))])
    assert "vm.json" in network.need_host(VIP, "x").how_to_get
    assert f"scan {VIP}" in network.need_client(VIP, "x").how_to_get


@pytest.mark.parametrize(
    ("taken_at", "known"),
    [
        ("2026-01-02T03:04:05+00:00", True),
        ("2026-01-02T03:04:05", False),
        ("yesterday", False),
        (None, False),
    ],
)
def test_a_time_without_a_zone_is_no_time(point: Point, taken_at: str | None, known: bool) -> None:
    assert (replace(point("vm"), taken_at=taken_at).finished() is not None) is known


def test_ipv6_addresses_are_left_out(link: Any) -> None:
    own = tuple(LinkAddress(ip_address(text), 24) for text in ("192.0.2.10", "fe80::1"))
    assert list(ipv4_addresses(link(2, "eth0", addresses=own))) == [CLIENT]
