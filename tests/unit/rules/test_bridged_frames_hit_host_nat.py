"""HD303: the host translates frames that it should only bridge."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.fixes.changes import BridgeNetfilter, Sysctl
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.bridged_frames_hit_host_nat import bridged_frames_hit_host_nat
from probes.host import Denied
from probes.questions.firewall import IptablesRules, TrackedConnections
from probes.questions.links import ForwardingDatabase, Links
from probes.questions.neighbours import ArpReply, ArpSweep

Recorded = Callable[[str], Any]
CASE = "bridged-frames-hit-host-nat"


def test_another_machines_vip_is_translated_here_and_lost(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


def test_without_a_tracked_flow_it_is_only_likely(recorded: Recorded) -> None:
    verdict = recorded(CASE).host_says(TrackedConnections, lambda *_: ()).verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


def test_a_flow_that_is_answered_is_not_lost(recorded: Recorded) -> None:
    case = recorded(CASE).host_lists(TrackedConnections, lambda flow: replace(flow, seen_reply=True))
    verdict = case.verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Cleared)
    assert "answered connections" in verdict.reason


def test_without_br_netfilter_the_frames_are_merely_bridged(recorded: Recorded) -> None:
    case = recorded(CASE).host_sets({"net/bridge/bridge-nf-call-iptables": 0})
    verdict = case.verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Cleared)
    assert "br_netfilter does not act" in verdict.reason


def test_a_host_that_answers_for_the_vip_itself_is_meant_to_translate(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = case.link("bridge0").mac
    own = case.client_lists(ArpSweep, lambda r: replace(r, mac=mac) if r.address == case.vip else r)
    verdict = own.verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Cleared)
    assert "answers for 192.168.8.53 itself" in verdict.reason


def test_a_forward_chain_that_drops_the_flow_is_another_cause(recorded: Recorded) -> None:
    def dropping(_: object, text: str) -> str:
        """A rule in front of all others of the filter table."""
        return re.sub(r"(?m)^(\*filter\n(?::.*\n)+)", r"\1-A FORWARD -j DROP\n", text)

    case = recorded(CASE).host_says(IptablesRules, dropping)
    verdict = case.verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Cleared)
    assert "FORWARD" in verdict.reason


def test_nobody_who_answers_leaves_nothing_to_bridge(recorded: Recorded) -> None:
    case = recorded(CASE)
    silent = case.client_lists(ArpSweep, lambda reply: None if reply.address == case.vip else reply)
    assert isinstance(silent.verdict(bridged_frames_hit_host_nat), Cleared)


def test_without_the_clients_port_or_the_rules_it_is_open(recorded: Recorded) -> None:
    case = recorded(CASE)
    nowhere = case.host_says(ForwardingDatabase, lambda *_: ()).host_says(ArpSweep, lambda *_: ())
    assert isinstance(nowhere.verdict(bridged_frames_hit_host_nat), Undetermined)
    unread = case.host_says(IptablesRules, lambda *_: Denied("CAP_NET_ADMIN", "reading rules"))
    assert isinstance(unread.verdict(bridged_frames_hit_host_nat), Undetermined)


def test_the_wide_cure_leaves_every_other_bridge_as_it_was(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Diagnosis)
    fix = verdict.fixes[1]
    assert fix.steps[0].changes == (
        BridgeNetfilter("cni0", True, False),
        BridgeNetfilter("bridge0", False, False),
        Sysctl("net/bridge/bridge-nf-call-iptables", 0, 1),
    )
    assert any("--persist" in caution for caution in fix.cautions)


def answered_beyond_the_bridge(case: Any, *, answered: bool = True) -> Any:
    """As if the other machine that answers for the VIP were another interface of the very host, beyond the VM's bridge."""
    mac = next(reply.mac for reply in arp_replies(case) if reply.address == case.vip)
    beyond = replace(case.link("enp197s0"), mac=mac)
    own = case.host_lists(Links, lambda link: beyond if link.name == beyond.name else link)
    return (
        own.host_lists(TrackedConnections, lambda flow: replace(flow, seen_reply=True)) if answered else own
    )


def arp_replies(case: Any) -> tuple[ArpReply, ...]:
    return next(each.answer for each in case.client.asked if type(each.question) is ArpSweep)


def test_its_own_vip_beyond_the_clients_bridge_is_translated_too_early(recorded: Recorded) -> None:
    verdict = answered_beyond_the_bridge(recorded(CASE)).verdict(bridged_frames_hit_host_nat)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert "meets the answers" in verdict.summary


def test_what_is_not_answered_does_not_come_back_a_second_time(recorded: Recorded) -> None:
    case = answered_beyond_the_bridge(recorded(CASE), answered=False)
    assert isinstance(case.verdict(bridged_frames_hit_host_nat), Cleared)
