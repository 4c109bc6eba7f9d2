"""Who is asked by ARP, and what is done without CAP_NET_RAW."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address
from typing import Any

import pytest

from probes.arp import NEIGHBOURS_AT_MOST, arp
from probes.host import Absent, Denied
from probes.probe import Scope
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, ArpSweep, KernelResolution, Neighbour, Neighbours
from probes.questions.routing import Route, RouteTo
from probes.routes import SOMEWHERE_ELSE
from probes.target import Target

VIP, OTHER_VIP, OWN, GATEWAY, FRIEND = (IPv4Address(f"192.0.2.{n}") for n in (53, 54, 10, 1, 7))
SCOPE = Scope((Target(VIP),), arp_window_ms=900)
ON_LINK = Route("unicast", "eth0", None, OWN, 254)
DEFAULT = Route("unicast", "eth0", GATEWAY, OWN, 254)


def known(address: object, mac: str | None, state: str = "REACHABLE") -> Neighbour:
    return Neighbour(2, ip_address(str(address)), mac, state, False)


def machine(**how: Any) -> dict[Any, Any]:
    """A client with one interface; `routes` per address over the plain on-link ones."""
    routes: Mapping[Any, Any] = {SOMEWHERE_ELSE: DEFAULT} | how.get("routes", {})

    def route(question: RouteTo) -> Route:
        found = routes.get(question.destination, ON_LINK)
        if isinstance(found, Exception):
            raise found
        return found

    return {
        RouteTo: route,
        Neighbours(Moment.BEFORE): how.get("before", ()),
        Neighbours(Moment.AFTER_TRAFFIC): how.get("after", ()),
        ArpSweep: how.get("replies", ()),
        KernelResolution: how.get("resolved", ()),
    }


def sweep(fake: Any, scope: Scope = SCOPE, **how: Any) -> ArpSweep | None:
    host = fake(machine(**how))
    arp.look(host, scope)
    return next(iter(host.asked_of(ArpSweep)), None)


def test_the_vip_and_the_gateway_are_asked_with_the_clients_own_address(fake: Any) -> None:
    asked = sweep(fake)
    assert asked == ArpSweep("eth0", OWN, (VIP, GATEWAY), (), 900)


def test_a_known_gateway_is_asked_for_the_vip_directly_as_well(fake: Any) -> None:
    asked = sweep(fake, before=(known(GATEWAY, "02:00:00:00:00:01"),))
    assert asked is not None
    assert asked.unicast == ((VIP, "02:00:00:00:00:01"),)


def test_neighbours_on_the_same_interface_are_asked_and_others_are_not(fake: Any) -> None:
    elsewhere, unresolved = IPv4Address("198.51.100.9"), IPv4Address("192.0.2.8")
    asked = sweep(
        fake,
        routes={elsewhere: Route("unicast", "eth1", None, OWN, 254)},
        after=(
            known(FRIEND, "02:00:00:00:00:07", "STALE"),
            known(elsewhere, "02:00:00:00:00:09"),
            known(unresolved, None, "FAILED"),
            known("fe80::1", "02:00:00:00:00:0a"),
        ),
    )
    assert asked is not None
    assert asked.addresses == (VIP, GATEWAY, FRIEND)


@pytest.mark.parametrize("state", ["REACHABLE", "PERMANENT"])
def test_an_entry_that_a_late_proxy_answer_could_replace_is_left_alone(fake: Any, state: str) -> None:
    asked = sweep(
        fake,
        before=(known(FRIEND, "02:00:00:00:00:07", "STALE"),),
        after=(known(FRIEND, "02:00:00:00:00:07", state),),
    )
    assert asked is not None
    assert asked.addresses == (VIP, GATEWAY)


def test_a_crowd_of_neighbours_is_cut(fake: Any) -> None:
    crowd = tuple(known(f"192.0.2.{n}", "02:00:00:00:00:07", "STALE") for n in range(100, 200))
    asked = sweep(fake, before=crowd)
    assert asked is not None
    assert len(asked.addresses) == 2 + NEIGHBOURS_AT_MOST


@pytest.mark.parametrize(
    "route",
    [
        DEFAULT,
        Route("local", "lo", None, OWN, 255),
        Route("blackhole", None, None, None, 254),
        Absent("no route"),
    ],
    ids=["routed", "local", "blackhole", "none"],
)
def test_a_vip_that_is_not_on_link_is_not_asked_for(fake: Any, route: Any) -> None:
    assert sweep(fake, routes={VIP: route}) is None


def test_vips_on_one_interface_share_a_sweep(fake: Any) -> None:
    asked = sweep(fake, Scope((Target(VIP), Target(OTHER_VIP))))
    assert asked is not None
    assert asked.addresses == (VIP, OTHER_VIP, GATEWAY)


def test_a_gateway_behind_another_interface_is_not_asked_here(fake: Any) -> None:
    asked = sweep(fake, routes={SOMEWHERE_ELSE: Route("unicast", "eth1", GATEWAY, OWN, 254)})
    assert asked is not None
    assert asked.addresses == (VIP,)


def test_every_answerer_is_seen_fastest_first(fake: Any) -> None:
    replies = tuple(
        ArpReply(VIP, mac, mac, took) for mac, took in (("02::b", 9.0), ("02::a", 0.2), ("02::b", 1.0))
    )
    facts = arp.look(fake(machine(replies=replies)), SCOPE)
    assert facts.macs(VIP) == ("02::a", "02::b")
    assert facts.macs(GATEWAY) == ()
    assert facts.asked(GATEWAY)
    assert not facts.asked(OTHER_VIP)
    assert facts.sees_duplicates(VIP)


def test_without_cap_net_raw_the_kernel_asks_and_sees_no_second_answerer(fake: Any) -> None:
    host = fake(
        machine(
            replies=Denied("CAP_NET_RAW", "ARP"),
            resolved=(known(VIP, "02:00:00:00:00:53"), known(GATEWAY, "02:00:00:00:00:01", "STALE")),
        )
    )
    facts = arp.look(host, SCOPE)
    assert host.asked_of(KernelResolution) == [KernelResolution((VIP,), 900)]
    assert facts.macs(VIP) == ("02:00:00:00:00:53",)
    assert facts.macs(GATEWAY) == ()  # an entry that the kernel has not confirmed is no answer
    assert not facts.asked(GATEWAY)
    assert not facts.sees_duplicates(VIP)
