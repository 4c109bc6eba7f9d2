"""Matches of nftables that are not "this field is among these values": marks, conntrack state, local addresses."""

from __future__ import annotations

from typing import Any

from probes.rulesets.conditions import Condition, IsLocal, MarkIs, NotTold, StateIn
from probes.rulesets.nftables_text import expression_text
from probes.rulesets.truth import ALL_BITS
from probes.rulesets.values import Values

MARK = {"meta": {"key": "mark"}}


RATES = frozenset({"limit", "quota", "ct count", "connlimit"})


def goes_by_rate(name: str, body: Any) -> bool:
    """Whether a rule goes on past this statement by how much came before; `update @s { ip saddr limit rate ... }` too."""
    within = body.get("stmt") if isinstance(body, dict) else None
    each = within if isinstance(within, list) else [within]
    return name in RATES or any(RATES & set(statement) for statement in each if isinstance(statement, dict))


def mark_match(left: Any, right: Any, negated: bool) -> Condition | None:
    """`meta mark V` or `meta mark & M == V`, None for any other match."""
    if not isinstance(right, int):
        return None
    if left == MARK:
        return MarkIs(right, ALL_BITS, negated)
    operands = left.get("&") if isinstance(left, dict) else None
    if isinstance(operands, list) and operands[0] == MARK and isinstance(operands[1], int):
        return MarkIs(right, operands[1], negated)
    return None


def state_match(left: Any, right: Any, negated: bool) -> Condition | None:
    """`ct state` and `ct status`, None for any other match."""
    if left not in ({"ct": {"key": "state"}}, {"ct": {"key": "status"}}):
        return None
    for wrapper in ("set", "|"):
        right = right[wrapper] if isinstance(right, dict) and wrapper in right else right
    names = right if isinstance(right, list) else [right]
    if not all(isinstance(name, str) and not name.startswith("@") for name in names):
        return NotTold(expression_text(right))
    return StateIn(frozenset(names), negated)


def local_match(left: Any, right: Any, negated: bool) -> Condition | None:
    """`fib daddr type local` and `fib saddr type local`, None for any other match."""
    fib = left.get("fib") if isinstance(left, dict) else None
    if not isinstance(fib, dict) or fib.get("result") != "type" or right != "local":
        return None
    match fib.get("flags"):
        case ["daddr"] | "daddr":
            return IsLocal("destination", negated)
        case ["saddr"] | "saddr":
            return IsLocal("source", negated)
    return None


def ordered(operator: str, bound: int) -> Values:
    """The numbers that are less or greater than a bound."""
    low, high = (0, bound) if operator.startswith("<") else (bound, ALL_BITS)
    if operator == "<":
        high -= 1
    elif operator == ">":
        low += 1
    return Values(ranges=((low, high),))


def mark_change(value: Any) -> tuple[int, int] | None:
    """`keep` and `flip` of `mark = (mark & keep) ^ flip`, None where the value is not computed from mark and literals."""
    if isinstance(value, int):
        return 0, value & ALL_BITS
    if value == MARK:
        return ALL_BITS, 0
    operator, operands = next(iter(value.items())) if isinstance(value, dict) else ("", None)
    if operator not in ("&", "|", "^") or not isinstance(operands, list) or len(operands) != 2:
        return None
    before, literal = mark_change(operands[0]), operands[1]
    if before is None or not isinstance(literal, int):
        return None
    keep, flip = before
    if operator == "&":
        return keep & literal, flip & literal
    return (keep & ~literal, flip & ~literal | literal) if operator == "|" else (keep, flip ^ literal)
