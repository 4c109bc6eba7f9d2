"""One nftables rule as conditions and actions (statements and expressions of libnftables-json(5))."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from probes.rulesets.actions import (
    Action,
    ChangeMark,
    ForgetMark,
    HideSource,
    Translate,
    TranslateByMap,
    Unclear,
)
from probes.rulesets.conditions import Among, Condition, In, NotTold
from probes.rulesets.fields import Field
from probes.rulesets.lookup import Lookup
from probes.rulesets.nftables_match import (
    MARK,
    goes_by_rate,
    local_match,
    mark_change,
    mark_match,
    ordered,
    state_match,
)
from probes.rulesets.nftables_sets import Sets, exhaustive, lookup_of, scalar, values_of, verdict_of
from probes.rulesets.nftables_text import statement_text
from probes.rulesets.values import Values
from probes.rulesets.verdicts import Destination
from probes.target import Address

Steps = list[Condition | Action]
SEEING = frozenset(
    (
        "counter",
        "log",
        "set",
        "map",
        "notrack",
        "ct helper",
        "ct timeout",
        "meter",
        "dup",
        "secmark",
        "last",
    )
)
MOST_DESTINATIONS = 64
_META: dict[str, Field] = {
    "iifname": "incoming",
    "iif": "incoming",
    "oifname": "outgoing",
    "oif": "outgoing",
    "l4proto": "protocol",
}
_BRIDGE_META: dict[str, Field] = {
    "iifname": "physdev_in",
    "iif": "physdev_in",
    "oifname": "physdev_out",
    "oif": "physdev_out",
    "ibrname": "incoming",
    "obrname": "outgoing",
    "l4proto": "protocol",
}
_FAMILIES = {"ip": 4, "ip6": 6, "ipv4": 4, "ipv6": 6}


def steps_of(expressions: list[Any], family: str, sets: Sets) -> tuple[Condition | Action, ...]:
    """Steps in the order in which the kernel works them off. Raises ValueError, TypeError, KeyError, IndexError."""
    reader = _Reader(family, sets)
    steps: Steps = []
    for expression in expressions:
        steps += reader.statement(expression)
    return tuple(steps)


class _Reader:
    """Reads the statements of one rule; knows the table's family and sets."""

    def __init__(self, family: str, sets: Sets) -> None:
        self.family, self.sets = family, sets

    def statement(self, statement: dict[str, Any]) -> Steps:
        """One statement; what has no bearing on the way of a packet gives no step."""
        name, body = next(iter(statement.items()))
        verdict = verdict_of(statement)
        if verdict:
            return [verdict]
        match name:
            case "match":
                return self.match(body)
            case "vmap":
                return self.map(body)
            case "dnat" | "redirect":
                return self.translation(body)
            case "masquerade" | "snat":
                return [HideSource()]
            case "mangle":
                return self.mangle(body)
            case "xt":
                hidden = NotTold if body.get("type") == "match" else Unclear
                return [hidden(statement_text(statement))]
            case "continue":
                return []
        if goes_by_rate(name, body):
            return [NotTold(statement_text(statement))]
        return [] if name in SEEING else [Unclear(statement_text(statement))]

    def match(self, body: dict[str, Any]) -> Steps:
        """A match, special expressions first."""
        left, right, operator = body["left"], body["right"], body["op"]
        negated = operator == "!="
        for special in (mark_match, state_match, local_match):
            if condition := special(left, right, negated):
                return [condition]
        if isinstance(left, dict) and left.get("meta") in ({"key": "nfproto"}, {"key": "protocol"}):
            versions = values_of(
                right["set"] if isinstance(right, dict) and "set" in right else right, "family"
            )
            numbers = frozenset(_FAMILIES.get(str(name), 0) for name in versions.exact)
            return [In("family", Values(numbers), negated)]
        fields, implied = self.fields(left)
        if "unseen" in fields:
            return [*implied, NotTold(statement_text({"match": body}))]
        return [*implied, self._membership(fields, right, operator)]

    def _membership(self, fields: tuple[Field, ...], right: Any, operator: str) -> Condition:
        negated = operator == "!="
        if len(fields) > 1:
            return Among(self.lookup(right, fields), negated)
        if operator in ("<", ">", "<=", ">="):
            bound = scalar(right, fields[0])
            if not isinstance(bound, int):
                return NotTold(f"{operator} {bound}")
            return In(fields[0], ordered(operator, bound))
        if isinstance(right, str) and right.startswith("@"):
            return In(fields[0], self.sets.values(right[1:], fields[0]), negated)
        items = right["set"] if isinstance(right, dict) and "set" in right else right
        return In(fields[0], values_of(items, fields[0]), negated)

    def fields(self, expression: Any) -> tuple[tuple[Field, ...], Steps]:
        """The packet fields an expression reads, and what reading them implies (`tcp dport` is TCP)."""
        parts = (
            expression["concat"] if isinstance(expression, dict) and "concat" in expression else [expression]
        )
        read = [self.field(part) for part in parts]
        return tuple(field for field, _ in read), [step for _, steps in read for step in steps]

    def field(self, expression: Any) -> tuple[Field, Steps]:
        """The packet field of one expression, "unseen" where a description does not tell it."""
        body = expression if isinstance(expression, dict) else {}
        if "meta" in body:
            known = _BRIDGE_META if self.family == "bridge" else _META
            return known.get(body["meta"]["key"], "unseen"), []
        if "payload" in body:
            return self.payload(body["payload"])
        if body in ({"ct": {"key": "state"}}, {"ct": {"key": "status"}}):
            return "state", []
        return "unseen", []

    def payload(self, payload: dict[str, Any]) -> tuple[Field, Steps]:
        """Fields of headers."""
        protocol, name = payload.get("protocol"), payload.get("field")
        if protocol in ("ip", "ip6"):
            ends: dict[Any, Field] = {
                "daddr": "destination",
                "saddr": "source",
                "protocol": "protocol",
                "nexthdr": "protocol",
            }
            return ends.get(name, "unseen"), self.implied(protocol)
        if protocol == "th":
            return ("port" if name == "dport" else "unseen"), []
        if protocol in ("tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmpv6"):
            return ("port" if name == "dport" else "unseen"), [In("protocol", Values(frozenset({protocol})))]
        return "unseen", []

    def implied(self, protocol: str) -> Steps:
        """Reading `ip daddr` demands IPv4, which an ip table's packets are anyway."""
        if self.family in ("ip", "ip6"):
            return []
        return [In("family", Values(frozenset({_FAMILIES[protocol]})))]

    def map(self, body: dict[str, Any]) -> Steps:
        """A verdict map."""
        fields, implied = self.fields(body["key"])
        return [*implied, self.lookup(body["data"], fields, exhaustive(body))]

    def lookup(self, data: Any, fields: tuple[Field, ...], every: bool = False) -> Lookup:
        """A named or anonymous set or map."""
        if isinstance(data, str) and data.startswith("@"):
            return self.sets.lookup(data[1:], fields)
        items = data["set"] if isinstance(data, dict) and "set" in data else data
        return lookup_of(items if isinstance(items, list) else [items], fields, every)

    def translation(self, body: Any) -> Steps:
        """DNAT and redirect; the address may be literal, a range, or a map looked up by fields."""
        body = body if isinstance(body, dict) else {}
        address, port = body.get("addr"), _first(body.get("port"))
        if isinstance(address, dict) and "map" in address:
            fields, implied = self.fields(address["map"]["key"])
            lookup = self.lookup(address["map"]["data"], fields, exhaustive(address["map"]))
            return [*implied, TranslateByMap(_with_port(lookup, port))]
        addresses = _addresses(address)
        if address is not None and not addresses:
            return [Translate(())]
        return [Translate(tuple(Destination(a, port) for a in addresses or (None,)))]

    def mangle(self, body: dict[str, Any]) -> Steps:
        """`meta mark set ...`; other fields that are set do not matter here."""
        if body["key"] != MARK:
            return []
        change = mark_change(body["value"])
        return [ChangeMark(*change) if change else ForgetMark()]


def _with_port(lookup: Lookup, port: int | None) -> Lookup:
    if port is None:
        return lookup
    elements = tuple(
        replace(element, leads_to=replace(element.leads_to, port=port))
        if isinstance(element.leads_to, Destination)
        else element
        for element in lookup.elements
    )
    return replace(lookup, elements=elements)


def _addresses(address: Any) -> list[Address]:
    if isinstance(address, str):
        return [ip_address(address)]
    if isinstance(address, dict) and "range" in address:
        low, high = (ip_address(end) for end in address["range"])
        return [low + step for step in range(min(int(high) - int(low), MOST_DESTINATIONS - 1) + 1)]
    return []


def _first(port: Any) -> int | None:
    if isinstance(port, dict) and "range" in port:
        port = port["range"][0]
    return port if isinstance(port, int) else None
