"""Looking things up among interfaces."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from probes.interfaces import InterfaceFacts, interfaces
from probes.probe import Scope
from probes.questions.links import BridgeSettings, LinkAddress, Links

SETTINGS = BridgeSettings(False, False, False, False)
HOME, ADDRESS = LinkAddress(ip_address("127.0.0.1"), 8), LinkAddress(ip_address("192.0.2.10"), 24)


def some(link: Any) -> InterfaceFacts:
    return InterfaceFacts(
        (
            link(1, "lo", kind="loopback", mac="00:00:00:00:00:00", addresses=(HOME,)),
            link(2, "br0", kind="bridge", bridge=SETTINGS, addresses=(ADDRESS,), mac="02::2"),
            link(3, "eno1", master=2, mac="02::2"),
            link(4, "metallb0", kind="macvlan", lower=2),
            link(5, "veth1", kind="veth", lower=2),
            link(6, "br0.10", kind="vlan", lower=2),
        )
    )


def test_it_reads_the_links(fake: Any, link: Any) -> None:
    assert interfaces.look(fake({Links(): some(link).links}), Scope(())) == some(link)


def test_ports_stacked_interfaces_and_shared_macs_are_found(link: Any) -> None:
    facts = some(link)
    bridge = facts.by_name("br0")
    assert bridge is not None
    assert [each.name for each in facts.bridges()] == ["br0"]
    assert [each.name for each in facts.ports_of(bridge)] == ["eno1"]
    assert [each.name for each in facts.stacked_on(bridge)] == ["metallb0", "br0.10"]
    assert [each.name for each in facts.by_mac("02::2")] == ["br0", "eno1"]
    assert facts.by_mac("00:00:00:00:00:00") == ()
    assert facts.by_index(4) is facts.by_name("metallb0")
    assert (facts.by_index(None), facts.by_name(None)) == (None, None)


def test_own_addresses_leave_loopback_out(link: Any) -> None:
    facts = some(link)
    assert [(each.name, str(address)) for each, address in facts.own_addresses()] == [("br0", "192.0.2.10")]
    assert facts.with_address(ADDRESS.address) is facts.by_name("br0")
    assert facts.with_address(ip_address("192.0.2.11")) is None


def test_a_macvtaps_mac_is_its_guests_and_not_this_machines(link: Any) -> None:
    assert InterfaceFacts((link(7, "macvtap0", kind="macvtap", mac="02::7"),)).by_mac("02::7") == ()
