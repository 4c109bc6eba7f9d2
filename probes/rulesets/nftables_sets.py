"""Sets and maps of an nftables table, named or anonymous, as Values and Lookups.

An element is a value, a {"prefix"}, a {"range"}, a {"concat"} of these, or an {"elem": {"val", "comment", ...}} around
one; a map's element is a pair of key and value (libnftables-json(5), SET, MAP, ELEM).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from probes.rulesets.fields import Field
from probes.rulesets.lookup import Element, Lookup
from probes.rulesets.nftables_text import expression_text, statement_text
from probes.rulesets.values import Scalar, Values
from probes.rulesets.verdicts import Decide, Destination, Jump, Return, Verdict

UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
DYNAMIC = "dynamic"  # what rules may add to; older nft lets them add to any set with a timeout
PROTOCOLS = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6", "ipv6-icmp": "icmpv6"}
INTERFACES = frozenset({"incoming", "outgoing", "physdev_in", "physdev_out"})
EVERYTHING: tuple[tuple[Scalar, Scalar], ...] = (
    (IPv4Address(0), IPv4Address(2**32 - 1)),
    (IPv6Address(0), IPv6Address(2**128 - 1)),
    (0, 65535),
)
Tests = tuple[Field, ...]

CHANCES = {"numgen", "jhash", "symhash"}


class Sets:
    """The named sets and maps of one table, converted when first used; rules add to those that are `updated`."""

    def __init__(self, items: dict[str, dict[str, Any]], updated: frozenset[str] = frozenset()) -> None:
        self.items, self.updated = items, updated
        self.values = cache(self._values)
        self.lookup = cache(self._lookup)

    def complete(self, name: str) -> bool:
        """Does the dump tell all members? Not where rules change them; a program's bans for a time are told."""
        if name not in self.items or name in self.updated:
            return False
        flags = self.items[name].get("flags", [])
        listed = flags if isinstance(flags, list) else [flags]
        return DYNAMIC not in map(str, listed)

    def _values(self, name: str, field: Field) -> Values:
        return values_of(self.items.get(name, {}).get("elem", []), field, self.complete(name))

    def _lookup(self, name: str, fields: Tests) -> Lookup:
        return lookup_of(self.items.get(name, {}).get("elem", []), fields, complete=self.complete(name))


def values_of(items: Any, field: Field, complete: bool = True) -> Values:
    """Values of one item or a list of them; items that cannot be read make them incomplete."""
    found = _Collected([], [], [])
    for item in items if isinstance(items, list) else [items]:
        try:
            complete = found.take(unwrapped(item), field) and complete
        except UNREADABLE:
            complete = False
    return Values(frozenset(found.exact), tuple(found.ranges), tuple(found.prefixes), complete)


@dataclass
class _Collected:
    exact: list[Scalar]
    ranges: list[tuple[Scalar, Scalar]]
    prefixes: list[str]

    def take(self, bare: Any, field: Field) -> bool:
        """Add one value; False where it is of a form that cannot be compared with a field."""
        if isinstance(bare, dict) and "prefix" in bare:
            network = ip_network((bare["prefix"]["addr"], bare["prefix"]["len"]), strict=False)
            self.ranges.append((network.network_address, network.broadcast_address))
        elif isinstance(bare, dict) and "range" in bare:
            low, high = bare["range"]
            self.ranges.append((scalar(low, field), scalar(high, field)))
        elif isinstance(bare, dict | list) or bare is None:
            return False
        elif bare == "*":
            self.ranges += EVERYTHING
            self.prefixes.append("")
        elif field in INTERFACES and str(bare).endswith("*"):
            self.prefixes.append(str(bare)[:-1])
        else:
            self.exact.append(scalar(bare, field))
        return True


def scalar(value: Any, field: Field) -> Scalar:
    """A JSON scalar as the field's type. Raises ValueError."""
    if field in ("source", "destination"):
        return ip_address(value)
    if field == "port":
        return _port(value)
    if field == "protocol":
        return PROTOCOLS.get(value, str(value))
    return value if isinstance(value, int) else str(value)


def _port(value: Any) -> int:
    if isinstance(value, int):
        return value
    if str(value).isdigit():
        return int(value)
    raise ValueError(f"{value!r} is no port")


def unwrapped(item: Any) -> Any:
    """The value inside an {"elem": {"val": ...}}."""
    return item["elem"]["val"] if isinstance(item, dict) and "elem" in item else item


def lookup_of(items: Any, fields: Tests, exhaustive: bool = False, complete: bool = True) -> Lookup:
    """A Lookup of set or map elements by these fields; elements that cannot be read make it incomplete."""
    found: list[Element] = []
    for item in items if isinstance(items, list) else []:
        try:
            found.append(_element(item, fields))
        except UNREADABLE:
            exhaustive = complete = False
    return Lookup(fields, tuple(found), exhaustive, complete)


def _element(item: Any, fields: Tests) -> Element:
    key, data = (item[0], item[1]) if isinstance(item, list) else (item, None)
    bare = unwrapped(key)
    parts = bare["concat"] if isinstance(bare, dict) and "concat" in bare else [bare]
    values = tuple(values_of([part], field) for part, field in zip(parts, fields, strict=False))
    comment = key["elem"].get("comment") if isinstance(key, dict) and "elem" in key else None
    comment = comment if isinstance(comment, str) else None
    return Element(values, leads_to(data), element_text(parts, data), comment)


def element_text(parts: list[Any], data: Any) -> str:
    """As nft writes an element: `192.0.2.1 . tcp . 80 : drop`."""
    key = " . ".join(expression_text(part) for part in parts)
    if data is None:
        return key
    return f"{key} : {statement_text(data) if verdict_of(data) else expression_text(data)}"


def leads_to(data: Any) -> Verdict | Destination | None:
    """The value of a map's element: a verdict, or the address (and port) of a DNAT map."""
    verdict = verdict_of(data)
    if verdict or data is None:
        return verdict
    parts = data["concat"] if isinstance(data, dict) and "concat" in data else [data]
    try:
        address = ip_address(parts[0])
    except ValueError:
        return None
    return Destination(address, _port(parts[1]) if len(parts) > 1 else None)


def verdict_of(data: Any) -> Verdict | None:
    """{"accept": null}, {"jump": {"target": NAME}} and so on. Raises KeyError, TypeError, ValueError for a bad target."""
    if not isinstance(data, dict):
        return None
    match next(iter(data), None):
        case "accept":
            return Decide("accept")
        case "drop":
            return Decide("drop")
        case "reject":
            return Decide("reject")
        case "return":
            return Return()
        case "jump":
            return Jump(_target(data["jump"]))
        case "goto":
            return Jump(_target(data["goto"]), comes_back=False)
    return None


def _target(body: Any) -> str:
    target = body["target"]
    if not isinstance(target, str):
        raise ValueError(f"{target!r} is no chain")
    return target


def exhaustive(body: dict[str, Any]) -> bool:
    """Does every outcome of `numgen`/`jhash`/`symhash ... mod N` have an element?"""
    key, data = body["key"], body["data"]
    chance = next(iter(key.values())) if isinstance(key, dict) and key and key.keys() <= CHANCES else None
    items = data.get("set") if isinstance(data, dict) else None
    return isinstance(chance, dict) and isinstance(items, list) and len(items) == chance.get("mod")
