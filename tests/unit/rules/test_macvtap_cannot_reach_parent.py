"""HD110: the client's link sits on the interface of the host that should answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis
from hairpin_doctor.rules.duplicate_mac import duplicate_mac
from hairpin_doctor.rules.macvtap_cannot_reach_parent import macvtap_cannot_reach_parent
from probes.questions.links import Links
from probes.questions.machine import MachineIdentity
from probes.questions.sockets import PacketSocket, PacketSockets

Recorded = Callable[[str], Any]
GUEST = "enp1s0"


def guest(case: Any, **how: Any) -> Any:
    return case.client_lists(Links, lambda link: replace(link, **how) if link.name == GUEST else link)


def with_macvtap(case: Any, mode: str = "bridge") -> Any:
    """As a real guest: a plain NIC inside, and on the host a macvtap with its MAC."""
    nic = next(
        link
        for each in case.client.asked
        if isinstance(each.question, Links)
        for link in each.answer
        if link.name == GUEST
    )
    parent = case.link("eno1")
    tap = replace(
        parent, index=99, name="macvtap0", kind="macvtap", mac=nic.mac, lower=parent.index, macvlan_mode=mode
    )
    inside = guest(case, kind=None, macvlan_mode=None, lower_elsewhere=None)
    foreign = inside.client_says(MachineIdentity, lambda _, me: replace(me, boot_id="another machine"))
    return foreign.host_says(Links, lambda _, links: (*links, replace(tap, addresses=())))


def test_a_macvlan_of_the_same_kernel_on_the_announcing_interface(recorded: Recorded) -> None:
    verdict = recorded("macvtap-cannot-reach-parent").verdict(macvtap_cannot_reach_parent)
    assert isinstance(verdict, Diagnosis)
    assert "eno1" in verdict.summary


def test_a_guest_is_known_by_the_macvtap_with_its_mac(recorded: Recorded) -> None:
    case = with_macvtap(recorded("macvtap-cannot-reach-parent"))
    verdict = case.verdict(macvtap_cannot_reach_parent)
    assert isinstance(verdict, Diagnosis)
    assert "macvtap0" in " ".join(verdict.because)


def test_the_mac_of_a_macvtap_and_its_guest_is_no_collision(recorded: Recorded) -> None:
    assert isinstance(with_macvtap(recorded("macvtap-cannot-reach-parent")).verdict(duplicate_mac), Cleared)


def test_only_bridge_mode_lets_siblings_talk(recorded: Recorded) -> None:
    case = recorded("macvtap-cannot-reach-parent")
    assert len(case.verdict(macvtap_cannot_reach_parent).fixes) == 2
    vepa = with_macvtap(case, "vepa").verdict(macvtap_cannot_reach_parent)
    assert [fix.title for fix in vepa.fixes] == ["Put the guests on a bridge"]


def test_an_interface_number_of_another_machine_means_nothing(recorded: Recorded) -> None:
    case = recorded("macvtap-cannot-reach-parent").client_says(
        MachineIdentity, lambda _, me: replace(me, boot_id="another machine")
    )
    assert isinstance(case.verdict(macvtap_cannot_reach_parent), Cleared)


def test_a_plain_interface_is_nobodys_child(recorded: Recorded) -> None:
    case = guest(recorded("macvtap-cannot-reach-parent"), kind=None, lower_elsewhere=None)
    assert isinstance(case.verdict(macvtap_cannot_reach_parent), Cleared)


def test_a_sibling_on_which_somebody_listens_hears_the_guest(recorded: Recorded) -> None:
    case = recorded("macvtap-cannot-reach-parent")
    parent = case.link("eno1")
    sibling = replace(
        parent, index=98, name="metallb0", kind="macvlan", mac="02:00:00:00:00:98", lower=parent.index
    )
    heard = case.host_says(Links, lambda _, links: (*links, sibling)).host_says(
        PacketSockets, lambda _, found: (*found, PacketSocket(0x0806, 98, "speaker"))
    )
    assert isinstance(heard.verdict(macvtap_cannot_reach_parent), Cleared)
