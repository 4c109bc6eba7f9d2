"""HD105: the only ARP listener hears another segment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.wrong_l2_domain import wrong_l2_domain
from probes.questions.links import ForwardingDatabase, Links
from probes.questions.neighbours import ArpSweep
from probes.questions.sockets import PacketSockets

Recorded = Callable[[str], Any]


def test_a_listener_on_the_other_nic_never_hears_this_client(recorded: Recorded) -> None:
    verdict = recorded("l2-on-enp197s0").verdict(wrong_l2_domain)
    assert isinstance(verdict, Diagnosis)
    assert "enp197s0" in verdict.summary


def test_a_listener_in_the_clients_own_segment_clears_it(recorded: Recorded) -> None:
    case = recorded("l2-on-enp197s0")
    bridge = case.link("bridge0").index
    here = case.host_says(PacketSockets, lambda _, found: (*found, replace(found[0], interface=bridge)))
    verdict = here.verdict(wrong_l2_domain)
    assert isinstance(verdict, Cleared)
    assert "bridge0" in verdict.reason


def test_a_dhcp_client_there_is_no_announcer_and_a_nameless_listener_leaves_it_open(
    recorded: Recorded,
) -> None:
    case = recorded("l2-on-enp197s0")
    dhcp = case.host_lists(PacketSockets, lambda each: replace(each, process="dhclient"))
    assert isinstance(dhcp.verdict(wrong_l2_domain), Cleared)
    nameless = case.host_lists(PacketSockets, lambda each: replace(each, process=None))
    assert isinstance(nameless.verdict(wrong_l2_domain), Undetermined)


def test_an_interface_that_is_down_or_a_port_is_deaf_and_not_in_another_segment(recorded: Recorded) -> None:
    case = recorded("l2-on-enp197s0")

    def with_link(**how: Any) -> Any:
        return case.host_lists(Links, lambda link: replace(link, **how) if link.name == "enp197s0" else link)

    assert isinstance(with_link(up=False).verdict(wrong_l2_domain), Cleared)
    assert isinstance(with_link(master=case.link("bridge0").index).verdict(wrong_l2_domain), Cleared)


def test_without_knowing_where_the_client_hangs_it_is_open(recorded: Recorded) -> None:
    case = (
        recorded("l2-on-enp197s0")
        .host_says(ForwardingDatabase, lambda *_: ())
        .host_says(ArpSweep, lambda *_: ())
    )
    verdict = case.verdict(wrong_l2_domain)
    assert isinstance(verdict, Undetermined)
    assert "no forwarding database" in verdict.missing


def test_the_host_alone_suspects_it_unless_the_vips_own_subnet_is_listened_on(recorded: Recorded) -> None:
    case = recorded("l2-on-enp197s0")
    alone = case.verdict(wrong_l2_domain, case.host)
    assert isinstance(alone, Undetermined)
    assert alone.suspected
    bridge = case.link("bridge0").index
    here = case.host_says(PacketSockets, lambda _, found: (*found, replace(found[0], interface=bridge)))
    assert not here.verdict(wrong_l2_domain, here.host).suspected


def test_a_vlan_interface_on_the_clients_bridge_is_another_segment(recorded: Recorded) -> None:
    case = recorded("l2-on-enp197s0")
    bridge = case.link("bridge0").index
    tagged = case.host_lists(
        Links, lambda link: replace(link, kind="vlan", lower=bridge) if link.name == "enp197s0" else link
    )
    assert isinstance(tagged.verdict(wrong_l2_domain), Diagnosis)
    macvlan = tagged.host_lists(
        Links, lambda link: replace(link, kind="macvlan") if link.name == "enp197s0" else link
    )
    assert isinstance(macvlan.verdict(wrong_l2_domain), Cleared)


def test_the_host_alone_suspects_a_vlan_interface_on_the_vips_own_bridge_and_no_macvlan(
    recorded: Recorded,
) -> None:
    case = recorded("l2-on-enp197s0")
    bridge = case.link("bridge0").index

    def suspected(kind: str) -> bool:
        stacked = case.host_lists(
            Links, lambda link: replace(link, kind=kind, lower=bridge) if link.name == "enp197s0" else link
        )
        return bool(stacked.verdict(wrong_l2_domain, stacked.host).suspected)

    assert (suspected("vlan"), suspected("macvlan")) == (True, False)
