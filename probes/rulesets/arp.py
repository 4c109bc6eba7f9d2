"""The rules of nftables' arp family, where arptables-nft writes its own: what do they do with a question or an answer?

arptables-legacy keeps its rules in another place, which nft does not show. Chains that rules jump to are not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from probes.rulesets.nftables import objects
from probes.rulesets.nftables_text import rule_text
from probes.rulesets.truth import Truth, every
from probes.target import Address

NEUTRAL = frozenset({"counter", "log", "comment"})
FIXED = {"htype": 1, "hlen": 6, "plen": 4}
"""What every ARP packet for IPv4 over Ethernet has (RFC 826)."""
NUMBERS = {"request": 1, "reply": 2}


@dataclass(frozen=True)
class ArpPacket:
    """A question that comes in by `interface` (hook input), or an answer that leaves by it (output)."""

    hook: Literal["input", "output"]
    interface: str
    sender: Address
    target: Address

    @property
    def operation(self) -> str:
        """As nft calls it."""
        return "request" if self.hook == "input" else "reply"


@dataclass(frozen=True)
class ArpStop:
    """A rule, or a policy, that stops the packet; not `certain` where it only may, or cannot be read."""

    table: str
    chain: str
    rule: str
    certain: bool


def stop_of(text: str, packet: ArpPacket) -> ArpStop | None:
    """The first that stops it surely, else the first that may. Raises BadRuleset as nftables.parse does."""
    chains: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    for kind, item in objects(text):
        if item.get("family") == "arp" and kind in ("chain", "rule"):
            (chains if kind == "chain" else rules).append(item)
    found = [
        stop
        for chain in chains
        if chain.get("hook") == packet.hook
        for stop in _stops(chain, [each for each in rules if _of(each, chain)], packet)
    ]
    return next((each for each in found if each.certain), next(iter(found), None))


def _of(rule: dict[str, Any], chain: dict[str, Any]) -> bool:
    return (rule.get("table"), rule.get("chain")) == (chain.get("table"), chain.get("name"))


def _stops(chain: dict[str, Any], rules: list[dict[str, Any]], packet: ArpPacket) -> Iterator[ArpStop]:
    """What stops it in this chain, until a rule surely ends the walk."""
    table, name = str(chain.get("table")), str(chain.get("name"))
    sure = True
    for rule in rules:
        statements = [pair for each in _expressions(rule) for pair in each.items()]
        meant = every(_holds(body, packet) for kind, body in statements if kind == "match")
        ends = next((kind for kind, _ in statements if kind != "match" and kind not in NEUTRAL), None)
        if meant is Truth.NO or ends is None:
            continue
        if ends not in ("accept", "return"):
            yield ArpStop(table, name, _text(rule), sure and meant is Truth.YES and ends == "drop")
        if meant is Truth.YES and ends in ("accept", "return", "drop"):
            if ends == "return":
                break
            return
        sure = False
    if chain.get("policy") == "drop":
        yield ArpStop(table, name, "policy drop", sure)


def _text(rule: dict[str, Any]) -> str:
    try:
        return rule_text(_expressions(rule))
    except (KeyError, TypeError):
        return "a rule that cannot be read"


def _expressions(rule: dict[str, Any]) -> list[dict[str, Any]]:
    found = rule.get("expr")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _holds(match: Any, packet: ArpPacket) -> Truth:
    if not isinstance(match, dict) or match.get("op") not in ("==", "!=", "in"):
        return Truth.UNKNOWN
    wanted, actual = match.get("right"), _actual(match.get("left"), packet)
    values = wanted["set"] if isinstance(wanted, dict) and isinstance(wanted.get("set"), list) else [wanted]
    found = max((_equals(each, actual) for each in values), key=lambda each: each.value, default=Truth.NO)
    return found.negated(match["op"] == "!=")


def _actual(left: Any, packet: ArpPacket) -> Address | str | int | None:
    """The packet's value of a field; None where its description does not tell."""
    payload = left.get("payload") if isinstance(left, dict) else None
    meta = left.get("meta") if isinstance(left, dict) else None
    if isinstance(payload, dict) and payload.get("protocol") == "arp":
        fields: dict[str, Address | str | int] = {
            **FIXED,
            "operation": packet.operation,
            "saddr ip": packet.sender,
            "daddr ip": packet.target,
        }
        return fields.get(str(payload.get("field")))
    key = "iifname" if packet.hook == "input" else "oifname"
    return packet.interface if isinstance(meta, dict) and meta.get("key") == key else None


def _equals(wanted: Any, actual: Address | str | int | None) -> Truth:
    if actual is None or (isinstance(wanted, str) and wanted.endswith("*")):
        return Truth.UNKNOWN
    if isinstance(actual, str | int):
        return Truth.of(wanted in (actual, NUMBERS.get(str(actual), actual)))
    try:
        if isinstance(wanted, str):
            return Truth.of(ip_address(wanted) == actual)
        prefix = wanted["prefix"]
        return Truth.of(actual in ip_network(f"{prefix['addr']}/{prefix['len']}", strict=False))
    except (KeyError, TypeError, ValueError):
        return Truth.UNKNOWN
