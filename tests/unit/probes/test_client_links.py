"""Which clients are asked by ARP, on which interface, and whose answer counts."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from probes.client_links import ClientHeard, ClientLinkFacts, client_links
from probes.host import Absent, Denied, NotAsked
from probes.probe import Scope
from probes.questions.machine import Moment
from probes.questions.neighbours import (
    ArpReply,
    ArpSweep,
    Neighbour,
    Neighbours,
    NeighbourSolicitations,
    Solicited,
)
from probes.questions.routing import Route, RouteTo
from probes.target import Target

VIP, OWN, CLIENT, FAR, GATEWAY = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 20, 30, 1))
MAC = "02:00:00:00:00:20"
ROUTES = {
    CLIENT: Route("unicast", "eth0", None, OWN, 254),
    FAR: Route("unicast", "eth0", GATEWAY, OWN, 254),
    OWN: Route("local", "lo", None, OWN, 255),
}


def route(question: RouteTo) -> Route:
    if question.destination not in ROUTES:
        raise Absent("no route")
    return ROUTES[question.destination]


def scope(*clients: IPv4Address) -> Scope:
    return Scope((Target(VIP),), clients=clients)


def test_a_client_on_the_link_is_asked_there_and_its_answer_kept(fake: Any) -> None:
    host = fake({RouteTo: route, Neighbours(Moment.BEFORE): (), ArpSweep: (ArpReply(CLIENT, MAC, MAC, 0.2),)})
    assert client_links.look(host, scope(CLIENT)) == ClientLinkFacts((ClientHeard(CLIENT, "eth0", MAC),))
    assert [each.addresses for each in host.asked_of(ArpSweep)] == [(CLIENT,)]


@pytest.mark.parametrize("client", [FAR, OWN, IPv4Address("203.0.113.9")])
def test_a_client_that_is_routed_local_or_unreachable_is_not_asked(fake: Any, client: IPv4Address) -> None:
    host = fake({RouteTo: route, Neighbours(Moment.BEFORE): (), ArpSweep: ()})
    assert client_links.look(host, scope(client)).heard == ()
    assert not host.asked_of(ArpSweep)


def test_a_client_that_the_cache_knows_is_asked_at_its_mac_and_not_by_broadcast(fake: Any) -> None:
    cached = Neighbour(2, CLIENT, MAC, "REACHABLE", False)
    host = fake({RouteTo: route, Neighbours(Moment.BEFORE): (cached,), ArpSweep: ()})
    client_links.look(host, scope(CLIENT))
    assert [(each.addresses, each.unicast) for each in host.asked_of(ArpSweep)] == [((), ((CLIENT, MAC),))]


def test_a_permanent_entry_may_be_wrong_and_cannot_be_spoilt_so_it_is_asked_by_broadcast(fake: Any) -> None:
    set_by_hand = Neighbour(2, CLIENT, "02:00:00:00:00:99", "PERMANENT", False)
    host = fake({RouteTo: route, Neighbours(Moment.BEFORE): (set_by_hand,), ArpSweep: ()})
    client_links.look(host, scope(CLIENT))
    assert [(each.addresses, each.unicast) for each in host.asked_of(ArpSweep)] == [((CLIENT,), ())]


def test_only_the_answer_with_the_clients_own_mac_says_where_it_hangs() -> None:
    facts = ClientLinkFacts((ClientHeard(CLIENT, "eth0", MAC),))
    assert facts.of(CLIENT, MAC) == ClientHeard(CLIENT, "eth0", MAC)
    assert facts.of(CLIENT, "02:00:00:00:00:99") is None
    assert facts.of(FAR, MAC) is None


def test_where_a_recording_knew_of_no_client_nobody_is_heard(fake: Any) -> None:
    host = fake({RouteTo: route, Neighbours(Moment.BEFORE): (), ArpSweep: NotAsked("not asked then")})
    assert client_links.look(host, scope(CLIENT)).heard == ()


def test_without_the_right_to_ask_it_says_so(fake: Any) -> None:
    host = fake(
        {RouteTo: route, Neighbours(Moment.BEFORE): (), ArpSweep: Denied("CAP_NET_RAW", "asking by ARP")}
    )
    with pytest.raises(Denied):
        client_links.look(host, scope(CLIENT))


VIP6, OWN6, CLIENT6 = (IPv6Address(f"2001:db8::{n}") for n in (53, 10, 20))


@pytest.mark.parametrize(("interface", "asked"), [("eth1", (CLIENT6,)), ("eth0", ())])
def test_an_ipv6_client_is_asked_where_the_kernel_takes_it_to_be_unless_the_vips_are_there(
    fake: Any, interface: str, asked: tuple[IPv6Address, ...]
) -> None:
    def way(question: RouteTo) -> Route:
        return Route("unicast", "eth0" if question.destination == VIP6 else interface, None, OWN6, 254)

    reply = ArpReply(CLIENT6, MAC, MAC, 0.2)
    host = fake({RouteTo: way, NeighbourSolicitations: Solicited((reply,), (), ())})
    found = client_links.look(host, Scope((Target(VIP6),), clients=(CLIENT6,)))
    assert found == ClientLinkFacts(tuple(ClientHeard(each, interface, MAC) for each in asked), asked)


def test_an_ipv6_client_of_a_recording_that_did_not_ask_counts_as_not_asked(fake: Any) -> None:
    host = fake(
        {
            RouteTo: lambda each: Route("unicast", f"to-{each.destination}", None, OWN6, 254),
            NeighbourSolicitations: NotAsked("not asked then"),
        }
    )
    assert client_links.look(host, Scope((Target(VIP6),), clients=(CLIENT6,))) == ClientLinkFacts(())
