"""HD109: the VIP is a default gateway, or what a node's own packets carry as source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Severity
from hairpin_doctor.rules.pool_overlaps_infrastructure import pool_overlaps_infrastructure
from hairpin_doctor.rules.proxy_arp_answers import proxy_arp_answers
from probes.questions.routing import Route, RouteTo
from probes.routes import SOMEWHERE_ELSE

Recorded = Callable[[str], Any]


def test_the_gateways_address_is_certain_from_every_vantage_point(recorded: Recorded) -> None:
    case = recorded("pool-holds-the-gateway")
    for seen in ((), (case.client,)):
        verdict = case.verdict(pool_overlaps_infrastructure, *seen)
        assert isinstance(verdict, Diagnosis)
        assert verdict.severity is Severity.BROKEN
    alone = case.verdict(pool_overlaps_infrastructure, case.host)
    assert isinstance(alone, Diagnosis)
    assert alone.severity is Severity.LATENT


def test_another_gateway_clears_it(recorded: Recorded) -> None:
    case = recorded("pool-holds-the-gateway")

    def elsewhere(question: RouteTo, route: Route) -> Route:
        if question.destination != SOMEWHERE_ELSE:
            return route
        return replace(route, gateway=IPv4Address("192.168.8.254"))

    other = case.host_says(RouteTo, elsewhere).client_says(RouteTo, elsewhere)
    assert isinstance(other.verdict(pool_overlaps_infrastructure), Cleared)


def test_the_gateways_own_address_is_no_proxy_arp(recorded: Recorded) -> None:
    assert isinstance(recorded("pool-holds-the-gateway").verdict(proxy_arp_answers), Cleared)


def test_an_address_that_a_node_merely_holds_is_not_its_main_one(recorded: Recorded) -> None:
    assert isinstance(recorded("every-node-holds-the-vip").verdict(pool_overlaps_infrastructure), Cleared)


def test_a_nodes_main_address_that_it_alone_answers_for_is_a_note(recorded: Recorded) -> None:
    case = recorded("healthy")

    def own(question: RouteTo, route: Route) -> Route:
        if question == RouteTo(case.vip):
            return replace(route, type="local")
        return replace(route, source=case.vip) if question.destination == SOMEWHERE_ELSE else route

    verdict = case.host_says(RouteTo, own).verdict(pool_overlaps_infrastructure)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.NOTE


def test_a_nodes_own_address_that_its_rules_translate_is_meant_to_be_one_though_it_fails(
    recorded: Recorded,
) -> None:
    case = recorded("unknown-pod-filters")

    def main_address(question: RouteTo, route: Route) -> Route:
        if question == RouteTo(case.vip):
            return replace(route, type="local")
        return replace(route, source=case.vip) if question == RouteTo(SOMEWHERE_ELSE) else route

    verdict = case.host_says(RouteTo, main_address).verdict(pool_overlaps_infrastructure)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.NOTE
