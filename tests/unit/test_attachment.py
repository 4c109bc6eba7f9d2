"""Where a client hangs on a host, and which interfaces of the host hear it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.attachment import segment
from hairpin_doctor.network import Network, VantagePoint
from hairpin_doctor.vantage_point import STAND_IN_PORT
from probes.client_links import ClientHeard, ClientLinkFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.links import BridgeSettings, FdbEntry
from probes.questions.neighbours import Neighbour
from probes.questions.routing import Route
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol

VIP, CLIENT, NODE = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 20))
CLIENT_MAC, GATEWAY_MAC = "52:54:00:00:00:01", "02:00:00:00:01:01"
SETTINGS = BridgeSettings(False, False, False, False)
TO_VIP = RouteFacts((RouteFound(VIP, Route("unicast", "eth0", None, CLIENT, 254)),), None, (), ())
PORT = ProgrammedPort(VIP, 80, Protocol.TCP, "nftables", None, (), True, "dnat", True, True, (), "")
SERVES, SERVES_NOT = ServiceRulesFacts((PORT,), (), (), ()), ServiceRulesFacts((), (), (), ())
Point = Callable[..., VantagePoint]


def bridge(link: Any) -> tuple[Any, ...]:
    settings = BridgeSettings(False, False, False, False)
    return (
        link(3, "br0", kind="bridge", bridge=settings),
        link(4, "vnet1", master=3),
        link(5, "eno1", master=3),
    )


def client(point: Point, link: Any, kind: str | None = None) -> VantagePoint:
    return point(
        "vm",
        TO_VIP,
        InterfaceFacts((link(2, "eth0", mac=CLIENT_MAC, kind=kind),)),
        InterfaceSysctlFacts((), (), 0),
    )


def learned(port: int, bridge: int | None = 3, *, own: bool = False) -> ForwardingDatabaseFacts:
    return ForwardingDatabaseFacts((FdbEntry(CLIENT_MAC, port, bridge, None, own, False),))


def test_a_client_hangs_on_the_port_where_the_bridge_learned_its_mac(point: Point, link: Any) -> None:
    vm = client(point, link)
    host = point("n5", SERVES, InterfaceFacts(bridge(link)), learned(4))
    found = Network([vm, host]).attachment(vm, VIP)
    assert found is not None
    assert (found.host.name, found.interface.name, found.port.name) == ("n5", "br0", "vnet1")
    assert Network([vm, host]).bridged_by(vm, VIP) == (found,)


@pytest.mark.parametrize(
    ("name", "port"),
    [("stand-in@vnet1", "vnet1"), ("stand-in@br0", STAND_IN_PORT), ("stand-in@tap9", STAND_IN_PORT)],
)
def test_a_stand_in_hangs_on_the_port_that_its_own_is_a_copy_of(
    point: Point, link: Any, name: str, port: str
) -> None:
    stand_in = point(
        name,
        TO_VIP,
        InterfaceFacts((link(2, "eth0", mac=CLIENT_MAC),)),
        InterfaceSysctlFacts((), (), 0),
    )
    links = (*bridge(link), link(6, STAND_IN_PORT, master=3), link(7, "tap9", master=8))
    host = point("n5", SERVES, InterfaceFacts(links), learned(6))
    found = Network([stand_in, host]).attachment(stand_in, VIP)
    assert found is not None
    assert found.port.name == port
    elsewhere = point("n6", SERVES, InterfaceFacts(bridge(link)), learned(5))
    beyond = Network([stand_in, elsewhere]).attachment(stand_in, VIP)
    assert beyond is not None
    assert beyond.port.name == "eno1"


@pytest.mark.parametrize("fdb", [learned(4, own=True), learned(4, None), learned(9), learned(3)])
def test_an_entry_that_names_no_port_of_a_bridge_attaches_nothing(point: Point, link: Any, fdb: Any) -> None:
    vm = client(point, link)
    assert Network([vm, point("n5", SERVES, InterfaceFacts(bridge(link)), fdb)]).attachment(vm, VIP) is None


def test_where_no_table_remembers_a_client_its_answer_to_the_host_tells(point: Point, link: Any) -> None:
    vm = client(point, link)
    forgotten = (SERVES, InterfaceFacts((link(5, "eno1"),)), ForwardingDatabaseFacts(()), NeighbourFacts(()))
    heard = ClientLinkFacts((ClientHeard(CLIENT, "eno1", CLIENT_MAC),))
    found = Network([vm, point("n5", *forgotten, heard)]).attachment(vm, VIP)
    assert found is not None
    assert (found.interface.name, found.port) == ("eno1", None)
    another = ClientLinkFacts((ClientHeard(CLIENT, "eno1", "02:00:00:00:00:99"),))
    assert Network([vm, point("n5", *forgotten, another)]).attachment(vm, VIP) is None


def test_without_a_bridge_the_hosts_neighbour_entry_tells_the_interface(point: Point, link: Any) -> None:
    vm = client(point, link)

    def host(address: IPv4Address, mac: str) -> VantagePoint:
        cache = NeighbourFacts((Neighbour(7, address, mac, "STALE", False),))
        return point("n5", SERVES, InterfaceFacts((link(7, "eth7"),)), cache)

    found = Network([vm, host(CLIENT, CLIENT_MAC)]).attachment(vm, VIP)
    assert found is not None
    assert (found.interface.name, found.port) == ("eth7", None)
    assert (
        Network([vm, host(NODE, CLIENT_MAC)]).attachment(vm, VIP) is None
    )  # another of the client's addresses
    assert Network([vm, host(CLIENT, GATEWAY_MAC)]).attachment(vm, VIP) is None  # by way of a router


def test_only_a_machine_that_serves_the_vip_is_attached_to_but_any_may_bridge(
    point: Point, link: Any
) -> None:
    vm = client(point, link)
    stranger = point("n6", SERVES_NOT, InterfaceFacts(bridge(link)), learned(4))
    network = Network([vm, stranger])
    assert network.attachment(vm, VIP) is None
    assert [each.host.name for each in network.bridged_by(vm, VIP)] == ["n6"]


def heard_by(point: Point, link: Any, links: tuple[Any, ...], client_kind: str | None = None) -> list[str]:
    """The names of the host's interfaces that hear a client behind vnet1."""
    vm = client(point, link, client_kind)
    found = Network([vm, point("n5", SERVES, InterfaceFacts(links), learned(4))]).attachment(vm, VIP)
    assert found is not None
    return [each.name for each in segment(found)]


