"""The MAC of the announcing interface: stable across reboots, its own on every machine, locally administered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.fixes.changes import MacvlanLink
from hairpin_doctor.fixes.own_mac_interface import own_mac_interface
from probes.interfaces import InterfaceFacts
from probes.machine import MachineFacts
from probes.questions.links import BridgeSettings, Link
from probes.questions.machine import Identity

ME = Identity("n5", "boot-1", 1, "6.1.0", True, "6e1e51c3b4e14a0e8f0e0d5d2a1b3c4d")
NIC, ANOTHER_NIC = "00:1b:21:00:00:01", "00:1b:21:00:00:02"
Mac = Callable[..., str]


@pytest.fixture
def mac(link: Callable[..., Link], point: Callable[..., Any]) -> Mac:
    """`mac(more links, me=..., name=..., nic=...)`: that of the interface on a bridge with an uplink and a tap."""

    def derived(*more: Link, me: Identity | None = ME, name: str = "n5", nic: str = NIC) -> str:
        bridge = link(1, "br0", kind="bridge", bridge=BridgeSettings(False, False, False, False))
        links = (bridge, link(2, "eno1", permanent_mac=nic, master=1), link(3, "vnet1", master=1), *more)
        known = () if me is None else (MachineFacts(me),)
        fix = own_mac_interface(
            point(name, InterfaceFacts(links), *known), bridge, IPv4Address("192.0.2.53"), "vm"
        )
        (made,) = (each for each in fix.steps[0].changes if isinstance(each, MacvlanLink))
        return made.mac

    return derived


def test_it_is_locally_administered_and_unicast(mac: Mac) -> None:
    assert int(mac().split(":")[0], 16) & 3 == 2


def test_a_reboot_and_another_nic_change_nothing(mac: Mac, link: Callable[..., Link]) -> None:
    later = replace(ME, boot_id="boot-2", kernel="6.18.0", network_namespace=2)
    assert mac(link(9, "usb0", permanent_mac=ANOTHER_NIC), me=later) == mac()


def test_another_machine_a_clone_and_another_interface_have_another(
    mac: Mac, link: Callable[..., Link]
) -> None:
    another_machine, renamed = mac(me=replace(ME, machine="0" * 32)), mac(name="n6")
    clone_with_the_same_machine_id, second = mac(nic=ANOTHER_NIC), mac(link(4, "metallb0"))
    assert len({mac(), another_machine, renamed, clone_with_the_same_machine_id, second}) == 5


def test_one_of_ours_that_is_there_already_is_taken_and_not_made_twice(
    mac: Mac, link: Callable[..., Link]
) -> None:
    assert mac(link(4, "metallb0", kind="macvlan", mac=mac())) == mac()
    assert mac(link(4, "metallb0", kind="veth", mac=mac())) != mac()


def test_a_machine_without_an_id_and_an_older_report_have_one_all_the_same(mac: Mac) -> None:
    assert mac(me=None) == mac(me=replace(ME, machine=None)) != mac()


def test_the_id_of_the_machine_stands_in_no_mac(mac: Mac) -> None:
    assert ME.machine is not None
    assert ME.machine[:10] not in mac().replace(":", "")
