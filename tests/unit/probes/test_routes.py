"""The kernel's decisions for VIPs and clients."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from probes.host import Absent, NotAsked
from probes.probe import Scope
from probes.questions.routing import (
    ConnectedPrefix,
    ConnectedPrefixes,
    Route,
    RouteTo,
    RoutingRule,
    RoutingRules,
)
from probes.routes import SOMEWHERE_ELSE, routes
from probes.target import Target

VIP, LOCAL, ROUTED, NOWHERE, OWN, GATEWAY, CLIENT = (
    IPv4Address(f"192.0.2.{n}") for n in (53, 54, 55, 56, 10, 1, 11)
)
PREFIX = ConnectedPrefix(IPv4Network("192.0.2.0/24"), "eth0")


def test_on_link_local_routed_and_unreachable_are_told_apart(fake: Any) -> None:
    def route(question: RouteTo) -> Route:
        if question.destination == NOWHERE:
            raise Absent("no route")
        kind = "local" if question.destination == LOCAL else "unicast"
        return Route(
            kind, "eth0", GATEWAY if question.destination in (ROUTED, SOMEWHERE_ELSE) else None, OWN, 254
        )

    rules = (RoutingRule(100, "from all lookup 7"),)
    host = fake({RouteTo: route, RoutingRules(): rules, ConnectedPrefixes(): (PREFIX,)})
    vips = tuple(Target(vip) for vip in (VIP, LOCAL, ROUTED, NOWHERE))
    facts = routes.look(host, Scope(vips, clients=(CLIENT,)))
    assert [facts.on_link(vip) for vip in (VIP, LOCAL, ROUTED, NOWHERE, CLIENT)] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert [facts.is_local(vip) for vip in (VIP, LOCAL, ROUTED, NOWHERE)] == [False, True, False, False]
    assert facts.default is not None
    assert facts.default.gateway == GATEWAY
    assert (facts.rules, facts.connected) == (rules, (PREFIX,))
    assert facts.route(OWN) is None  # nobody asked


def test_a_client_that_is_also_a_vip_is_asked_for_once(fake: Any) -> None:
    host = fake({RouteTo: Absent("no route"), RoutingRules(): (), ConnectedPrefixes(): ()})
    facts = routes.look(host, Scope((Target(VIP),), clients=(VIP,)))
    assert [each.destination for each in facts.to] == [VIP]
    assert facts.default is None


def test_of_a_client_that_a_recording_does_not_know_nothing_is_said(fake: Any) -> None:
    def recorded(question: RouteTo) -> Route:
        if question.destination == CLIENT:
            raise NotAsked("RouteTo was not asked")
        raise Absent("no route")

    host = fake({RouteTo: recorded, RoutingRules(): (), ConnectedPrefixes(): ()})
    facts = routes.look(host, Scope((Target(VIP),), clients=(CLIENT,)))
    assert facts.asked(VIP)
    assert not facts.asked(CLIENT)
