"""A bridge port on the VM's way does not pass its frames.

laptop ── switch ── eno1 ─┤ bridge0 (answers for .53 and .50) ├─ vnet1 ── VM
              └ n6: owns .53 in the case of isolated ports       ↑ isolated, disabled, deaf or down
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is, dns_targets
from hairpin_doctor.lab.cases.datapath import forgotten
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.faults import Fault, compose, interface, other_node_owns_dns, services
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Port


def _vm_is_cut_off(names: Names) -> tuple[Check, ...]:
    asked = Check("vm", Arp(names.dns_vip), ("nobody",))
    return (*dns_is("vm", names.dns_vip, "unreachable"), asked, *all_served(names, "laptop"))


def announced_by_other_node(names: Names) -> Fault:
    """Another node announces and serves the DNS VIP by way of the uplink; the host has no rule for it."""
    return compose(other_node_owns_dns(names), services(names, forgotten(names)))


def on_port(side: Callable[[Names], str], setting: Port) -> Callable[[Names], Fault]:
    """This setting at a port of the host's bridge."""
    return lambda names: interface("host", side(names), lambda nic: replace(nic, port=setting))


def _tap(names: Names) -> str:
    return names.tap


def _isolated(names: Names) -> Fault:
    alone = Port(isolated=True)
    both = (on_port(side, alone)(names) for side in (_tap, lambda names: names.uplink))
    return compose(announced_by_other_node(names), *both)


def _isolated_symptom(names: Names) -> tuple[Check, ...]:
    asked = Check("vm", Arp(names.dns_vip), ("nobody",))
    served = dns_is("laptop", names.dns_vip, "served")
    return (*dns_is("vm", names.dns_vip, "unreachable"), asked, *served)


def _down(names: Names) -> Fault:
    return interface("host", names.tap, lambda nic: replace(nic, up=False))


_PORT = Case(
    name="port-isolated",
    title="VM and the node that announces the VIP are behind two isolated ports of one bridge.",
    codes=("HD307",),
    fault=_isolated,
    symptom=_isolated_symptom,
    targets=dns_targets,
)

CASES = (
    _PORT,
    replace(
        _PORT,
        name="port-disabled",
        title="The bridge holds the VM's port in STP state disabled.",
        fault=on_port(_tap, Port(disabled=True)),
        symptom=_vm_is_cut_off,
        targets=all_targets,
    ),
    replace(
        _PORT,
        name="port-learns-and-floods-nothing",
        title="The VM's port neither learns nor floods: the answers to the VM find no way out.",
        fault=on_port(_tap, Port(learning=False, flood=False)),
        symptom=_vm_is_cut_off,
        targets=all_targets,
    ),
    replace(
        _PORT,
        name="port-down",
        title="The host's end of the VM's cable is down.",
        fault=_down,
        symptom=_vm_is_cut_off,
        targets=all_targets,
    ),
)
