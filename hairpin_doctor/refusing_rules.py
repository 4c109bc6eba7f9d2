"""Which policy rule has the kernel refuse an answer, if it is one: the rules in their order, and what their tables hold."""

from __future__ import annotations

from ipaddress import ip_network

from hairpin_doctor.network import Network
from hairpin_doctor.vantage_point import VantagePoint
from probes.questions.routing import HoldingRoute, RoutingRule
from probes.routes import RouteFacts
from probes.target import Address
from probes.ways_back import FORBIDDING, MAIN_TABLES, WayBack, WayBackFacts

JUDGED = {"IPv6", "not", "src", "dst", "iifname", "fwmark", "table", *FORBIDDING}
"""Words of a rule that this module weighs: one with others (oifname, l3mdev) is not taken to hold for an answer."""
MAIN_RULE = 32766
"""Priority of the rule that leads to the main table (ip-rule(8)); what comes later decides nothing that main decides."""


def refusing_rules(host: VantagePoint, client: VantagePoint, way: WayBack) -> tuple[RoutingRule, ...]:
    """The policy rule that refuses this answer; none where the main table has no route for it, or one that forbids.

    All rules where only that the host itself has a route tells that a rule refuses. Raises MissingFacts where a scan did
    not ask which routes hold the client.
    """
    routes, refusal = host.findings[RouteFacts], host.findings[WayBackFacts].refusal(way.client)
    found = refusing_rule(routes, way, refusal.routes if refusal else ())
    if found is None and refusal is None and routes.rules:
        if routes.route(way.client) is None:
            raise Network.need_another_scan(host, client, f"which routes of {host.name} hold {client.name}")
        return routes.rules
    return (found,) if found else ()


def refusing_rule(routes: RouteFacts, way: WayBack, held_by: tuple[HoldingRoute, ...]) -> RoutingRule | None:
    """The first rule that refuses such a packet, by its action or by its table's route of those that hold the address."""
    for each in sorted(routes.rules, key=lambda rule: rule.priority):
        if each.priority >= MAIN_RULE or not _selects(each, way):
            continue
        if set(FORBIDDING) & set(_words(each)):
            return each
        table = int(_words(each).get("table") or 0)
        found = next((route for route in held_by if route.table == table), None)
        if found and found.type in FORBIDDING:
            return None if table in MAIN_TABLES else each
    return None


def _words(rule: RoutingRule) -> dict[str, str]:
    """Its selectors, table and action, as RoutingRules words them."""
    words = (each.partition(" ") for each in rule.text.split(", "))
    return {name: value for name, _, value in words}


def _selects(rule: RoutingRule, way: WayBack) -> bool:
    """Whether the rule holds for the packet that the kernel was asked about: it has no mark, and no way out yet."""
    words = _words(rule)
    if not set(words) <= JUDGED or ("IPv6" in words) != (way.client.version == 6):
        return False
    chosen = (
        _within(way.source, words.get("src"))
        and _within(way.client, words.get("dst"))
        and words.get("iifname") in (None, way.incoming or "lo")
        and words.get("fwmark") in (None, "0")
    )
    return chosen != ("not" in words)


def _within(address: Address, prefix: str | None) -> bool:
    try:
        return prefix is None or address in ip_network(prefix, strict=False)
    except ValueError:  # a report by other hands: no rule of the kernel's
        return False
