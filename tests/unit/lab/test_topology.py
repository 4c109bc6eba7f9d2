from __future__ import annotations

from dataclasses import replace

import pytest

from hairpin_doctor.lab.daemon import Daemon
from hairpin_doctor.lab.homelab import Variant, homelab
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Bridge, Cable, CableEnd, End, Machine, Topology, change_interface

BOX = Machine(role="host", name="n5", interfaces=(Bridge(name="br"), CableEnd(name="eth0", master="br")))


def test_a_machine_is_found_by_role_and_by_name() -> None:
    topology = Topology((BOX,), ())
    assert topology.machine("host") is topology.machine("n5") is BOX


def test_an_unknown_machine_is_named_together_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="no machine n6; there are n5"):
        Topology((BOX,), ()).machine("n6")


def test_changing_one_machine_leaves_the_topology_it_came_from_alone() -> None:
    before = Topology((BOX,), ())
    after = before.change("host", lambda machine: machine.with_sysctls({"net.ipv4.ip_forward": 1}))
    assert before.machine("host").sysctls == {}
    assert after.machine("host").sysctls == {"net.ipv4.ip_forward": 1}


def test_an_interface_is_replaced_by_name_or_added_last() -> None:
    bigger = change_interface(BOX, "eth0", lambda nic: CableEnd(name=nic.name, mtu=9000))
    assert [nic.name for nic in bigger.interfaces] == ["br", "eth0"]
    assert bigger.interface("eth0").mtu == 9000
    assert [nic.name for nic in BOX.with_interface(CableEnd(name="eth1")).interfaces] == [
        "br",
        "eth0",
        "eth1",
    ]


def test_a_daemon_replaces_the_one_of_its_name() -> None:
    machine = BOX.with_daemon(Daemon("dns", ("a",))).with_daemon(Daemon("dns", ("b",)))
    assert [daemon.argv for daemon in machine.daemons] == [("b",)]
    assert machine.without_daemon("dns").daemons == ()


def test_unplugging_removes_only_the_cable_at_that_end() -> None:
    one, two = Cable(End("a", "x"), End("b", "y")), Cable(End("a", "z"), End("c", "y"))
    assert Topology((), (one, two)).unplug(End("b", "y")).cables == (two,)


@pytest.mark.parametrize("names", [Names.story(), *(Names.random(seed) for seed in range(40))])
def test_every_cable_of_the_homelab_ends_at_an_interface_that_exists(names: Names) -> None:
    topology = homelab(names, Variant())
    for cable in topology.cables:
        for end in (cable.first, cable.second):
            assert isinstance(topology.machine(end.role).interface(end.interface), CableEnd)


@pytest.mark.parametrize("seed", range(40))
def test_names_drawn_at_random_are_valid_and_do_not_collide(seed: int) -> None:
    names = Names.random(seed)
    addresses = [
        names.router_ip,
        names.host_ip,
        names.vm_ip,
        names.laptop_ip,
        names.other_node_ip,
        *names.vips,
    ]
    assert len(set(addresses)) == len(addresses)
    assert all(address in names.lan for address in addresses)
    assert len({names.lan, names.second_lan, names.remote_lan, names.pods, names.services}) == 5
    assert not names.lan.overlaps(names.second_lan)
    assert not names.lan.overlaps(names.remote_lan)
    for machine in homelab(names, Variant()).machines:
        interfaces = [nic.name for nic in machine.interfaces]
        assert len(set(interfaces)) == len(interfaces)
        assert all(len(name) <= 15 for name in interfaces)
    macs = [value for key, value in vars(names).items() if key.endswith("_mac")]
    assert len(set(macs)) == len(macs)
    assert all(int(mac[:2], 16) & 1 == 0 for mac in macs), "a station's MAC is no group address"


def test_the_same_seed_draws_the_same_names_and_another_draws_others() -> None:
    assert replace(Names.random(7), bridge_mac="") == replace(Names.random(7), bridge_mac="")
    assert Names.random(7) != Names.random(8)
