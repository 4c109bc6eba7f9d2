"""A real MAC collision: another station uses the bridge's own MAC.

laptop ── switch ── eno1 ─┤ bridge0 (MAC M) ├─ vnet1 ── VM (MAC M: first case)
thief (MAC M: second case) ─┘ the switch keeps M at the thief's port
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.daemon import Daemon
from hairpin_doctor.lab.faults import Fault, compose, interface, on_switch
from hairpin_doctor.lab.homelab import port, station
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import CableEnd, FdbEntry, Topology

THIEF = "thief"


def _vm_has_it(names: Names) -> Fault:
    return interface("vm", names.vm_nic, lambda nic: replace(nic, mac=names.bridge_mac))


def _vm_fails(names: Names) -> tuple[Check, ...]:
    return (*dns_is("vm", names.dns_vip, "unreachable", "silent"), *all_served(names, "laptop"))


def _lan_station_has_it(names: Names) -> Fault:
    """The switch learned the MAC at the other station first and holds on to it (port security)."""
    nic = CableEnd(name=names.lan_nic, mac=names.bridge_mac, addresses=(names.on_lan(names.nested_ip),))
    # It broadcasts ARP requests as real stations do all the time: an address that nobody has is asked for every second.
    talks = Daemon("ping", ("ping", "-n", "-q", "-i", "1", str(names.other_node_ip)))
    entry = FdbEntry(names.bridge_mac, port(THIEF), "master static sticky")

    def stick(topology: Topology) -> Topology:
        return topology.change("switch", lambda m: replace(m, fdb=(*m.fdb, entry)))

    return compose(
        on_switch(station(THIEF, f"{names.laptop}-2", nic, names.router_ip).with_daemon(talks)), stick
    )


def _lan_fails(names: Names) -> tuple[Check, ...]:
    asked = Check("laptop", Arp(names.dns_vip), (names.bridge_mac,))
    return (*dns_is("laptop", names.dns_vip, "silent"), asked, *all_served(names, "vm"))


_VM = Case(
    name="duplicate-mac",
    title="The VM uses the MAC of the host's bridge: whatever is sent to the VM stays on the host.",
    codes=("HD310",),
    fault=_vm_has_it,
    symptom=_vm_fails,
    targets=all_targets,
)

CASES = (
    _VM,
    replace(
        _VM,
        name="duplicate-mac-on-lan",
        title="A LAN station uses the MAC of the host's bridge and gets the frames that LAN clients send to the VIP.",
        fault=_lan_station_has_it,
        symptom=_lan_fails,
        client="laptop",
    ),
)
