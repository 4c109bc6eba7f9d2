"""bypassed_subnets: who answers where the kernel does not send."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest

from probes.bypassed_subnets import BypassedSubnet, BypassedSubnetFacts, bypassed_subnets
from probes.host import Absent
from probes.probe import Scope
from probes.questions.links import LinkAddress, Links
from probes.questions.neighbours import ArpReply, ArpSweep, NeighbourSolicitations, Solicited
from probes.questions.routing import ConnectedPrefix, ConnectedPrefixes, Route, RouteTo
from probes.target import Target

VIP, OWN, MAC = IPv4Address("10.7.8.53"), IPv4Address("10.7.8.9"), "02:00:00:00:00:53"
SCOPE = Scope((Target(VIP),))
LAN = BypassedSubnet(VIP, "lan", IPv4Network("10.7.8.0/24"), (MAC,))


def route(interface: str | None, kind: str = "unicast") -> Route:
    return Route(kind, interface, None, OWN, 52)


@pytest.fixture
def machine(fake: Callable[..., Any], link: Callable[..., Any]) -> Callable[..., Any]:
    """A machine with the LAN and a tunnel, whose route to the VIP is given."""

    def make(to_the_vip: Any, length: int = 24, **how: Any) -> Any:
        lan = link(2, "lan", addresses=(LinkAddress(OWN, length, None),), **how)
        tunnel = link(3, "tunnel", addresses=(LinkAddress(IPv4Address("100.64.0.3"), 32, None),), mac=None)
        answers = {
            Links: (lan, tunnel),
            RouteTo: to_the_vip,
            ArpSweep: (ArpReply(VIP, MAC, MAC, 0.2),),
        }
        return fake(answers)

    return make


@pytest.mark.parametrize("taken", [route("tunnel"), Absent("no route")], ids=["a tunnel", "a blackhole"])
def test_the_lan_is_asked_where_the_kernel_sends_elsewhere(machine: Callable[..., Any], taken: Any) -> None:
    host = machine(taken)
    assert bypassed_subnets.look(host, SCOPE) == BypassedSubnetFacts((LAN,))
    assert host.asked_of(ArpSweep) == [ArpSweep("lan", OWN, (VIP,), (), SCOPE.arp_window_ms)]


def test_beside_its_subnet_the_link_to_the_gateway_is_asked_as_well(machine: Callable[..., Any]) -> None:
    away = Route("unicast", "lan", IPv4Address("10.7.8.1"), OWN, 254)
    narrow = BypassedSubnet(VIP, "lan", IPv4Network("10.7.8.8/30"), (MAC,))
    assert bypassed_subnets.look(machine(away, 30), SCOPE) == BypassedSubnetFacts((), (narrow,))
    assert bypassed_subnets.look(machine(away, 24), SCOPE) == BypassedSubnetFacts(())


@pytest.mark.parametrize("taken", [route("lan"), route("lo", "local")], ids=["the LAN", "itself"])
def test_nobody_is_asked_where_packets_go_into_the_lan_or_stay(
    machine: Callable[..., Any], taken: Any
) -> None:
    host = machine(taken)
    assert bypassed_subnets.look(host, SCOPE) == BypassedSubnetFacts(())
    assert host.asked_of(ArpSweep) == []


@pytest.mark.parametrize(
    "how", [{"length": 32}, {"up": False}, {"carrier": False}, {"arp": False}, {"master": 9}], ids=str
)
def test_an_interface_that_hears_no_lan_is_not_asked(
    machine: Callable[..., Any], how: dict[str, Any]
) -> None:
    assert bypassed_subnets.look(machine(route("tunnel"), **how), SCOPE).subnets == ()


def test_the_subnet_with_an_answer_comes_first() -> None:
    silent = BypassedSubnet(VIP, "old", IPv4Network("10.7.0.0/16"), ())
    assert BypassedSubnetFacts((silent, LAN)).of(VIP) == (LAN, silent)


VIP_6, LEASED, SLAAC = (IPv6Address(f"2001:db8::{each}") for each in ("53", "9", "ff:fe00:9"))
ROUTER, PREFIX, EVERY_LINK = IPv6Address("fe80::1"), IPv6Network("2001:db8::/64"), IPv6Network("fe80::/64")


@pytest.fixture
def over_ipv6(fake: Callable[..., Any], link: Callable[..., Any]) -> Callable[..., Any]:
    """A machine in a LAN with `address`/`length`, and this on-link prefix; its route to the VIP is given."""

    def make(way: Route, address: IPv6Address, length: int, *on_link: IPv6Network) -> Any:
        own = (
            LinkAddress(IPv6Address("fe80::9"), 64),
            LinkAddress(IPv6Address("2001:db8::66"), 64, "tentative"),
            LinkAddress(address, length),
        )
        answers = {
            Links: (link(2, "lan", addresses=own), link(3, "tunnel", mac=None)),
            RouteTo: way,
            ConnectedPrefixes: tuple(ConnectedPrefix(each, "lan") for each in (EVERY_LINK, *on_link)),
            NeighbourSolicitations: Solicited((ArpReply(VIP_6, MAC, MAC, 0.2),), (), ()),
        }
        return fake(answers)

    return make


@pytest.mark.parametrize(
    ("address", "length", "on_link"), [(SLAAC, 64, ()), (LEASED, 128, (PREFIX,))], ids=["SLAAC", "DHCPv6"]
)
def test_over_ipv6_the_prefix_counts_that_is_on_link_whatever_the_address_says(
    over_ipv6: Callable[..., Any], address: IPv6Address, length: int, on_link: tuple[IPv6Network, ...]
) -> None:
    host = over_ipv6(Route("unicast", "tunnel", None, None, 52), address, length, *on_link)
    facts = bypassed_subnets.look(host, Scope((Target(VIP_6),)))
    assert facts == BypassedSubnetFacts((BypassedSubnet(VIP_6, "lan", PREFIX, (MAC,)),))
    assert [each.source for each in host.asked_of(NeighbourSolicitations)] == [address]


def test_an_address_without_an_on_link_prefix_is_a_subnet_of_its_own_beside_the_vip(
    over_ipv6: Callable[..., Any],
) -> None:
    by_the_router = Route("unicast", "lan", ROUTER, LEASED, 254)
    alone = bypassed_subnets.look(over_ipv6(by_the_router, LEASED, 128), Scope((Target(VIP_6),)))
    assert alone.beside == (BypassedSubnet(VIP_6, "lan", IPv6Network("2001:db8::9/128"), (MAC,)),)
    held = bypassed_subnets.look(over_ipv6(by_the_router, LEASED, 128, PREFIX), Scope((Target(VIP_6),)))
    assert held == BypassedSubnetFacts(())
