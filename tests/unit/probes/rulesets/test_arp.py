"""What rules of the arp family do with a question for a VIP, and with the answer to it."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.rulesets.arp import ArpPacket, stop_of
from probes.rulesets.model import BadRuleset

VIP, CLIENT = IPv4Address("192.0.2.53"), IPv4Address("192.0.2.10")
QUESTION = ArpPacket("input", "br0", CLIENT, VIP)
ANSWER = ArpPacket("output", "br0", VIP, CLIENT)
DROP, ACCEPT = {"drop": None}, {"accept": None}


def match(field: str, value: Any, op: str = "==") -> dict[str, Any]:
    left = {"payload": {"protocol": "arp", "field": field}}
    return {"match": {"op": op, "left": left, "right": value}}


def name(key: str, value: str) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": key}}, "right": value}}


def ruleset(hook: str, *rules: list[Any], policy: str = "accept", family: str = "arp") -> str:
    place = {"family": family, "table": "filter"}
    base = {"chain": {**place, "name": "c", "type": "filter", "hook": hook, "prio": 0, "policy": policy}}
    return json.dumps(
        {"nftables": [base, *({"rule": {**place, "chain": "c", "expr": each}} for each in rules)]}
    )


def certain(text: str, packet: ArpPacket) -> bool | None:
    found = stop_of(text, packet)
    return found.certain if found else None


OF_ARPTABLES = [match("htype", 1), match("hlen", 6), match("plen", 4), match("saddr ip", "192.0.2.53")]


@pytest.mark.parametrize(
    ("text", "packet", "wanted"),
    [
        (ruleset("output", [*OF_ARPTABLES, {"counter": {"packets": 1}}, DROP]), ANSWER, True),
        (ruleset("output", [*OF_ARPTABLES, DROP]), QUESTION, None),
        (ruleset("output", [*OF_ARPTABLES, DROP], family="ip"), ANSWER, None),
        (ruleset("input", [match("daddr ip", "192.0.2.54"), DROP]), QUESTION, None),
        (ruleset("input", [match("daddr ip", {"set": ["192.0.2.9", "192.0.2.53"]}), DROP]), QUESTION, True),
        (
            ruleset("input", [match("saddr ip", {"prefix": {"addr": "192.0.2.0", "len": 24}}), DROP]),
            QUESTION,
            True,
        ),
        (ruleset("input", [match("operation", "request"), DROP]), QUESTION, True),
        (ruleset("input", [match("operation", "reply"), DROP]), QUESTION, None),
        (ruleset("input", [match("daddr ip", "192.0.2.53", "!="), DROP]), QUESTION, None),
        (ruleset("input", [match("saddr ether", "02:00:00:00:00:01"), DROP]), QUESTION, False),
        (ruleset("output", [match("saddr ip", "192.0.2.53"), {"xt": {"type": "target"}}]), ANSWER, False),
        (ruleset("input", [name("iifname", "br0"), DROP]), QUESTION, True),
        (ruleset("input", [name("iifname", "eth1"), DROP]), QUESTION, None),
        (ruleset("input", [match("daddr ip", "192.0.2.53"), ACCEPT], policy="drop"), QUESTION, None),
        (ruleset("input", policy="drop"), QUESTION, True),
        (ruleset("input", [match("saddr ether", "02::"), ACCEPT], policy="drop"), QUESTION, False),
    ],
)
def test_a_rule_or_a_policy_surely_stops_it_or_may_or_does_not(
    text: str, packet: ArpPacket, wanted: bool | None
) -> None:
    assert certain(text, packet) is wanted


def test_what_is_no_ruleset_is_refused() -> None:
    with pytest.raises(BadRuleset):
        stop_of("hello", QUESTION)
