"""HD307 where the bridge filters by VLAN: the client is filed under another VLAN than its subnet's interface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis
from hairpin_doctor.rules.port_not_forwarding import port_not_forwarding
from hairpin_doctor.rules.wrong_l2_domain import wrong_l2_domain
from probes.questions.links import FdbEntry, ForwardingDatabase, Link, Links, PortVlan

Recorded = Callable[[str], Any]
DEFAULT = (PortVlan(1, pvid=True, untagged=True),)
TRUNK = PortVlan(2, pvid=False, untagged=False, last=4094)


def filtering(
    case: Any, port: tuple[PortVlan, ...], heard_in: int, own: tuple[PortVlan, ...] = DEFAULT
) -> Any:
    """The recorded homelab as if its bridge filtered by VLAN, with the VM's port in these VLANs."""
    bridge, tap = case.link("bridge0"), case.link("vnet1")

    def link(old: Link) -> Link:
        if old.index == bridge.index:
            return replace(old, bridge=replace(old.bridge, vlan_filtering=True, vlans=own))
        return replace(old, port=replace(old.port, vlans=port)) if old.index == tap.index else old

    def entry(old: FdbEntry) -> FdbEntry:
        behind = old.port == tap.index and not old.own
        return replace(old, vlan=heard_in if behind else 1) if old.bridge == bridge.index else old

    return case.host_lists(Links, link).host_lists(ForwardingDatabase, entry)


def test_a_client_in_another_vlan_than_the_bridge_that_has_its_subnet_is_told_from_an_absent_announcer(
    recorded: Recorded,
) -> None:
    case = filtering(recorded("nobody-announces"), (PortVlan(20, pvid=True, untagged=True),), heard_in=20)
    found = case.verdict(port_not_forwarding)
    assert isinstance(found, Diagnosis)
    assert found.fixes[0].steps[0].commands == ("bridge vlan add dev vnet1 vid 1 pvid untagged",)
    assert found.fixes[0].steps[0].undo == (
        "bridge vlan del dev vnet1 vid 1",
        "bridge vlan add dev vnet1 vid 20 pvid untagged",
    )


def test_a_client_in_the_bridges_own_vlan_is_cleared(recorded: Recorded) -> None:
    case = filtering(recorded("nobody-announces"), DEFAULT, heard_in=1)
    assert isinstance(case.verdict(port_not_forwarding), Cleared)


def test_a_vlan_interface_in_the_clients_vlan_is_its_home_even_if_the_bridge_is_in_another(
    recorded: Recorded,
) -> None:
    case = filtering(
        recorded("nobody-announces"),
        (PortVlan(20, pvid=True, untagged=True),),
        heard_in=20,
        own=(*DEFAULT, TRUNK),
    )
    bridge = case.link("bridge0")

    def moved(old: Link) -> Link:
        if old.index == bridge.index:
            return replace(old, addresses=())
        if old.name == "enp197s0":
            return replace(old, kind="vlan", lower=bridge.index, vlan_id=20, addresses=bridge.addresses)
        return old

    there = case.host_lists(Links, moved)
    assert isinstance(there.verdict(port_not_forwarding), Cleared)

    def outside(old: Link) -> Link:
        return replace(old, bridge=replace(old.bridge, vlans=DEFAULT)) if old.index == bridge.index else old

    found = there.host_lists(Links, outside).verdict(port_not_forwarding)
    assert isinstance(found, Diagnosis)
    assert found.fixes[0].steps[0].commands == ("bridge vlan add dev bridge0 vid 20 self",)


def test_a_listener_on_a_vlan_interface_hears_a_client_that_the_bridge_files_under_that_vlan(
    recorded: Recorded,
) -> None:
    case = filtering(
        recorded("l2-on-enp197s0"),
        (PortVlan(20, pvid=True, untagged=True),),
        heard_in=20,
        own=(*DEFAULT, TRUNK),
    )
    index = case.link("bridge0").index

    def on_the_bridge(vlan: int) -> Callable[[Link], Link]:
        return lambda old: (
            replace(old, kind="vlan", lower=index, vlan_id=vlan) if old.name == "enp197s0" else old
        )

    assert isinstance(case.host_lists(Links, on_the_bridge(20)).verdict(wrong_l2_domain), Cleared)
    assert isinstance(case.host_lists(Links, on_the_bridge(30)).verdict(wrong_l2_domain), Diagnosis)
