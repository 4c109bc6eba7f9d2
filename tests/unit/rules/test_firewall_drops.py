"""HD405, HD504 and HD305: a rule that surely stops the packet, where it stands, and whose packet it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.bridged_frames_dropped_by_forward import bridged_frames_dropped_by_forward
from hairpin_doctor.rules.bridged_frames_hit_host_nat import bridged_frames_hit_host_nat
from hairpin_doctor.rules.firewall_drops import firewall_drops
from hairpin_doctor.rules.hairpin_off_on_port import hairpin_off_on_port
from hairpin_doctor.rules.legacy_and_nft_rules_mixed import legacy_and_nft_rules_mixed
from probes.questions.firewall import IptablesRules, NftRuleset
from probes.questions.traffic import (
    DatagramOutcome,
    DnsExchanges,
    EchoAnswer,
    Echoes,
    Handshake,
    Handshakes,
    IcmpMessage,
)

Recorded = Callable[[str], Any]
CALL_IPTABLES = "net/bridge/bridge-nf-call-iptables"
MARKED = "-m mark --mark 0x4000/0x4000 -j"


def with_policy_drop(question: Any, text: Any) -> Any:
    """The policy of FORWARD becomes DROP, and kube-proxy's accept of marked packets becomes none."""
    dropped = text.replace(":FORWARD ACCEPT", ":FORWARD DROP").replace(f"{MARKED} ACCEPT", f"{MARKED} RETURN")
    return dropped if question.variant == "nft" else text


def test_the_very_rule_is_named_and_the_fix_goes_before_it(recorded: Recorded) -> None:
    verdict = recorded("firewall-drops").verdict(firewall_drops)
    assert isinstance(verdict, Diagnosis)
    assert any("table inet firewall, chain forward" in each and "drop" in each for each in verdict.because)
    assert all(
        each.startswith("nft insert rule inet firewall forward ")
        for each in verdict.fixes[0].steps[0].commands
    )


def test_a_rule_that_may_drop_is_no_cause(recorded: Recorded) -> None:
    limit = '{"limit": {"rate": 1, "burst": 5, "per": "second", "inv": true}}, {"drop": null}'
    case = recorded("firewall-drops").host_says(
        NftRuleset, lambda _, text: text.replace('{"drop": null}', limit)
    )
    assert isinstance(case.verdict(firewall_drops), Cleared)


def test_what_goes_to_another_machine_meets_no_rule_of_this_one(recorded: Recorded) -> None:
    def elsewhere(answer: Any) -> Any:
        frames = tuple(replace(each, destination_mac="02:00:00:00:00:99") for each in answer.frames)
        return replace(answer, frames=frames)

    case = recorded("firewall-drops").client_lists(Handshakes, elsewhere)
    assert isinstance(case.verdict(firewall_drops), Cleared)


def test_a_client_that_is_told_so_needs_nobody_else(recorded: Recorded) -> None:
    case = recorded("firewall-rejects")
    verdict = case.verdict(firewall_drops, case.client)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


def test_a_ping_that_is_prohibited_says_nothing_of_ports_that_are_silent(recorded: Recorded) -> None:
    case = recorded("firewall-rejects")
    case = case.client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.SILENT, error=None))
    case = case.client_lists(
        DnsExchanges, lambda each: replace(each, outcome=DatagramOutcome.SILENT, error=None)
    )
    assert isinstance(case.verdict(firewall_drops, case.client), Undetermined)


def test_one_packet_filter_that_drops_what_the_other_translates(recorded: Recorded) -> None:
    case = recorded("legacy-policy-drops")
    verdict = case.verdict(legacy_and_nft_rules_mixed)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes[0].steps[0].commands[0].startswith("iptables-legacy -t filter -I FORWARD ")
    assert isinstance(recorded("firewall-drops").verdict(legacy_and_nft_rules_mixed), Cleared)


@pytest.mark.parametrize("name", ["docker-drops-bridged", "local-policy-drops-bridged"])
def test_bridged_frames_meet_forward_only_with_br_netfilter(recorded: Recorded, name: str) -> None:
    case = recorded(name)
    assert isinstance(case.verdict(bridged_frames_dropped_by_forward), Diagnosis)
    without = case.host_sets({CALL_IPTABLES: 0})
    assert isinstance(without.verdict(bridged_frames_dropped_by_forward), Cleared)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("hairpin-off-on-port", hairpin_off_on_port),
        ("bridged-frames-hit-host-nat", bridged_frames_hit_host_nat),
    ],
)
def test_what_forward_drops_is_not_lost_by_translation(recorded: Recorded, name: str, rule: Any) -> None:
    case = recorded(name)
    assert isinstance(case.verdict(rule), Diagnosis)
    assert isinstance(case.verdict(bridged_frames_dropped_by_forward), Cleared)
    dropped = case.host_says(IptablesRules, with_policy_drop)
    assert isinstance(dropped.verdict(rule), Cleared)
    assert isinstance(dropped.verdict(bridged_frames_dropped_by_forward), Diagnosis)


@pytest.mark.parametrize(("frames", "told"), [(0, True), (64, False)], ids=["by ICMP", "by RST"])
def test_a_router_that_rejects_even_ping_as_if_a_port_were_missing_filters(
    recorded: Recorded, frames: int, told: bool
) -> None:
    router = ip_address("192.168.8.1")

    def rejected(answer: EchoAnswer) -> EchoAnswer:
        return replace(answer, messages=(IcmpMessage(3, 3, router, None),))

    reset = recorded("backend-refuses").client
    seen = next(
        e for each in reset.asked if isinstance(each.question, Handshakes) for e in each.answer
    ).frames
    case = (
        recorded("nobody-announces")
        .client_lists(Echoes, rejected)
        .client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.REFUSED, frames=seen[:frames]))
    )
    verdict = case.verdict(firewall_drops, case.client)
    assert isinstance(verdict, Diagnosis) is told
    assert not told or "a packet filter on 192.168.8.1 rejects" in verdict.summary