def test_the_segment_holds_the_bridge_what_is_stacked_on_it_and_veths_into_it(
    point: Point, link: Any
) -> None:
    links = (
        *bridge(link),
        link(6, "metallb0", kind="macvlan", lower=3),
        link(8, "veth-up", kind="veth", lower=9),
        link(9, "veth-in", kind="veth", lower=8, master=3),
        link(10, "veth-far", kind="veth", lower=11),
        link(12, "mac-eno1", kind="macvlan", lower=5),
    )
    assert heard_by(point, link, links) == ["br0", "metallb0", "veth-up"]


def test_a_veth_into_another_bridge_joins_the_two_and_is_itself_as_deaf_as_any_port(
    point: Point, link: Any
) -> None:
    links = (
        *bridge(link),
        link(6, "br1", kind="bridge", bridge=SETTINGS),
        link(7, "mac-br1", kind="macvlan", lower=6),
        link(8, "veth-far", kind="veth", lower=9, master=6),
        link(9, "veth-near", kind="veth", lower=8, master=3),
    )
    assert heard_by(point, link, links) == ["br0", "br1", "mac-br1"]


def test_a_vlan_interface_hears_only_where_frames_may_be_tagged(point: Point, link: Any) -> None:
    vlan = link(7, "br0.10", kind="vlan", lower=3)
    links = (*bridge(link), vlan)
    assert heard_by(point, link, links) == ["br0"]
    assert heard_by(point, link, links, client_kind="vlan") == ["br0", "br0.10"]
    filtering = replace(links[0], bridge=replace(SETTINGS, vlan_filtering=True))
    assert heard_by(point, link, (filtering, *links[1:])) == ["br0", "br0.10"]


def test_of_two_bridges_joined_by_a_veth_the_client_hangs_on_its_own(point: Point, link: Any) -> None:
    vm = client(point, link)
    links = (
        *bridge(link),
        link(6, "fwbr0", kind="bridge", bridge=SETTINGS),
        link(7, "tap0", master=6),
        link(8, "fwln0", kind="veth", master=6, lower=9),
        link(9, "fwpr0", kind="veth", master=3, lower=8),
    )
    nearer, farther = (FdbEntry(CLIENT_MAC, port, on, None, False, False) for port, on in ((7, 6), (9, 3)))
    for entries in ((farther, nearer), (nearer, farther)):
        host = point("n5", SERVES, InterfaceFacts(links), ForwardingDatabaseFacts(entries))
        found = Network([vm, host]).attachment(vm, VIP)
        assert found is not None
        assert (found.interface.name, found.port.name) == ("fwbr0", "tap0")
