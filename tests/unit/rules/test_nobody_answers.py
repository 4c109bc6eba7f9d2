"""HD201: silence, and nothing that names its cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.nobody_answers import nobody_answers
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import ForwardingDatabase
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.sockets import PacketSocket, PacketSockets
from probes.questions.traffic import (
    RoutedEchoes,
)

Recorded = Callable[[str], Any]
CASE = "nobody-announces"


def test_silence_at_a_client_whose_segment_is_known(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(nobody_answers)
    assert isinstance(verdict, Diagnosis)
    assert "listens where it is asked" not in verdict.summary


def test_an_announcer_that_hears_the_client_and_keeps_silent_is_said_so(recorded: Recorded) -> None:
    case = recorded(CASE)
    socket = PacketSocket(0x0806, case.link("bridge0").index, "speaker")
    verdict = case.host_says(PacketSockets, lambda _, found: (*found, socket)).verdict(nobody_answers)
    assert isinstance(verdict, Diagnosis)
    assert "listens where it is asked" in verdict.summary


def test_a_client_that_hears_nobody_at_all_may_have_a_dead_link(recorded: Recorded) -> None:
    verdict = recorded(CASE).client_says(ArpSweep, lambda *_: ()).verdict(nobody_answers)
    assert isinstance(verdict, Undetermined)
    assert "no ARP answer at all" in verdict.missing


def test_anybodys_answer_clears_it(recorded: Recorded) -> None:
    case = recorded(CASE)
    reply = ArpReply(case.vip, "3c:06:30:77:88:99", "3c:06:30:77:88:99", 0.3)
    verdict = case.client_says(ArpSweep, lambda _, replies: (*replies, reply)).verdict(nobody_answers)
    assert isinstance(verdict, Cleared)
    assert "3c:06:30:77:88:99" in verdict.reason


def test_a_gateway_with_a_route_to_the_host_clears_it_and_one_with_a_route_elsewhere_does_not(
    recorded: Recorded,
) -> None:
    case = recorded(CASE)

    def sent_on_by(node: str) -> Any:
        message = IcmpMessage(11, 0, ip_address(node))
        return case.client_lists(RoutedEchoes, lambda echo: replace(echo, messages=(message,)))

    routed = sent_on_by("192.168.8.246").verdict(nobody_answers)
    assert isinstance(routed, Cleared)
    assert "is routed" in routed.reason
    assert isinstance(sent_on_by("203.0.113.1").verdict(nobody_answers), Diagnosis)


def test_a_gateway_that_asks_by_arp_and_gets_through_was_answered_by_somebody(recorded: Recorded) -> None:
    case = recorded(CASE)
    node = ip_address("192.168.8.246")
    messages = (IcmpMessage(5, 1, ip_address("192.168.8.1"), case.vip), IcmpMessage(11, 0, node))
    verdict = case.client_lists(RoutedEchoes, lambda echo: replace(echo, messages=messages)).verdict(
        nobody_answers
    )
    assert isinstance(verdict, Cleared)
    assert "is answered" in verdict.reason
    assert str(node) in verdict.reason


def test_without_the_host_or_the_clients_port_it_is_open(recorded: Recorded) -> None:
    case = recorded(CASE)
    assert isinstance(case.verdict(nobody_answers, case.client), Undetermined)
    nowhere = case.host_says(ForwardingDatabase, lambda *_: ()).host_says(ArpSweep, lambda *_: ())
    assert isinstance(nowhere.verdict(nobody_answers), Undetermined)
