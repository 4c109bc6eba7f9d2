"""Two VMs on one bridge, of which one fails, or both do: the verdict speaks of those who suffer, and of nobody else.

                           ┌─ vnet1 ── VM
laptop ── switch ── eno1 ─┤ bridge0 (answers for .53)
   n6: owns .53 in some     └─ vnet1-2 ── second VM
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab import swallowing
from hairpin_doctor.lab.cases.beyond import drops
from hairpin_doctor.lab.cases.bridged import behind_same_port
from hairpin_doctor.lab.cases.case import Case, Expected, dns_is, dns_targets
from hairpin_doctor.lab.cases.ports import announced_by_other_node, on_port
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.faults import Fault, compose, interface, neighbour
from hairpin_doctor.lab.homelab import SWITCH_BRIDGE, Variant, homelab, port, station
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Cable, CableEnd, End, Machine, Port, Topology

SECOND = "second_vm"


def second_tap(names: Names) -> str:
    """The host's end of the second VM's cable."""
    return f"{names.tap[:13]}-2"


def _second_vm(names: Names) -> Machine:
    taken = {getattr(names, each) for each in vars(names) if each.endswith(("_ip", "_vip"))}
    address = names.on_lan(next(each for each in names.lan.hosts() if each not in taken))
    nic = CableEnd(name=names.vm_nic, addresses=(address,))
    return station(SECOND, f"{names.vm}-b", nic, names.router_ip)


def two_vms(names: Names, variant: Variant) -> Topology:
    """The homelab with a second VM on a port of its own."""
    plug = CableEnd(name=second_tap(names), master=names.bridge)
    cable = Cable(End("host", plug.name), End(SECOND, names.vm_nic))
    return (
        homelab(names, variant)
        .change("host", lambda host: host.with_interface(plug))
        .add(_second_vm(names), cable)
    )


def _beside_the_first(names: Names) -> Fault:
    """The second VM moves to the virtual switch of the first one, behind the very same port of the host."""
    plug = CableEnd(name=port(SECOND), master=SWITCH_BRIDGE)
    cable = Cable(End("inner_switch", plug.name), End(SECOND, names.vm_nic))

    def fault(topology: Topology) -> Topology:
        unplugged = topology.unplug(End("host", second_tap(names))).change(
            "host",
            lambda host: replace(
                host, interfaces=tuple(nic for nic in host.interfaces if nic.name != second_tap(names))
            ),
        )
        inner = unplugged.change("inner_switch", lambda switch: switch.with_interface(plug))
        return replace(inner, cables=(*inner.cables, cable))

    return fault


def _misled(role: str) -> Callable[[Names], Fault]:
    return lambda names: neighbour(role, names.vm_nic, names.dns_vip, names.stranger_mac, "permanent")


def _second_port(setting: Port) -> Callable[[Names], Fault]:
    return lambda names: interface("host", second_tap(names), lambda nic: replace(nic, port=setting))


def _isolated(names: Names) -> Fault:
    """The first VM's port and the uplink, behind which another node serves the VIP, are isolated."""
    alone = Port(isolated=True)
    both = (on_port(side, alone)(names) for side in (lambda n: n.tap, lambda n: n.uplink))
    return compose(announced_by_other_node(names), *both)


def _each(vm: tuple[str, ...], second: tuple[str, ...]) -> Callable[[Names], tuple[Check, ...]]:
    """What DNS at the VIP is from either VM."""
    return lambda names: (
        *dns_is("vm", names.dns_vip, *vm),
        *dns_is(SECOND, names.dns_vip, *second),
    )


def _taken(names: Names) -> tuple[Check, ...]:
    heard = (Check(role, Arp(names.dns_vip), (names.bridge_mac,)) for role in ("vm", SECOND))
    return (*_each(_SILENT, _SILENT)(names), *heard)


_SERVED, _SILENT, _UNREACHABLE = ("served",), ("silent",), ("unreachable",)
_ONE_REMEMBERS = Case(
    name="two-vms-one-remembers-wrongly",
    title="Two VMs on one bridge; one of them holds a wrong entry for the VIP.",
    codes=("HD205",),
    network=two_vms,
    fault=_misled("vm"),
    symptom=_each(_SILENT, _SERVED),
    call_iptables=0,
    targets=dns_targets,
    others=(SECOND,),
    suffers=("vm",),
)

CASES = (
    _ONE_REMEMBERS,
    replace(
        _ONE_REMEMBERS,
        name="two-vms-other-port-disabled",
        title="Two VMs on one bridge; the port of the second one is held in STP state disabled.",
        codes=("HD307",),
        fault=_second_port(Port(disabled=True)),
        symptom=_each(_SERVED, _UNREACHABLE),
        call_iptables=None,
        suffers=(SECOND,),
    ),
    replace(
        _ONE_REMEMBERS,
        name="two-vms-one-port-isolated",
        title="Another node serves the VIP; of two VMs, one is isolated from the uplink.",
        codes=("HD307",),
        fault=_isolated,
        symptom=_each(_UNREACHABLE, _SERVED),
        call_iptables=None,
    ),
    replace(
        _ONE_REMEMBERS,
        name="two-vms-hairpin-off-on-one-port",
        title="The backend is behind the first VM's port, where hairpin is off; a second VM is behind another port.",
        codes=("HD304",),
        fault=behind_same_port,
        symptom=_each(_SILENT, _SERVED),
        call_iptables=1,
    ),
    replace(
        _ONE_REMEMBERS,
        name="two-vms-behind-the-backends-port",
        title="Two VMs and the backend of the VIP are behind one port, where hairpin is off.",
        codes=("HD304",),
        fault=lambda names: compose(behind_same_port(names), _beside_the_first(names)),
        symptom=_each(_SILENT, _SILENT),
        call_iptables=1,
        suffers=("vm", SECOND),
    ),
    replace(
        _ONE_REMEMBERS,
        name="two-vms-one-is-cut-off-by-tc",
        title="A tc filter drops what one VM sends; another one is served by the same MAC of the bridge.",
        codes=(),
        fault=swallowing.tap_tc,
        symptom=_each(_SILENT, _SERVED),
        call_iptables=None,
        suffers=(),
    ),
    replace(
        _ONE_REMEMBERS,
        name="two-vms-bridge-takes-nothing",
        title="A bridge-family rule drops what the host should take in for the VIP, from either VM.",
        codes=(),
        fault=swallowing.bridge_input,
        symptom=_taken,
        suffers=("vm", SECOND),
    ),
    replace(
        _ONE_REMEMBERS,
        name="two-vms-two-faults",
        title="One VM holds a wrong entry for the VIP, the other one drops the answers itself.",
        codes=("HD205", "HD405"),
        fault=lambda names: compose(
            _misled("vm")(names), drops(SECOND, "input", f"ip saddr {names.dns_vip}")
        ),
        symptom=_each(_SILENT, _SILENT),
        suffers=("vm", SECOND),
        afterwards=(Expected("diagnosed", ("HD405",), ("HD001", "HD002")),),
    ),
)
