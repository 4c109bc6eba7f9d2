"""HD208: a second interface answers for the node's own address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.node_address_has_two_macs import node_address_has_two_macs
from probes.host import Absent
from probes.questions.links import Links
from probes.questions.machine import Sysctl
from probes.questions.neighbours import ArpReply, ArpSweep

Recorded = Callable[[str], Any]
CASE = "metallb0-arp-flux"


def unheard(case: Any) -> Any:
    """The client heard nothing of the second answer."""
    mac = case.link("metallb0").mac
    return case.client_lists(ArpSweep, lambda r: None if r.mac == mac and r.address != case.vip else r)


def heard(case: Any) -> Any:
    """The client heard the node's address from the bridge and from the macvlan."""
    bridge, own = case.link("bridge0"), case.link("metallb0")
    node = bridge.addresses[0].address
    both = tuple(ArpReply(node, link.mac, link.mac, 0.2) for link in (bridge, own))
    return case.client_says(ArpSweep, lambda _, replies: (*(r for r in replies if r.address != node), *both))


def test_two_macs_heard_by_a_client_are_proof(recorded: Recorded) -> None:
    verdict = heard(recorded(CASE)).verdict(node_address_has_two_macs)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert "metallb0" in verdict.summary


def test_unheard_it_is_likely_by_the_hosts_own_settings(recorded: Recorded) -> None:
    verdict = unheard(heard(recorded(CASE))).verdict(node_address_has_two_macs)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


def test_arp_ignore_or_any_reverse_path_filter_hides_the_address(recorded: Recorded) -> None:
    case = unheard(heard(recorded(CASE)))
    for name in ("metallb0/arp_ignore", "all/arp_ignore", "metallb0/rp_filter", "all/rp_filter"):
        verdict = case.host_sets({f"net/ipv4/conf/{name}": 1}).verdict(node_address_has_two_macs)
        assert isinstance(verdict, Cleared), name


def test_unread_settings_are_not_taken_for_zero(recorded: Recorded) -> None:
    case = unheard(heard(recorded(CASE))).host_says(
        Sysctl, lambda q, answer: Absent("unread") if q.name.endswith("metallb0/arp_ignore") else answer
    )
    assert isinstance(case.verdict(node_address_has_two_macs), Cleared)


def test_an_interface_that_is_down_or_answers_no_arp_is_no_second_answerer(recorded: Recorded) -> None:
    case = unheard(heard(recorded(CASE)))
    for how in ({"up": False}, {"arp": False}):
        quiet = case.host_lists(
            Links, lambda link, h=how: replace(link, **h) if link.name == "metallb0" else link
        )
        assert isinstance(quiet.verdict(node_address_has_two_macs), Cleared), how


def test_a_second_mac_of_another_machine_is_another_cause(recorded: Recorded) -> None:
    case = heard(recorded(CASE))
    mac = case.link("metallb0").mac
    quiet = case.host_sets({"net/ipv4/conf/metallb0/arp_ignore": 1})
    assert isinstance(quiet.verdict(node_address_has_two_macs), Diagnosis)  # heard all the same
    scanned = case.network().vantage_points[1].link_towards(case.vip).mac
    for other in ("3c:06:30:77:88:99", scanned):
        others = quiet.client_lists(ArpSweep, lambda r, new=other: replace(r, mac=new) if r.mac == mac else r)
        assert isinstance(others.verdict(node_address_has_two_macs), Cleared), other


def test_the_client_alone_does_not_know_the_nodes_addresses(recorded: Recorded) -> None:
    case = recorded(CASE)
    assert isinstance(case.verdict(node_address_has_two_macs, case.client), Undetermined)


def test_a_port_that_lends_its_mac_to_the_bridge_is_no_second_answerer(recorded: Recorded) -> None:
    case = recorded(CASE)
    shared = case.link("bridge0").mac
    case = heard(case.host_lists(Links, lambda e: replace(e, mac=shared) if e.name == "eno1" else e))
    verdict = case.verdict(node_address_has_two_macs)
    assert isinstance(verdict, Diagnosis)
    assert verdict.summary.startswith("metallb0 ")
