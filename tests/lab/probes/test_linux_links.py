"""The real machine: interfaces, bridges and the forwarding database, read as they were set."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.forwarding_database import ForwardingDatabaseFacts
from probes.host import Absent
from probes.interface_sysctls import interface_sysctls
from probes.interfaces import InterfaceFacts
from probes.linux import LinuxHost
from probes.probe import Scope
from probes.questions.links import BridgeSettings, ForwardingDatabase, LinkAddress, Links
from probes.questions.machine import Sysctl

pytestmark = pytest.mark.lab


def interfaces(net: Any, machine: str = "h") -> InterfaceFacts:
    return InterfaceFacts(net.ask(machine, Links()))


def test_a_bridge_and_the_flags_of_its_ports(net: Any) -> None:
    net.run("h", "bridge", "link", "set", "dev", "pa", "hairpin", "on")
    net.run("h", "bridge", "link", "set", "dev", "pb", "isolated", "on", "flood", "off", "learning", "off")
    facts = interfaces(net)
    bridge, a, b, c = (facts.by_name(name) for name in ("br0", "pa", "pb", "pc"))
    assert (bridge.kind, bridge.mac, bridge.bridge) == (
        "bridge",
        "02:00:00:00:00:01",
        BridgeSettings(False, False, False, bridge.bridge.multicast_snooping),
    )
    assert bridge.addresses[0] == LinkAddress(IPv4Address("192.0.2.1"), 24)
    assert [each.name for each in facts.ports_of(bridge)] == ["pa", "pb", "pc"]
    assert [each.port.hairpin_mode for each in (a, b, c)] == [True, False, False]
    assert [each.port.isolated for each in (a, b, c)] == [False, True, False]
    assert [each.port.unicast_flood for each in (a, b, c)] == [True, False, True]
    assert [each.port.learning for each in (a, b, c)] == [True, False, True]
    assert c.port.state == "forwarding"


def test_a_bridges_own_switch_for_iptables(net: Any) -> None:
    net.ip("h", "link set br0 type bridge nf_call_iptables 1 stp_state 1")
    settings = interfaces(net).by_name("br0").bridge
    assert (settings.nf_call_iptables, settings.stp) == (True, True)


def test_a_macvlan_and_a_veth_name_what_they_sit_on(net: Any) -> None:
    net.ip(
        "h",
        "link add mv0 link br0 type macvlan mode bridge",
        "link add v0 type veth peer name v1",
        "link set mv0 up",
    )
    facts = interfaces(net)
    bridge, macvlan, v0, v1 = (facts.by_name(name) for name in ("br0", "mv0", "v0", "v1"))
    assert (macvlan.kind, macvlan.macvlan_mode, macvlan.lower) == ("macvlan", "bridge", bridge.index)
    assert facts.stacked_on(bridge) == (macvlan,)
    assert (v0.kind, v0.lower, v1.lower) == ("veth", v1.index, v0.index)
    assert facts.by_name("pa").lower is None  # its peer is in another namespace
    assert (macvlan.up, v0.up, v0.carrier) == (True, False, False)


def test_flags_of_an_interface(net: Any) -> None:
    net.ip("a", "link set eth0 mtu 1400 arp off promisc on", "link add name solo type bridge")
    eth0 = interfaces(net, "a").by_name("eth0")
    assert (eth0.mtu, eth0.arp, eth0.broadcast, eth0.promiscuity) == (1400, False, True, 1)
    assert (eth0.up, eth0.carrier, eth0.master) == (True, True, None)


def test_a_station_is_learned_behind_its_port_and_own_macs_are_marked(net: Any) -> None:
    net.run("a", "ping", "-c1", "-W1", "192.0.2.20")
    facts, fdb = interfaces(net), ForwardingDatabaseFacts(net.ask("h", ForwardingDatabase()))
    for machine, port in (("a", "pa"), ("b", "pb")):
        (entry,) = fdb.learned(net.mac(machine))
        assert (entry.port, entry.bridge) == (facts.by_name(port).index, facts.by_name("br0").index)
        assert not entry.static
    assert fdb.learned(facts.by_name("pa").mac) == ()
    assert fdb.knows(facts.by_name("pa").mac, facts.by_name("br0").index)


def test_a_bridge_does_not_know_its_macvlan_until_it_is_told(net: Any) -> None:
    net.ip("h", "link add mv0 link br0 address 02:00:00:00:00:77 type macvlan mode bridge", "link set mv0 up")
    bridge = interfaces(net).by_name("br0").index

    def known() -> bool:
        return ForwardingDatabaseFacts(net.ask("h", ForwardingDatabase())).knows("02:00:00:00:00:77", bridge)

    assert not known()
    net.run("h", "bridge", "fdb", "add", "02:00:00:00:00:77", "dev", "br0", "self", "permanent")
    assert known()


def test_an_entry_set_by_hand_is_static(net: Any) -> None:
    net.run("h", "bridge", "fdb", "add", "02:00:00:00:00:88", "dev", "pc", "master", "static")
    (entry,) = ForwardingDatabaseFacts(net.ask("h", ForwardingDatabase())).learned("02:00:00:00:00:88")
    assert entry.static


def test_the_sysctl_of_an_interface_with_a_dot_in_its_name(net: Any) -> None:
    net.ip("a", "link set eth0 name eth0.10")
    net.sysctl(
        "a",
        {"ipv4/conf/all/rp_filter": 1, "ipv4/conf/eth0.10/rp_filter": 2, "ipv4/conf/eth0.10/arp_ignore": 1},
    )
    assert net.ask("a", Sysctl("net/ipv4/conf/eth0.10/rp_filter")) == 2
    facts = net.inside("a", lambda: interface_sysctls.look(LinuxHost(), Scope(())))
    assert (facts.of("eth0.10").rp_filter, facts.of("eth0.10").arp_ignore) == (2, 1)
    assert facts.of("lo").rp_filter == 1  # all wins over 0
    with pytest.raises(Absent):
        net.ask("a", Sysctl("net/ipv4/conf/eth0/rp_filter"))
