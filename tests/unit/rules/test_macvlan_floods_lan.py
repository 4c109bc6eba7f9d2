"""HD309: the bridge does not know the MAC of the macvlan that announces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.macvlan_floods_lan import macvlan_floods_lan
from probes.host import Absent
from probes.questions.links import FdbEntry, ForwardingDatabase, Links
from probes.questions.neighbours import ArpSweep
from probes.questions.sockets import PacketSockets

Recorded = Callable[[str], Any]
CASE = "metallb0-floods"


def with_entry(case: Any, bridge: int | None) -> Any:
    entry = FdbEntry(
        case.link("metallb0").mac, case.link("bridge0").index, bridge, None, own=True, static=True
    )
    return case.host_says(ForwardingDatabase, lambda _, entries: (*entries, entry))


def test_an_unknown_mac_is_flooded(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(macvlan_floods_lan)
    assert isinstance(verdict, Diagnosis)
    assert "metallb0" in verdict.summary


def test_an_entry_of_the_bridge_clears_it(recorded: Recorded) -> None:
    case = recorded(CASE)
    assert isinstance(with_entry(case, case.link("bridge0").index).verdict(macvlan_floods_lan), Cleared)


def test_the_devices_own_list_of_addresses_and_another_bridges_entry_do_not_count(recorded: Recorded) -> None:
    case = recorded(CASE)
    assert isinstance(with_entry(case, None).verdict(macvlan_floods_lan), Diagnosis)
    assert isinstance(with_entry(case, case.link("cni0").index).verdict(macvlan_floods_lan), Diagnosis)


def test_a_macvlan_that_announces_nothing_draws_no_frames(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = case.link("bridge0").mac
    other = case.client_lists(ArpSweep, lambda r: replace(r, mac=mac) if r.address == case.vip else r)
    assert isinstance(other.verdict(macvlan_floods_lan), Cleared)


def test_on_the_host_alone_its_listeners_tell_what_announces(recorded: Recorded) -> None:
    case = recorded(CASE)
    assert isinstance(case.verdict(macvlan_floods_lan, case.host), Diagnosis)
    quiet = case.host_says(PacketSockets, lambda *_: ())
    assert isinstance(quiet.verdict(macvlan_floods_lan, quiet.host), Cleared)


def test_a_bridge_without_ports_floods_nobody_and_other_kinds_are_not_meant(recorded: Recorded) -> None:
    case = recorded(CASE)
    bridge = case.link("bridge0").index
    lonely = case.host_lists(
        Links, lambda link: replace(link, master=None) if link.master == bridge else link
    )
    assert isinstance(lonely.verdict(macvlan_floods_lan, lonely.host), Cleared)
    vlan = case.host_lists(Links, lambda link: replace(link, kind="vlan") if link.kind == "macvlan" else link)
    assert isinstance(vlan.verdict(macvlan_floods_lan), Cleared)


def test_an_unread_forwarding_database_leaves_it_open(recorded: Recorded) -> None:
    case = recorded(CASE).host_says(ForwardingDatabase, lambda *_: Absent("no bridge support"))
    assert isinstance(case.verdict(macvlan_floods_lan), Undetermined)
