"""Who answers for an IPv6 VIP, and who would if the question reached it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

import pytest

from probes.arp import arp
from probes.host import Absent, Denied
from probes.neighbour_discovery import neighbour_discovery
from probes.probe import Scope
from probes.questions.links import LinkAddress, Links
from probes.questions.neighbours import (
    ArpReply,
    KernelResolution,
    Neighbour,
    Neighbours,
    NeighbourSolicitations,
    Solicited,
)
from probes.questions.routing import Route, RouteTo
from probes.target import parse_target, solicited_node

VIP, OWN, ROUTER = (IPv6Address(f"2001:db8::{each}") for each in ("53", "10", "1"))
MAC, ROUTERS_MAC = "02:00:00:00:00:07", "02:00:00:00:00:01"
LINK_LOCAL = IPv6Address("fe80::10")
OWN_ADDRESSES = (
    LinkAddress(OWN, 64),
    LinkAddress(IPv6Address("fe80::9"), 64, "dadfailed"),
    LinkAddress(LINK_LOCAL, 64),
)
SCOPE = Scope((parse_target(f"[{VIP}]:53"),))
ANSWER, OTHERS = (ArpReply(who, mac, mac, 0.4) for who, mac in ((VIP, MAC), (ROUTER, ROUTERS_MAC)))


def route(question: RouteTo) -> Route:
    if question.destination == VIP:
        return Route("unicast", "eth0", None, OWN, 254)
    if question.destination.version == 6:
        return Route("unicast", "eth0", ROUTER, OWN, 254)
    raise Absent("no route")


def answers(link: Any, solicited: Any) -> dict[Any, Any]:
    return {
        RouteTo: route,
        Links(): (link(2, "eth0", addresses=OWN_ADDRESSES), link(3, "eth1")),
        Neighbours: (
            Neighbour(2, ROUTER, ROUTERS_MAC, "STALE", True),
            Neighbour(3, IPv6Address("2001:db8:1::9"), "02:00:00:00:00:09", "STALE", False),
            Neighbour(2, VIP, None, "FAILED", False),
        ),
        NeighbourSolicitations: solicited,
    }


@pytest.mark.parametrize(
    ("address", "group"),
    [("2001:db8::53", "ff02::1:ff00:53"), ("fd00::1:2ab:cdef", "ff02::1:ffab:cdef")],
)
def test_an_address_is_asked_for_in_the_group_of_its_last_24_bits(address: str, group: str) -> None:
    assert solicited_node(IPv6Address(address)) == IPv6Address(group)


def test_vip_and_gateway_are_asked_for_and_the_macs_of_that_link_are_told(fake: Any, link: Any) -> None:
    host = fake(answers(link, Solicited((ANSWER, OTHERS), (), ())))
    facts = neighbour_discovery.look(host, SCOPE)
    (question,) = host.asked_of(NeighbourSolicitations)
    assert question.addresses == (VIP, ROUTER)
    assert (question.vips, question.macs) == ((VIP,), (ROUTERS_MAC,))
    assert (
        question.link_local == LINK_LOCAL
    )  # the one that is in use: the other failed duplicate address detection
    assert facts.others(VIP) == (OTHERS,)
    assert facts.heard_directly(VIP) == ()


def test_an_answer_to_a_direct_question_alone_is_told_apart(fake: Any, link: Any) -> None:
    host = fake(answers(link, Solicited((OTHERS,), (ANSWER,), (ROUTERS_MAC, MAC))))
    facts = neighbour_discovery.look(host, SCOPE)
    assert facts.heard_directly(VIP) == (MAC,)
    assert facts.stations(VIP) == (ROUTERS_MAC, MAC)
    assert arp.look(host, SCOPE).macs(VIP) == ()


def test_who_answers_the_multicast_question_answers_for_the_address_like_by_arp(fake: Any, link: Any) -> None:
    facts = arp.look(fake(answers(link, Solicited((ANSWER,), (), ()))), SCOPE)
    assert facts.macs(VIP) == (MAC,)
    assert facts.sees_duplicates(VIP)


def test_without_the_right_the_kernel_asks_and_nothing_is_known_of_direct_questions(
    fake: Any, link: Any
) -> None:
    kernel = {KernelResolution: (Neighbour(2, VIP, MAC, "REACHABLE", False),)}
    host = fake({**answers(link, Denied("CAP_NET_RAW", "NeighbourSolicitations")), **kernel})
    assert arp.look(host, SCOPE).macs(VIP) == (MAC,)
    with pytest.raises(Denied):
        neighbour_discovery.look(host, SCOPE)


def test_a_vip_behind_the_gateway_is_not_asked_for(fake: Any, link: Any) -> None:
    routed = replace(SCOPE, targets=(parse_target("2001:db8:7::53"),))
    host = fake(answers(link, Solicited((), (), ())))
    assert neighbour_discovery.look(host, routed).links == ()
    assert host.asked_of(NeighbourSolicitations) == []


def test_for_an_ipv4_vip_nothing_is_asked(fake: Any) -> None:
    assert neighbour_discovery.look(fake({}), Scope((parse_target("192.0.2.53"),))).links == ()
