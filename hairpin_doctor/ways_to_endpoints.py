"""Which silent endpoints of a VIP a serving host's own routing does not lead to: refused, or led away by a policy rule."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hairpin_doctor.refusing_rules import refusing_rule
from hairpin_doctor.vantage_point import VantagePoint
from probes.endpoints import EndpointFacts
from probes.pod_paths import Diverted, PodPathFacts
from probes.questions.routing import HoldingRoute, RoutingRule
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address
from probes.ways_back import FORBIDDING, WayBack


def refused_endpoints(host: VantagePoint, vip: Address) -> tuple[Diverted, ...]:
    """Those for which the host's main table has no route, or one that forbids."""
    return tuple(each for each in _diverted(host, vip) if each.refused_by_main)


def captured_endpoints(host: VantagePoint, vip: Address) -> tuple[Diverted, ...]:
    """Those for which the main table has a route, and a policy rule decides otherwise."""
    return tuple(each for each in _diverted(host, vip) if each.captured)


def _diverted(host: VantagePoint, vip: Address) -> tuple[Diverted, ...]:
    rules, paths = host.findings.get(ServiceRulesFacts), host.findings.get(PodPathFacts)
    ends = {end.address for end in rules.endpoints(vip)} if rules else set()
    return tuple(each for each in (paths.diverted if paths else ()) if each.endpoint in ends)


def capturing_rules(host: VantagePoint, vip: Address, captured: Diverted) -> tuple[RoutingRule, ...]:
    """The policy rules that lead to the deciding table, or the one that refuses."""
    routes = host.findings[RouteFacts]
    if captured.route is not None and not captured.refused:
        return leading_to(routes, captured.route.table)
    nowhere = IPv4Address(0) if captured.endpoint.version == 4 else IPv6Address(0)
    own = WayBack(vip, captured.endpoint, nowhere, None, captured.route)
    found = refusing_rule(routes, own, captured.held_by)
    return (found,) if found else ()


def leading_to(routes: RouteFacts, table: int) -> tuple[RoutingRule, ...]:
    """The policy rules that lead to a table."""
    return tuple(each for each in routes.rules if f"table {table}" in each.text.split(", "))


def discards(host: VantagePoint, endpoint: Address) -> str | None:
    """How the host's routing refuses packets for an endpoint, in words; None where it does not, or was not asked."""
    facts, paths = host.findings.get(EndpointFacts), host.findings.get(PodPathFacts)
    known = [each for each in (facts.endpoints if facts else ()) if each.endpoint.address == endpoint]
    if not known or any(each.route and each.route.type not in FORBIDDING for each in known):
        return None
    found = next((each for each in (paths.diverted if paths else ()) if each.endpoint == endpoint), None)
    return f"{host.name} {refusal(found.main if found else None)} for {endpoint}"


def refusal(main: HoldingRoute | None) -> str:
    """In words, to be followed by "for ADDRESS"."""
    return f"has {forbidding(main)}" if main and main.type in FORBIDDING else "has no route"


def forbidding(route: HoldingRoute) -> str:
    """Such a route by its type, with the article."""
    return f"{'an' if route.type.startswith('u') else 'a'} {route.type} route"
