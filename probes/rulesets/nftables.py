"""Read the JSON of `nft -j list ruleset` into a Ruleset (format: libnftables-json(5)).

Table names carry their family, as in "ip kube-proxy". Tables that iptables-nft manages are left out where the caller
names them: `nft -j` hides their targets, iptables-nft-save tells them whole. Families arp and netdev are not read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from probes.rulesets.actions import Unclear
from probes.rulesets.model import BadRuleset, BaseChain, Chain, Rule, RuleCounters, Ruleset
from probes.rulesets.nftables_rule import steps_of
from probes.rulesets.nftables_sets import Sets
from probes.rulesets.nftables_text import rule_text

LONGEST_TEXT = 256 * 1024 * 1024
MOST_OBJECTS = 1_000_000
FAMILIES = frozenset({"ip", "ip6", "inet", "bridge"})
Object = dict[str, Any]
Key = tuple[str, str]


@lru_cache(maxsize=2)
def parse(text: str, managed: frozenset[Key] = frozenset()) -> Ruleset:
    """The ruleset without the `managed` (family, table name) ones.

    A rule that cannot be read becomes Unclear: it may do anything. Raises BadRuleset with one sentence where the text is
    no JSON of nft at all.
    """
    bases: list[BaseChain] = []
    rules: dict[Key, list[Object]] = {}
    tables: dict[str, dict[str, Object]] = {}
    for kind, item in objects(text):
        family, table = _text(item, "family"), _text(item, "name" if kind == "table" else "table")
        if family not in FAMILIES or (family, table) in managed:
            continue
        place = f"{family} {table}"
        if kind == "chain":
            rules.setdefault((place, _text(item, "name")), [])
            bases += [_base(item, family, place)] if "hook" in item else []
        elif kind == "rule":
            rules.setdefault((place, _text(item, "chain")), []).append(item)
        elif kind in ("set", "map"):
            tables.setdefault(place, {})[_text(item, "name")] = item
    sets = {place: Sets(found, _updated(place, rules)) for place, found in tables.items()}
    chains = {
        key: Chain(key[0], key[1], _compiler(key, found, sets.setdefault(key[0], Sets({}))))
        for key, found in rules.items()
    }
    populated = any(rules.values())
    return Ruleset("nftables", tuple(bases), chains, _translates(rules), populated, sets)


def _updated(place: str, rules: Mapping[Key, list[Object]]) -> frozenset[str]:
    """Names of the sets and maps of a table to which its rules add, or of which they delete, what packets carry."""
    listed = (rule.get("expr") for (table, _), found in rules.items() if table == place for rule in found)
    statements = (each for expression in listed if isinstance(expression, list) for each in expression)
    bodies = [each.get(kind) for each in statements if isinstance(each, dict) for kind in ("set", "map")]
    return frozenset(
        str(body.get(kind)).lstrip("@")
        for body in bodies
        if isinstance(body, dict)
        for kind in ("set", "map")
    )


def objects(text: str) -> Iterator[tuple[str, Object]]:
    """Tables, chains, rules, sets and maps of any family, in order. Raises BadRuleset."""
    if len(text) > LONGEST_TEXT:
        raise BadRuleset(f"The nftables ruleset is larger than {LONGEST_TEXT >> 20} MiB.")
    try:
        items = json.loads(text)["nftables"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadRuleset(
            "The answer of `nft -j list ruleset` is not the JSON of libnftables-json(5)."
        ) from None
    if not isinstance(items, list) or len(items) > MOST_OBJECTS:
        raise BadRuleset(f"The nftables ruleset is no list of at most {MOST_OBJECTS} objects.")
    for item in items:
        for kind, body in item.items() if isinstance(item, dict) else ():
            if kind in ("table", "chain", "rule", "set", "map") and isinstance(body, dict):
                yield kind, body


def _text(item: Object, key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise BadRuleset(f"An object of the nftables ruleset has no {key!r}.")
    return value


def _base(item: Object, family: str, place: str) -> BaseChain:
    priority = item.get("prio")
    return BaseChain(
        backend="nftables",
        family=family,
        table=place,
        name=_text(item, "name"),
        hook=_text(item, "hook"),
        kind=str(item.get("type")),
        priority=priority if isinstance(priority, int) else 0,
        policy="drop" if item.get("policy") == "drop" else "accept",
    )


def _compiler(key: Key, items: list[Object], sets: Sets) -> Callable[[], tuple[Rule, ...]]:
    return partial(_compile, key, tuple(items), sets)


def _compile(key: Key, items: tuple[Object, ...], sets: Sets) -> tuple[Rule, ...]:
    return tuple(_rule(key, item, sets) for item in items)


def _rule(key: Key, item: Object, sets: Sets) -> Rule:
    expressions = item.get("expr", [])
    handle = item.get("handle")
    number = handle if isinstance(handle, int) else 0
    counters: RuleCounters | None = None
    try:
        steps = steps_of(expressions, key[0].partition(" ")[0], sets)
        text = rule_text(expressions)
        counted = [e["counter"] for e in expressions if isinstance(e.get("counter"), dict)]
        counters = RuleCounters(int(counted[0]["packets"]), int(counted[0]["bytes"])) if counted else None
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        StopIteration,
        IndexError,
        RecursionError,
    ) as error:
        text = f"rule {number} of nftables' chain {key[1]} in table {key[0]} cannot be read ({error})"
        steps = (Unclear(text),)
    comment = item.get("comment")
    return Rule(key[1], steps, text, number, counters, comment if isinstance(comment, str) else None)


def _translates(rules: dict[Key, list[Object]]) -> bool:
    """Does any rule translate destinations, or is this kube-proxy's table?"""
    if any(place.endswith(" kube-proxy") for place, _ in rules):
        return True
    items = (item.get("expr") for found in rules.values() for item in found)
    return any(_translation(e) for expressions in items if isinstance(expressions, list) for e in expressions)


def _translation(expression: Any) -> bool:
    if not isinstance(expression, dict):
        return False
    hidden = expression.get("xt")
    return (
        "dnat" in expression
        or "redirect" in expression
        or (isinstance(hidden, dict) and hidden.get("name") == "DNAT")
    )
