"""The real machine: what an IPv6 router and the node behind its route say of an echo request by the router's MAC."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

import pytest

from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import RoutedEcho, RoutedEchoes

pytestmark = pytest.mark.lab
A, ROUTER, NODE, VIP, NOBODY = (IPv6Address(f"2001:db8::{number}") for number in (10, 20, 30, 53, 99))
FAR = IPv6Address("2001:db8:1::7")
REDIRECT, TIME_EXCEEDED, UNREACHABLE, FROM_THE_LINK = 137, 3, 1, 255


@pytest.fixture
def routed(dual_stack: Any) -> Any:
    """`b` is the router and `c` the node; both forward."""
    for machine, address in (("a", A), ("b", ROUTER), ("c", NODE)):
        dual_stack.ip(machine, f"address add {address}/64 dev eth0 nodad")
    for machine in "bc":
        dual_stack.sysctl(machine, {"ipv6/conf/all/forwarding": 1})
    return dual_stack


def ask(net: Any, *vips: IPv6Address, timeout_ms: int = 200) -> tuple[RoutedEcho, ...]:
    found: tuple[RoutedEcho, ...] = net.ask("a", RoutedEchoes("eth0", A, net.mac("b"), vips, timeout_ms))
    return found


def test_a_router_names_a_link_local_next_hop_with_its_mac_and_the_node_answers_itself(routed: Any) -> None:
    node, mac = routed.link_local("c"), routed.mac("c")
    routed.ip("b", f"route add {VIP}/128 via {node} dev eth0")
    routed.run(
        "b", "ping", "-6", "-c1", "-w2", f"{node}%eth0"
    )  # it knows the node's MAC, as a router in use does
    (answer,) = ask(routed, VIP)
    own, routers_mac = routed.link_local("b"), routed.mac("b")
    assert set(answer.messages) == {
        IcmpMessage(REDIRECT, 0, own, node, routers_mac, FROM_THE_LINK, mac),
        IcmpMessage(TIME_EXCEEDED, 0, NODE, None, mac, 64),
    }


def test_of_a_global_next_hop_only_the_node_itself_tells(routed: Any) -> None:
    routed.ip("b", f"route add {VIP}/128 via {NODE}")
    (answer,) = ask(routed, VIP)
    assert answer.messages == (IcmpMessage(TIME_EXCEEDED, 0, NODE, None, routed.mac("c"), 64),)


def test_a_router_that_asks_by_ndp_redirects_to_the_vip_itself(routed: Any) -> None:
    (answer,) = ask(routed, NOBODY)
    mac = routed.mac("b")
    assert answer.messages == (
        IcmpMessage(REDIRECT, 0, routed.link_local("b"), NOBODY, mac, FROM_THE_LINK, None),
    )


def test_a_router_without_a_route_says_so_and_another_vip_behind_it_answers(routed: Any) -> None:
    routed.ip("b", f"address add {VIP}/128 dev lo nodad")
    without, answered = ask(routed, FAR, VIP)
    assert answered == RoutedEcho(VIP, True, ())
    assert without.messages == (IcmpMessage(UNREACHABLE, 0, ROUTER, None, routed.mac("b"), 64),)
