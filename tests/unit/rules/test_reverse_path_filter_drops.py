"""HD401: the announcing interface drops what comes in by reverse path filtering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.arp_ignored import arp_ignored
from hairpin_doctor.rules.reverse_path_filter_drops import reverse_path_filter_drops
from probes.host import Denied
from probes.questions.links import Link, LinkAddress, Links
from probes.questions.machine import Sysctl

Recorded = Callable[[str], Any]
CASE = "metallb0-rp-filter"
ALL, OWN = "net/ipv4/conf/all/rp_filter", "net/ipv4/conf/metallb0/rp_filter"


def with_address(case: Any) -> Any:
    address = LinkAddress(ip_address("169.254.77.1"), 32)
    return case.host_lists(
        Links, lambda link: replace(link, addresses=(address,)) if link.name == "metallb0" else link
    )


def test_an_interface_without_an_address_and_any_filter_drops_everything(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(reverse_path_filter_drops)
    assert isinstance(verdict, Diagnosis)
    assert "metallb0" in verdict.summary


def test_without_a_filter_nothing_is_dropped(recorded: Recorded) -> None:
    verdict = recorded(CASE).host_sets({ALL: 0, OWN: 0}).verdict(reverse_path_filter_drops)
    assert isinstance(verdict, Cleared)
    assert "rp_filter 0" in verdict.reason


@pytest.mark.parametrize(("everywhere", "own"), [(1, 0), (0, 1), (2, 0), (0, 2), (1, 2)])
def test_the_greater_of_all_and_its_own_value_filters(recorded: Recorded, everywhere: int, own: int) -> None:
    case = recorded(CASE).host_sets({ALL: everywhere, OWN: own, "net/ipv4/conf/lo/rp_filter": 1})
    assert isinstance(case.verdict(reverse_path_filter_drops), Diagnosis)


def test_with_an_address_the_loose_mode_lets_in_and_the_strict_one_looks_at_the_way_back(
    recorded: Recorded,
) -> None:
    case = with_address(recorded(CASE).host_sets({ALL: 0, OWN: 0}))
    loose = case.host_sets({OWN: 2}).verdict(reverse_path_filter_drops)
    assert isinstance(loose, Cleared)
    strict = case.host_sets({OWN: 1}).verdict(reverse_path_filter_drops)
    assert isinstance(strict, Diagnosis)
    assert any("the way back to the client is bridge0" in sentence for sentence in strict.because)


def test_packets_that_br_netfilter_has_routed_before_escape_the_filter(recorded: Recorded) -> None:
    case = recorded(CASE).host_sets({"net/bridge/bridge-nf-call-iptables": 1})
    verdict = case.verdict(reverse_path_filter_drops)
    assert isinstance(verdict, Cleared)
    assert "before rp_filter" in verdict.reason


def test_without_its_sysctls_it_is_open(recorded: Recorded) -> None:
    case = recorded(CASE).host_says(Sysctl, lambda *_: Denied("root", "reading"))
    assert isinstance(case.verdict(reverse_path_filter_drops), Undetermined)


def test_the_host_alone_suspects_it_unless_the_interface_has_an_address(recorded: Recorded) -> None:
    case = recorded(CASE)
    alone = case.verdict(reverse_path_filter_drops, case.host)
    assert isinstance(alone, Undetermined)
    assert alone.suspected
    loose = with_address(case)
    assert not loose.verdict(reverse_path_filter_drops, loose.host).suspected


def on_a_macvlan(case: Any) -> Any:
    """The VIP stands on a macvlan of the bridge that hears the client, as keepalived's use_vmac puts it there."""
    bridge, held = case.link("bridge0"), LinkAddress(case.vip, 24)

    def moved(link: Link) -> Link:
        if link.name == "enp197s0":
            return replace(link, kind="macvlan", lower=bridge.index, addresses=(held,))
        return replace(link, addresses=tuple(own for own in link.addresses if own.address != case.vip))

    return case.host_lists(Links, moved)


def test_a_macvlan_that_holds_the_vip_and_filters_strictly_does_not_even_answer_arp(
    recorded: Recorded,
) -> None:
    case = on_a_macvlan(recorded("arp-ignored"))
    strict = case.host_sets({"net/ipv4/conf/all/rp_filter": 1})
    verdict = strict.verdict(reverse_path_filter_drops)
    assert isinstance(verdict, Diagnosis)
    assert "ARP requests" in verdict.summary
    assert isinstance(case.verdict(reverse_path_filter_drops), Cleared)
    for each in (case, strict):
        assert isinstance(each.verdict(arp_ignored), Cleared)  # arp_ignore 1 of the bridge beside it is right


def test_a_silent_vip_that_stands_on_no_interface_beside_is_not_judged(recorded: Recorded) -> None:
    verdict = recorded("nobody-announces").verdict(reverse_path_filter_drops)
    assert isinstance(verdict, Cleared)
