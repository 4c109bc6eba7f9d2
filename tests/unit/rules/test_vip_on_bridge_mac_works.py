"""HD002: the VIP answers with the bridge's own MAC, and works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.vip_on_bridge_mac_works import vip_on_bridge_mac_works
from probes.questions.links import Links
from probes.questions.traffic import Handshake, Handshakes

Recorded = Callable[[str], Any]


def test_sharing_the_bridges_mac_is_no_fault(recorded: Recorded) -> None:
    verdict = recorded("healthy").verdict(vip_on_bridge_mac_works)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.NOTE


def test_a_bridge_that_took_over_its_ports_mac_shares_it_just_as_well(recorded: Recorded) -> None:
    """Whatever the order of the interfaces: a NIC is older than its bridge."""
    case = recorded("healthy")
    mac = case.link("bridge0").mac
    shared = case.host_lists(Links, lambda link: replace(link, mac=mac) if link.name == "eno1" else link)
    port_first = shared.host_says(Links, lambda _, links: tuple(reversed(links)))
    for each in (shared, port_first):
        assert isinstance(each.verdict(vip_on_bridge_mac_works), Diagnosis)


def test_a_mac_of_its_own_gets_no_such_note(recorded: Recorded) -> None:
    verdict = recorded("l2-on-metallb0-good").verdict(vip_on_bridge_mac_works)
    assert isinstance(verdict, Cleared)
    assert "not a bridge's" in verdict.reason


def test_an_answering_interface_that_is_no_bridge_gets_none(recorded: Recorded) -> None:
    case = recorded("healthy").host_lists(
        Links, lambda link: replace(link, kind=None, bridge=None) if link.name == "bridge0" else link
    )
    assert isinstance(case.verdict(vip_on_bridge_mac_works), Cleared)


def test_it_says_nothing_where_a_port_fails(recorded: Recorded) -> None:
    case = recorded("healthy").client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.SILENT))
    verdict = case.verdict(vip_on_bridge_mac_works)
    assert isinstance(verdict, Cleared)
    assert "no client reaches" in verdict.reason


def test_the_client_alone_does_not_know_that_the_mac_is_a_bridges(recorded: Recorded) -> None:
    case = recorded("healthy")
    assert isinstance(case.verdict(vip_on_bridge_mac_works, case.client), Undetermined)
