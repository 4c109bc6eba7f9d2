"""A guest on a macvtap of the node's NIC, and the node's own address on a sibling: child and sibling do talk.

    laptop .100 ─┐
      router .1 ─┼─ switch ── eno1 (no address) ─┬─ macvlan "metallb0" .246 (host "n5"; announces .53 and .50)
        │        ┘                               └─ macvlan of the VM .10
      remote client

A macvlan never talks to its parent; the node that has its address, and announces, on a sibling in bridge mode is
reached by the guest all the same.
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.ip import anywhere
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer
from hairpin_doctor.lab.topologies.plain_nic import plain_nic
from hairpin_doctor.lab.topology import Machine, Macvlan, Route, Topology


def macvtap(names: Names, variant: Variant) -> Topology:
    """Guest, laptop and remote client reach every VIP."""
    guest_nic = Macvlan(
        name=names.vm_nic,
        mac=names.vm_mac,
        parent=names.uplink,
        lender="host",
        addresses=(names.on_lan(names.vm_ip),),
    )
    gateway = Route(anywhere(names.router_ip), names.router_ip)
    guest = Machine(role="vm", name=names.vm, interfaces=(guest_nic,), routes=(gateway,))
    own = Macvlan(
        name=names.own_mac_interface,
        mac=names.own_mac,
        parent=names.uplink,
        addresses=(names.on_lan(names.host_ip),),
    )
    speaking = Announcer(vips=names.vips, interfaces=(own.name,)).daemon()

    def move_address(host: Machine) -> Machine:
        bare = replace(host.interface(names.uplink), addresses=())
        return host.with_interface(bare).with_interface(own).with_daemon(speaking)

    return plain_nic(names, variant).change("host", move_address).add(guest)
