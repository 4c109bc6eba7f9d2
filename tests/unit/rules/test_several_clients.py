"""What clears a cause for one failing client must not hide another client, which fails by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.diagnose import Outcome
from hairpin_doctor.rule import Cleared, Diagnosis, Rule, Undetermined
from hairpin_doctor.rules.arp_ignored import arp_ignored
from hairpin_doctor.rules.bgp_vip_in_clients_subnet import bgp_vip_in_clients_subnet
from hairpin_doctor.rules.bridged_frames_hit_host_nat import bridged_frames_hit_host_nat
from hairpin_doctor.rules.deaf_announcing_interface import deaf_announcing_interface
from hairpin_doctor.rules.hairpin_off_on_port import hairpin_off_on_port
from hairpin_doctor.rules.nobody_answers import nobody_answers
from hairpin_doctor.rules.reverse_path_filter_drops import reverse_path_filter_drops
from hairpin_doctor.rules.stale_neighbour import stale_neighbour
from hairpin_doctor.rules.stateful_gateway_sees_half import stateful_gateway_sees_half
from hairpin_doctor.rules.vip_answers_with_a_port_mac import vip_answers_with_a_port_mac
from hairpin_doctor.rules.wrong_l2_domain import wrong_l2_domain
from probes.questions.links import Links
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.traffic import Handshake, Handshakes

STRANGER = "3c:06:30:77:88:99"


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (bgp_vip_in_clients_subnet, "bgp-same-subnet"),
        (bridged_frames_hit_host_nat, "bridged-frames-hit-host-nat"),
        (hairpin_off_on_port, "hairpin-off-on-port"),
        (reverse_path_filter_drops, "metallb0-rp-filter"),
        (stale_neighbour, "stale-neighbour"),
        (stateful_gateway_sees_half, "bgp-same-subnet-proxy-arp-stateful"),
        (vip_answers_with_a_port_mac, "vip-on-port-mac"),
    ],
)
def test_a_client_that_fails_otherwise_hides_none(
    recorded: Callable[[str], Any], rule: Rule, name: str
) -> None:
    case = recorded(name)
    other = failing_otherwise(case, STRANGER if rule is bgp_vip_in_clients_subnet else None)
    assert isinstance(case.verdict(rule, case.host, other), Cleared)
    for order in ([other, case.client], [case.client, other]):
        assert isinstance(case.verdict(rule, case.host, *order), Diagnosis)


def failing_otherwise(case: Any, answer: str | None) -> Any:
    """The client, refused, and answered by this MAC alone or by nobody."""
    refused = case.client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.REFUSED))
    reply = (ArpReply(case.vip, answer, answer, 0.1),) if answer else ()
    without = refused.client_says(
        ArpSweep, lambda _, found: (*(each for each in found if each.address != case.vip), *reply)
    )
    return without.client


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (arp_ignored, "arp-ignored"),
        (deaf_announcing_interface, "l2-on-eno1"),
        (nobody_answers, "nobody-announces"),
        (wrong_l2_domain, "l2-on-enp197s0"),
    ],
)
def test_a_silent_client_whose_place_is_unknown_hides_no_other_silent_one(
    recorded: Callable[[str], Any], rule: Rule, name: str
) -> None:
    case = recorded(name)
    lost = in_an_unknown_place(case)
    assert isinstance(case.verdict(rule, case.host, lost), Undetermined)
    for order in ([lost, case.client], [case.client, lost]):
        assert isinstance(case.verdict(rule, case.host, *order), Diagnosis)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (deaf_announcing_interface, "l2-on-eno1"),
        (hairpin_off_on_port, "hairpin-off-on-port"),
        (stateful_gateway_sees_half, "bgp-same-subnet-proxy-arp-stateful"),
        (wrong_l2_domain, "l2-on-enp197s0"),
    ],
)
def test_two_clients_with_one_cause_are_both_named(
    recorded: Callable[[str], Any], rule: Rule, name: str
) -> None:
    case = recorded(name)
    second = replace(case.client, vantage_point="second")
    verdict = case.verdict(rule, case.host, case.client, second)
    assert isinstance(verdict, Diagnosis)
    assert verdict.summary.endswith("(likewise for second)")
    assert verdict.because[-1].startswith("Likewise for second: ")


def test_a_client_that_no_cause_speaks_of_is_left_unexplained(recorded: Callable[[str], Any]) -> None:
    case, unknown = recorded("stale-neighbour"), recorded("unknown-tap-tc-drop")
    other = replace(unknown.client, vantage_point="second", scope=case.client.scope)
    judgement = case.judgement(case.host, case.client, other)
    assert [each.rule.code for each in judgement.diagnoses][:1] == ["HD205"]
    assert judgement.unexplained_clients == {case.vip: ("second",)}
    assert judgement.outcome is Outcome.UNEXPLAINED


def test_a_client_that_a_cause_speaks_of_is_not(recorded: Callable[[str], Any]) -> None:
    case = recorded("stale-neighbour")
    judgement = case.judgement(case.host, case.client, replace(case.client, vantage_point="second"))
    assert judgement.unexplained_clients == {case.vip: ()}
    assert judgement.outcome is Outcome.DIAGNOSED


def test_a_client_that_works_does_not_clear_the_one_whose_frames_would_have_to_turn_round(
    recorded: Callable[[str], Any],
) -> None:
    case = recorded("hairpin-off-on-port")
    well = case.client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.OPEN)).client
    for order in ([well, case.client], [case.client, well]):
        assert isinstance(case.verdict(hairpin_off_on_port, case.host, *order), Diagnosis)
        codes = [each.rule.code for each in case.judgement(case.host, *order).diagnoses]
        assert codes[0] == "HD304"


def test_a_connection_that_stalls_for_another_reason_hides_none(recorded: Callable[[str], Any]) -> None:
    """The first stalled connection is answered by the MAC that its SYN went to."""
    case = recorded("bgp-same-subnet-proxy-arp-stateful")

    def straight(answer: Any) -> Any:
        macs = {frame.destination_mac for frame in answer.frames or () if frame.outgoing}
        frames = tuple(
            frame if frame.outgoing else replace(frame, source_mac=min(macs)) for frame in answer.frames or ()
        )
        return replace(answer, frames=frames)

    beside = case.client_says(
        Handshakes, lambda _, found: (*map(straight, found), *found) if found else found
    )
    assert isinstance(beside.verdict(stateful_gateway_sees_half), Diagnosis)
    alone = case.client_lists(Handshakes, straight)
    assert isinstance(alone.verdict(stateful_gateway_sees_half), Cleared)


def in_an_unknown_place(case: Any) -> Any:
    """The client, with another MAC: no forwarding database holds it."""
    unknown = case.client_lists(
        Links, lambda link: replace(link, mac="02:00:00:00:00:77") if link.mac else link
    )
    return replace(unknown.client, vantage_point="lost")
