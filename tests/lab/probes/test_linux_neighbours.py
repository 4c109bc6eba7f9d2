"""The real machine: ARP, the neighbour cache and routes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from probes.host import Absent
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpSweep, KernelResolution, Neighbours
from probes.questions.routing import ConnectedPrefix, ConnectedPrefixes, Route, RouteTo, RoutingRules

pytestmark = pytest.mark.lab
A, B, VIP, NOBODY = (IPv4Address(f"192.0.2.{n}") for n in (10, 20, 53, 99))


def sweep(net: Any, *addresses: IPv4Address, unicast: Any = ()) -> set[tuple[str, str]]:
    replies = net.ask("a", ArpSweep("eth0", A, addresses, unicast, 150))
    assert all(reply.mac == reply.frame_source for reply in replies)
    assert all(0 < reply.round_trip_ms < 150 for reply in replies)
    return {(str(reply.address), reply.mac) for reply in replies}


def test_both_answerers_of_one_address_are_heard_and_silence_is_none(net: Any) -> None:
    for machine in "bc":
        net.ip(machine, "address add 192.0.2.53/32 dev eth0")
    assert sweep(net, VIP, B, NOBODY) == {
        ("192.0.2.53", net.mac("b")),
        ("192.0.2.53", net.mac("c")),
        ("192.0.2.20", net.mac("b")),
    }


def test_a_direct_question_reaches_only_that_mac(net: Any) -> None:
    net.ip("b", "address add 192.0.2.53/32 dev eth0")
    net.sysctl("b", {"ipv4/conf/eth0/arp_ignore": 8})
    assert sweep(net, VIP) == set()
    net.sysctl("b", {"ipv4/conf/eth0/arp_ignore": 0})
    assert sweep(net, unicast=((VIP, net.mac("b")),)) == {("192.0.2.53", net.mac("b"))}
    assert sweep(net, unicast=((VIP, net.mac("c")),)) == set()


def test_an_interface_that_is_not_there_cannot_be_asked_on(net: Any) -> None:
    with pytest.raises(Absent, match="eth9"):
        net.ask("a", ArpSweep("eth9", A, (VIP,), (), 50))


def test_the_cache_is_read_as_it_is(net: Any) -> None:
    net.ip("a", "neighbour add 192.0.2.53 lladdr 02:00:00:00:00:53 dev eth0 nud permanent")
    net.run("a", "ping", "-c1", "-W1", "192.0.2.20")
    found = {str(each.address): (each.mac, each.state) for each in net.ask("a", Neighbours(Moment.BEFORE))}
    assert found["192.0.2.53"] == ("02:00:00:00:00:53", "PERMANENT")
    assert found["192.0.2.20"] == (net.mac("b"), "REACHABLE")


def test_the_kernel_resolves_by_itself(net: Any) -> None:
    resolved = net.ask("a", KernelResolution((B, NOBODY), 200))
    found = {str(each.address): (each.mac, each.state) for each in resolved}
    assert found["192.0.2.20"] == (net.mac("b"), "REACHABLE")
    assert found.get("192.0.2.99", (None, ""))[0] is None


def test_the_kernels_decision_for_on_link_routed_local_and_refused_destinations(net: Any) -> None:
    net.ip("a", "route add default via 192.0.2.20", "route add unreachable 198.51.100.0/24")
    gateway = IPv4Address("192.0.2.20")

    def route(text: str) -> Route:
        found: Route = net.ask("a", RouteTo(IPv4Address(text)))
        return found

    assert route("192.0.2.53") == Route("unicast", "eth0", None, A, 254)
    assert route("203.0.113.9") == Route("unicast", "eth0", gateway, A, 254)
    assert (route("192.0.2.10").type, route("192.0.2.10").interface) == ("local", "lo")
    with pytest.raises(Absent):
        net.ask("c", RouteTo(IPv4Address("203.0.113.9")))


def test_policy_rules_decide_by_source_and_are_listed(net: Any) -> None:
    net.ip("a", "rule add from 192.0.2.11 lookup 7 priority 100", "address add 192.0.2.11/32 dev eth0",
           "route add 203.0.113.0/24 via 192.0.2.30 table 7", "route add default via 192.0.2.20")  # fmt: skip
    there = IPv4Address("203.0.113.9")
    assert net.ask("a", RouteTo(there, source=IPv4Address("192.0.2.11"))).gateway == IPv4Address("192.0.2.30")
    assert net.ask("a", RouteTo(there)).gateway == IPv4Address("192.0.2.20")
    net.ip("a", "rule add from 198.51.100.0/24 blackhole priority 101")
    assert [(each.priority, each.text) for each in net.ask("a", RoutingRules())] == [
        (100, "table 7, src 192.0.2.11/32"),
        (101, "blackhole, src 198.51.100.0/24"),
    ]
    assert net.ask("b", RoutingRules()) == ()


def test_connected_prefixes_are_those_without_a_gateway(net: Any) -> None:
    net.ip("a", "route add 203.0.113.0/24 via 192.0.2.20")
    found = [each for each in net.ask("a", ConnectedPrefixes()) if each.prefix.version == 4]
    assert found == [ConnectedPrefix(IPv4Network("192.0.2.0/24"), "eth0")]
