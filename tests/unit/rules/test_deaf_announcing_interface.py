"""HD104: an ARP listener on an interface that cannot hear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.deaf_announcing_interface import deaf_announcing_interface
from probes.questions.links import Links
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.sockets import PacketSockets

Recorded = Callable[[str], Any]


def test_a_listener_on_a_bridge_port_hears_nothing(recorded: Recorded) -> None:
    verdict = recorded("l2-on-eno1").verdict(deaf_announcing_interface)
    assert isinstance(verdict, Diagnosis)
    assert "eno1" in verdict.summary


def test_a_dhcp_client_on_the_port_announces_nothing(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1").host_lists(
        PacketSockets, lambda each: replace(each, process="systemd-network")
    )
    verdict = case.verdict(deaf_announcing_interface)
    assert isinstance(verdict, Cleared)
    assert "no process" in verdict.reason


def test_a_listener_without_a_name_may_be_a_dhcp_client(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1").host_lists(PacketSockets, lambda each: replace(each, process=None))
    assert isinstance(case.verdict(deaf_announcing_interface), Undetermined)


def test_a_listener_on_the_bridge_itself_hears(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1")
    bridge = case.link("bridge0").index
    verdict = case.host_lists(PacketSockets, lambda each: replace(each, interface=bridge)).verdict(
        deaf_announcing_interface
    )
    assert isinstance(verdict, Cleared)
    assert "bridge0" in verdict.reason


def test_an_interface_that_is_up_and_no_port_is_not_deaf_and_one_that_is_down_is(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1")
    second = case.link("enp197s0").index
    moved = case.host_lists(PacketSockets, lambda each: replace(each, interface=second))
    assert isinstance(moved.verdict(deaf_announcing_interface), Cleared)
    down = moved.host_lists(
        Links, lambda link: replace(link, carrier=False) if link.index == second else link
    )
    assert isinstance(down.verdict(deaf_announcing_interface), Diagnosis)


def test_it_is_silent_as_soon_as_somebody_answers(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1")
    mac = case.link("bridge0").mac
    reply = ArpReply(case.vip, mac, mac, 0.2)
    verdict = case.client_says(ArpSweep, lambda _, replies: (*replies, reply)).verdict(
        deaf_announcing_interface
    )
    assert isinstance(verdict, Cleared)
    assert "answers ARP" in verdict.reason


def test_the_host_alone_suspects_it_only_where_every_listener_is_deaf(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1")
    alone = case.verdict(deaf_announcing_interface, case.host)
    assert isinstance(alone, Undetermined)
    assert alone.suspected
    bridge = case.link("bridge0").index
    both = case.host_says(PacketSockets, lambda _, found: (*found, replace(found[0], interface=bridge)))
    assert not both.verdict(deaf_announcing_interface, both.host).suspected
