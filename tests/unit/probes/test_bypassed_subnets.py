"""bypassed_subnets: who answers where the kernel does not send."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from probes.bypassed_subnets import BypassedSubnet, BypassedSubnetFacts, bypassed_subnets
from probes.host import Absent
from probes.probe import Scope
from probes.questions.links import LinkAddress, Links
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.routing import Route, RouteTo
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
