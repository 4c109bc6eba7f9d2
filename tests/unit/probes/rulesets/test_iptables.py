"""Reading iptables-save text."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from probes.rulesets import iptables
from probes.rulesets.actions import ChangeMark, Translate, Unclear
from probes.rulesets.conditions import In, MarkIs, NotTold, StateIn
from probes.rulesets.model import BadRuleset, Rule, RuleCounters
from probes.rulesets.verdicts import Decide, Destination, Jump

RECORDED = Path(__file__).parent / "recorded"


def rule(text: str) -> Rule:
    """The one rule of a FORWARD chain."""
    save = f"*filter\n:FORWARD DROP [7:420]\n{text}\nCOMMIT\n"
    chain = iptables.parse(save, "iptables-nft", 4).chain("filter", "FORWARD")
    assert chain is not None
    return chain.rules[0]


def test_policy_and_counters_of_a_base_chain() -> None:
    base = iptables.parse("*filter\n:FORWARD DROP [7:420]\nCOMMIT\n", "iptables-legacy", 4).bases[0]
    assert (base.hook, base.policy, base.counters) == ("forward", "drop", RuleCounters(7, 420))


def test_counters_comment_and_quotes() -> None:
    read = rule('[3:180] -A FORWARD -m comment --comment "-j \\"DROP\\" it\'s" -j ACCEPT')
    assert read.counters == RuleCounters(3, 180)
    assert read.comment == '-j "DROP" it\'s'
    assert read.steps == (Decide("accept"),)


def test_negations() -> None:
    source, state = rule("-A FORWARD ! -s 10.0.0.0/8 -m conntrack ! --ctstate INVALID,NEW -j DROP").steps[:2]
    assert isinstance(source, In)
    assert source.negated
    assert source.values.networks == (ip_network("10.0.0.0/8"),)
    assert state == StateIn(frozenset({"invalid", "new"}), negated=True)


def test_multiport_with_ranges() -> None:
    ports = rule("-A FORWARD -p tcp -m multiport --dports 80,8000:8010 -j DROP").steps[1]
    assert isinstance(ports, In)
    assert 8005 in ports.values
    assert 81 not in ports.values


def test_chance_is_not_told() -> None:
    assert isinstance(rule("-A FORWARD -m statistic --mode random --probability 0.5 -j X").steps[0], NotTold)


@pytest.mark.parametrize(
    ("text", "keep", "flip"),
    [
        ("--set-xmark 0x4000/0x4000", 0xFFFFBFFF, 0x4000),
        ("--set-xmark 0x4000/0x0", 0xFFFFFFFF, 0x4000),
        ("--and-mark 0xff", 0xFF, 0),
        ("--or-mark 0x4000", 0xFFFFBFFF, 0x4000),
    ],
)
def test_mark_targets(text: str, keep: int, flip: int) -> None:
    assert rule(f"-A FORWARD -j MARK {text}").steps == (ChangeMark(keep, flip),)


def test_mark_match() -> None:
    assert rule("-A FORWARD -m mark ! --mark 0x4000/0x4000 -j R").steps == (
        MarkIs(0x4000, 0x4000, negated=True),
        Jump("R"),
    )


@pytest.mark.parametrize(
    ("text", "first", "count"),
    [
        ("10.0.0.1:80", Destination(ip_address("10.0.0.1"), 80), 1),
        ("10.0.0.1-10.0.0.3:80", Destination(ip_address("10.0.0.1"), 80), 3),
        ("[2001:db8::1]:53", Destination(ip_address("2001:db8::1"), 53), 1),
        (":8080", Destination(None, 8080), 1),
        ("10.0.0.1", Destination(ip_address("10.0.0.1"), None), 1),
    ],
)
def test_dnat_destinations(text: str, first: Destination, count: int) -> None:
    action = rule(f"-A FORWARD -j DNAT --to-destination {text}").steps[0]
    assert isinstance(action, Translate)
    assert action.destinations[0] == first
    assert len(action.destinations) == count


@pytest.mark.parametrize(
    "text", ["-A FORWARD -d nonsense -j DROP", '-A FORWARD --comment "open', "-A FORWARD --dport x -j D"]
)
def test_a_rule_that_cannot_be_read_may_do_anything(text: str) -> None:
    assert isinstance(rule(text).steps[0], Unclear)


@pytest.mark.parametrize(
    "text", [":X - [0:0]\n", "*filter\n-A NOWHERE -j DROP\n", "*filter\n:broken\n", "*f\n[1:2] what\n"]
)
def test_what_is_no_dump_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadRuleset, match=r"Line \d+ of the iptables-nft ruleset"):
        iptables.parse(text, "iptables-nft", 4)


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.save")), ids=lambda path: path.name)
def test_every_recorded_rule_is_understood(path: Path) -> None:
    ruleset = iptables.parse(path.read_text(), "iptables-nft", 4)
    rules = [rule for chain in ruleset.chains.values() for rule in chain.rules]
    assert rules
    assert not [rule.text for rule in rules if any(isinstance(step, Unclear) for step in rule.steps)]
