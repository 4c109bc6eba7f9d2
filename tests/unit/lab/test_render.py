from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from hairpin_doctor.lab import render
from hairpin_doctor.lab.topology import (
    Bridge,
    Cable,
    CableEnd,
    End,
    FdbEntry,
    Machine,
    Macvlan,
    Neighbour,
    Port,
    Route,
    Topology,
)

BRIDGE = Bridge(
    name="br", mac="02:00:00:00:00:01", addresses=(IPv4Interface("10.0.0.1/24"),), settings={"stp_state": 0}
)
NIC = CableEnd(name="eth0", mac="02:00:00:00:00:02", master="br", port=Port(hairpin=True, learning=False))
HOST = Machine(role="host", name="n5", interfaces=(BRIDGE, NIC))
PEER = Machine(role="peer", name="p", interfaces=(CableEnd(name="e1", mtu=9000),))


def test_a_cable_is_laid_once_by_the_machine_at_its_first_end() -> None:
    topology = Topology((HOST, PEER), (Cable(End("host", "eth0"), End("peer", "e1")),))
    lines = render.cable_lines(topology, HOST, lambda role: f"ns-{role}")
    near = "link add name eth0 index 10 address 02:00:00:00:00:02 mtu 1500 type veth"
    assert lines == [f"{near} peer name e1 index 11 mtu 9000 netns ns-peer"]
    assert render.cable_lines(topology, PEER, lambda role: role) == []


def test_a_bridge_is_made_before_its_ports_join_and_everything_is_up_before_routes() -> None:
    machine = Machine(
        role="host",
        name="n5",
        interfaces=(NIC, BRIDGE),
        routes=(Route(IPv4Network("0.0.0.0/0"), IPv4Address("10.0.0.9")),),
    )
    assert render.machine_lines(machine) == [
        "link add name br address 02:00:00:00:00:01 type bridge stp_state 0",
        "link set br mtu 1500",
        "link set lo up",
        "link set eth0 master br",
        "link set eth0 type bridge_slave hairpin on learning off",
        "addr add 10.0.0.1/24 dev br",
        "link set eth0 up",
        "link set br up",
        "route add unicast 0.0.0.0/0 via 10.0.0.9",
    ]


def test_a_macvlan_is_made_on_its_parent() -> None:
    macvlan = Macvlan(name="m0", mac="02:00:00:00:00:09", parent="br")
    lines = render.machine_lines(Machine(role="h", name="h", interfaces=(BRIDGE, macvlan)))
    assert "link add link br name m0 address 02:00:00:00:00:09 mtu 1500 type macvlan mode bridge" in lines


def test_neighbours_and_forwarding_entries_are_written_as_declared() -> None:
    machine = Machine(
        role="h",
        name="h",
        interfaces=(),
        neighbours=(Neighbour(IPv4Address("10.0.0.5"), "02:00:00:00:00:05", "eth0", "reachable"),),
        fdb=(FdbEntry("02:00:00:00:00:09", "br", "self permanent"),),
    )
    assert render.neighbour_lines(machine) == [
        "neigh replace 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0 nud reachable"
    ]
    assert render.fdb_lines(machine) == ["fdb replace 02:00:00:00:00:09 dev br self permanent"]


def test_ip_forward_is_written_first_because_it_resets_other_keys() -> None:
    machine = HOST.with_sysctls({"net.ipv4.ip_forward": 1})
    assert render.machine_sysctls(machine)[0] == ("net/ipv4/ip_forward", "1")


def test_every_sysctl_that_decides_a_verdict_is_pinned() -> None:
    machine = dict(render.machine_sysctls(HOST))
    interfaces = dict(render.interface_sysctls(HOST))
    assert machine["net/bridge/bridge-nf-call-iptables"] == "0"
    for key in ("rp_filter", "arp_ignore", "arp_announce", "arp_filter", "proxy_arp", "accept_redirects"):
        assert f"net/ipv4/conf/all/{key}" in machine
        assert f"net/ipv4/conf/default/{key}" in machine
        assert f"net/ipv4/conf/eth0/{key}" in interfaces


def test_a_default_of_the_machine_holds_for_its_interfaces_unless_they_differ() -> None:
    strict = CableEnd(name="eth1", conf={"rp_filter": 1}, neigh={"base_reachable_time_ms": 9})
    machine = Machine(
        role="h", name="h", interfaces=(NIC, strict), sysctls={"net.ipv4.conf.default.rp_filter": 2}
    )
    written = dict(render.interface_sysctls(machine))
    assert written["net/ipv4/conf/eth0/rp_filter"] == "2"
    assert written["net/ipv4/conf/eth1/rp_filter"] == "1"
    assert written["net/ipv4/neigh/eth1/base_reachable_time_ms"] == "9"


def test_a_missing_bridge_sysctl_is_passed_over_only_where_zero_was_wanted() -> None:
    script = render.sysctl_script([("net/bridge/a", "0"), ("net/bridge/b", "1"), ("net/ipv4/c", "0")])
    guarded, plain, other = script.splitlines()[2:]
    assert guarded.startswith('[ ! -e "net/bridge/a" ] ||')
    assert plain == 'echo "1" > "net/bridge/b"'
    assert other == 'echo "0" > "net/ipv4/c"'
