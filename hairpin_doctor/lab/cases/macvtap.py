"""A guest on a macvtap of the very NIC on which the host announces: parent and child never talk.

laptop ─┐
router ─┴─ switch ── eno1 .246 (host "n5": announces .53 and .50 here) ── macvlan of the VM .10
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, Ping
from hairpin_doctor.lab.faults import Fault
from hairpin_doctor.lab.ip import anywhere
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topologies.plain_nic import plain_nic
from hairpin_doctor.lab.topology import Machine, Macvlan, Route


def _guest_on_the_nic(names: Names) -> Fault:
    nic = Macvlan(
        name=names.vm_nic,
        mac=names.vm_mac,
        parent=names.uplink,
        lender="host",
        addresses=(names.on_lan(names.vm_ip),),
    )
    guest = Machine(
        role="vm",
        name=names.vm,
        interfaces=(nic,),
        routes=(Route(anywhere(names.router_ip), names.router_ip),),
    )
    return lambda topology: replace(topology, machines=(*topology.machines, guest))


def _host_does_not_exist(names: Names) -> tuple[Check, ...]:
    return (
        Check("vm", Arp(names.dns_vip), ("nobody",)),
        Check("vm", Arp(names.host_ip), ("nobody",)),
        *dns_is("vm", names.dns_vip, "unreachable"),
        Check("vm", Ping(names.laptop_ip), ("reply",)),
        *all_served(names, "laptop"),
    )


CASES = (
    Case(
        name="macvtap-cannot-reach-parent",
        title="The VM is a macvtap child of the NIC on which the host announces; all others are served.",
        codes=("HD110",),
        network=plain_nic,
        fault=_guest_on_the_nic,
        symptom=_host_does_not_exist,
        targets=dns_targets,
    ),
)
