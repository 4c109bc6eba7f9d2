"""Reading `nft -j list ruleset`."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from probes.rulesets import iptables, nftables
from probes.rulesets.actions import ChangeMark, ForgetMark, Unclear
from probes.rulesets.conditions import In, MarkIs, NotTold
from probes.rulesets.model import BadRuleset, Rule

RECORDED = Path(__file__).parent / "recorded"


def rule(*expressions: dict[str, Any], family: str = "inet") -> Rule:
    """One rule with these statements."""
    chain = {"family": family, "table": "t", "name": "c"}
    item = {"family": family, "table": "t", "chain": "c", "handle": 4, "expr": list(expressions)}
    ruleset = nftables.parse(json.dumps({"nftables": [{"chain": chain}, {"rule": item}]}))
    found = ruleset.chain(f"{family} t", "c")
    assert found is not None
    return found.rules[0]


def match(left: Any, right: Any, operator: str = "==") -> dict[str, Any]:
    return {"match": {"op": operator, "left": left, "right": right}}


MARK = {"meta": {"key": "mark"}}
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}


def test_tcp_dport_implies_tcp() -> None:
    protocol, port = rule(match(DPORT, {"set": [80, {"range": [8000, 8005]}]})).steps
    assert isinstance(protocol, In)
    assert isinstance(port, In)
    assert "tcp" in protocol.values
    assert 8003 in port.values
    assert 81 not in port.values


def test_address_of_an_inet_table_implies_the_family() -> None:
    family, _ = rule(match({"payload": {"protocol": "ip", "field": "saddr"}}, "10.0.0.1", "!=")).steps
    assert isinstance(family, In)
    assert family.field == "family"


def test_interfaces_of_a_bridge_table_are_ports() -> None:
    port = rule(match({"meta": {"key": "iifname"}}, "vnet*"), family="bridge").steps[0]
    assert isinstance(port, In)
    assert port.field == "physdev_in"
    assert "vnet1" in port.values


@pytest.mark.parametrize(
    ("value", "step"),
    [
        ({"|": [MARK, 0x4000]}, ChangeMark(0xFFFFBFFF, 0x4000)),
        ({"^": [MARK, 0x4000]}, ChangeMark(0xFFFFFFFF, 0x4000)),
        ({"&": [{"|": [MARK, 3]}, 1]}, ChangeMark(0, 1)),
        (7, ChangeMark(0, 7)),
        ({"ct": {"key": "mark"}}, ForgetMark()),
    ],
)
def test_marks(value: Any, step: object) -> None:
    read = rule({"mangle": {"key": MARK, "value": value}}).steps[0]
    if value == {"&": [{"|": [MARK, 3]}, 1]}:
        assert isinstance(read, ChangeMark)
        assert (0xFFFFFFFF & read.keep) ^ read.flip == 1
    else:
        assert read == step


def test_mark_match_with_mask() -> None:
    assert rule(match({"&": [MARK, 0x4000]}, 0)).steps == (MarkIs(0, 0x4000),)


def test_hidden_targets_may_do_anything() -> None:
    assert isinstance(rule({"xt": {"type": "target", "name": "DNAT"}}).steps[0], Unclear)


@pytest.mark.parametrize(
    "expression",
    [{"match": {"op": "=="}}, {"match": 3}, {"jump": {}}, {"dnat": {"addr": "x"}}],
)
def test_a_rule_that_cannot_be_read_may_do_anything(expression: dict[str, Any]) -> None:
    assert isinstance(rule(expression).steps[0], Unclear)


def banned(set_flags: list[str], *statements: dict[str, Any]) -> bool:
    """Whether all members of a set are told, of which a rule drops; `statements` are those of another rule."""
    place = {"family": "ip", "table": "crowdsec"}
    bans = {"family": "ip", "table": "crowdsec", "name": "bans", "type": "ipv4_addr", "flags": set_flags}
    source = {"payload": {"protocol": "ip", "field": "saddr"}}
    items = [
        {"chain": {**place, "name": "c"}},
        {"set": {**bans, "elem": [{"elem": {"val": "192.0.2.9", "timeout": 3600, "expires": 3000}}]}},
        {"rule": {**place, "chain": "c", "handle": 1, "expr": [match(source, "@bans"), {"drop": None}]}},
        {"rule": {**place, "chain": "c", "handle": 2, "expr": list(statements)}},
    ]
    chain = nftables.parse(json.dumps({"nftables": items})).chain("ip crowdsec", "c")
    assert chain is not None
    step = next(each for each in chain.rules[0].steps if isinstance(each, In))
    assert IPv4Address("192.0.2.9") in step.values
    return step.values.complete


def test_who_is_banned_for_a_time_is_told_and_what_rules_themselves_ban_is_not() -> None:
    assert banned(["timeout"])
    assert not banned(["dynamic", "timeout"])
    added = {"set": {"op": "add", "elem": {"payload": {"protocol": "ip", "field": "saddr"}}, "set": "@bans"}}
    assert not banned(["timeout"], added)


def test_a_value_that_cannot_be_read_is_unknown() -> None:
    port = rule(match(DPORT, {"set": ["nonsense", 80]})).steps[1]
    assert isinstance(port, In)
    assert not port.values.complete


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"nftables": 3}', "[" * 100_000, '{"nftables": [{"rule": {"family": "ip"}}]}']
)
def test_what_is_no_ruleset_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadRuleset):
        nftables.parse(text)


def test_tables_of_iptables_nft_are_not_read_twice() -> None:
    save, text = ((RECORDED / f"kube-proxy.nft.{kind}").read_text() for kind in ("save", "json"))
    managed = frozenset(("ip", table) for table in iptables.managed_tables(save))
    assert nftables.parse(text).translates
    assert not nftables.parse(text, managed).populated


@pytest.mark.parametrize("name", ["kube-proxy-1.31", "kube-proxy-nftables", "hand-written"])
def test_every_recorded_rule_is_understood(name: str) -> None:
    ruleset = nftables.parse((RECORDED / f"{name}.json").read_text())
    rules = [rule for chain in ruleset.chains.values() for rule in chain.rules]
    assert not [rule.text for rule in rules if any(isinstance(step, Unclear) for step in rule.steps)]


RATE = {"limit": {"rate": 1, "burst": 5, "per": "day", "inv": True}}
SOURCE = {"payload": {"protocol": "ip", "field": "saddr"}}


@pytest.mark.parametrize(
    "statement",
    [
        RATE,
        {"quota": {"val": 1, "val_unit": "mbytes", "inv": True}},
        {"quota": "big"},
        {"ct count": {"val": 5, "inv": True}},
        {"set": {"op": "update", "elem": SOURCE, "set": "@s", "stmt": [RATE]}},
        {"meter": {"key": SOURCE, "stmt": RATE, "size": 65535, "name": "m"}},
    ],
)
def test_what_goes_by_how_much_came_before_no_packet_tells(statement: dict[str, Any]) -> None:
    assert isinstance(rule(statement, {"drop": None}).steps[0], NotTold)


def test_remembering_an_element_alone_lets_the_rule_go_on() -> None:
    assert len(rule({"set": {"op": "update", "elem": SOURCE, "set": "@s"}}, {"drop": None}).steps) == 1
