"""HD403: the SYN goes to one MAC and the SYN-ACK comes from another, and then nothing is acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.stateful_gateway_sees_half import stateful_gateway_sees_half
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import Echoes, Handshake, Handshakes

Recorded = Callable[[str], Any]
CASE = "bgp-same-subnet-proxy-arp-stateful"


def gateway(answer: Any) -> str:
    return next(frame.destination_mac for frame in answer.frames if frame.flags == "SYN")


def test_a_stalled_connection_answered_by_another_mac_is_likely_and_a_redirect_makes_it_proven(
    recorded: Recorded,
) -> None:
    case = recorded(CASE).client_lists(Echoes, lambda echo: replace(echo, messages=None))
    verdict = case.verdict(stateful_gateway_sees_half)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert verdict.fixes[0].steps[0].commands == ("ip route add 192.168.8.53/32 via 192.168.8.246",)
    alone = case.verdict(stateful_gateway_sees_half, case.client)
    assert isinstance(alone, Diagnosis)
    assert len(alone.fixes) == 1  # nobody named the node


def test_a_redirect_that_leads_back_to_the_router_names_no_node(recorded: Recorded) -> None:
    """As a node sends it that has no rule for ping, and so would send that on to its own router."""
    router, node = ip_address("192.168.8.1"), ip_address("192.168.8.246")
    back = IcmpMessage(type=5, code=1, sender=node, gateway=router)
    case = recorded(CASE).client_lists(Echoes, lambda echo: replace(echo, messages=(back,)))
    alone = case.verdict(stateful_gateway_sees_half, case.client)
    assert isinstance(alone, Diagnosis)
    assert alone.confidence is Confidence.LIKELY
    assert len(alone.fixes) == 1


def test_a_syn_ack_from_the_mac_that_the_syn_went_to_clears_it(recorded: Recorded) -> None:
    def straight(answer: Any) -> Any:
        same = (
            frame if frame.outgoing else replace(frame, source_mac=gateway(answer)) for frame in answer.frames
        )
        return replace(answer, frames=tuple(same))

    verdict = recorded(CASE).client_lists(Handshakes, straight).verdict(stateful_gateway_sees_half)
    assert isinstance(verdict, Cleared)
    assert "from the MAC that the SYN went to" in verdict.reason


def test_a_connection_that_was_never_made_does_not_stall(recorded: Recorded) -> None:
    case = recorded(CASE).client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.SILENT))
    verdict = case.verdict(stateful_gateway_sees_half)
    assert isinstance(verdict, Cleared)
    assert "stalls" in verdict.reason


def test_a_retransmission_from_another_mac_that_is_no_syn_ack_decides_nothing(recorded: Recorded) -> None:
    def only_acks(answer: Any) -> Any:
        frames = (f if f.outgoing else replace(f, flags="ACK") for f in answer.frames)
        return replace(answer, frames=tuple(frames))

    assert isinstance(
        recorded(CASE).client_lists(Handshakes, only_acks).verdict(stateful_gateway_sees_half), Cleared
    )


def test_without_captured_frames_it_is_open(recorded: Recorded) -> None:
    case = recorded(CASE).client_lists(Handshakes, lambda answer: replace(answer, frames=None))
    assert isinstance(case.verdict(stateful_gateway_sees_half), Undetermined)
