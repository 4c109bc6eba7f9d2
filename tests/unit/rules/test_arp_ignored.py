"""HD209: a setting keeps the kernel from answering for an address that it holds, and nobody else would answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.arp_ignored import arp_ignored
from probes.questions.links import LinkAddress, Links
from probes.questions.routing import Route, RouteTo
from probes.questions.sockets import PacketSocket, PacketSockets, TcpConnection, TcpConnections
from probes.questions.traffic import Endpoint

Recorded = Callable[[str], Any]
SETTING = "net/ipv4/conf/bridge0/arp_ignore"
OF_ALL = "net/ipv4/conf/all/arp_ignore"


@pytest.mark.parametrize("value", [1, 2, 8])
def test_a_setting_that_forbids_the_answer_is_the_cause(recorded: Recorded, value: int) -> None:
    case = recorded("arp-ignored")
    verdict = (case if value == 1 else case.host_sets({SETTING: value})).verdict(arp_ignored)
    assert isinstance(verdict, Diagnosis)
    assert any(f"arp_ignore is {value}" in each for each in verdict.because)


def test_the_value_of_all_counts_where_it_is_larger(recorded: Recorded) -> None:
    case = recorded("arp-ignored")
    assert isinstance(case.host_sets({SETTING: 0}).verdict(arp_ignored), Cleared)
    assert isinstance(case.host_sets({SETTING: 0, OF_ALL: 1}).verdict(arp_ignored), Diagnosis)


def test_with_3_the_scope_of_the_address_decides_which_nobody_asked(recorded: Recorded) -> None:
    assert isinstance(recorded("arp-ignored").host_sets({SETTING: 3}).verdict(arp_ignored), Undetermined)


def test_an_address_on_the_interface_that_hears_is_answered_for(recorded: Recorded) -> None:
    case = recorded("arp-ignored")
    here = case.host_lists(
        Links,
        lambda link: (
            replace(link, addresses=(*link.addresses, LinkAddress(case.vip, 32)))
            if link.name == "bridge0"
            else link
        ),
    )
    assert isinstance(here.verdict(arp_ignored), Cleared)


def test_where_an_announcer_listens_answering_is_its_business(recorded: Recorded) -> None:
    case = recorded("arp-ignored")
    socket = PacketSocket(0x0806, case.link("bridge0").index, "speaker")
    announced = case.host_says(PacketSockets, lambda _, found: (*found, socket))
    assert isinstance(announced.verdict(arp_ignored), Cleared)
    assert not announced.verdict(arp_ignored, announced.host).suspected


def test_under_bgp_silence_may_be_meant(recorded: Recorded) -> None:
    case = recorded("arp-ignored")
    ends = (Endpoint(IPv4Address("192.168.8.246"), 40000), Endpoint(IPv4Address("192.168.8.1"), 179))
    speaks = case.host_says(TcpConnections, lambda *_: (TcpConnection(*ends, "ESTABLISHED"),))
    verdict = speaks.verdict(arp_ignored)
    assert isinstance(verdict, Undetermined)
    assert verdict.suspected


def test_an_address_that_the_host_does_not_hold_is_another_cause(recorded: Recorded) -> None:
    assert isinstance(recorded("nobody-announces").verdict(arp_ignored), Cleared)


def test_the_filter_asks_for_the_way_back(recorded: Recorded) -> None:
    case = recorded("arp-filtered")
    verdict = case.verdict(arp_ignored)
    assert isinstance(verdict, Diagnosis)
    assert "enp197s0" in " ".join(verdict.because)

    def straight(question: RouteTo, route: Route) -> Route:
        return replace(route, interface="bridge0") if question.source == case.vip else route

    assert isinstance(case.host_says(RouteTo, straight).verdict(arp_ignored), Cleared)
    unfiltered = case.host_sets({"net/ipv4/conf/bridge0/arp_filter": 0})
    assert isinstance(unfiltered.verdict(arp_ignored), Cleared)
