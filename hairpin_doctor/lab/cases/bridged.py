"""The host's service rules act on frames that it merely bridges, because br_netfilter shows them to iptables.

VM ──┐                       ┌─ switch ── n6: owns and serves .53
     ├─ vnet1 ─┤ bridge0 ├─ eno1
nested ┘          │
                  └ n5 has rules for .53 too, and call-iptables 1: its DNAT catches the bridged frames

Or n5 owns .53 itself, and a bridge between VM and bridge0, such as Proxmox makes for its firewall, catches them first:

VM ── vnet1 ─┤ fwbr100i0 ├─ fwln100i0 ══ fwpr100p0 ─┤ bridge0 ├─ eno1

Or the backend is `nested`, and a file of n5 says that call-iptables is 0, which k3s has set back since n5 booted.
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, Expected, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, Ping
from hairpin_doctor.lab.faults import Fault, compose, dns_endpoint, other_node_owns_dns
from hairpin_doctor.lab.homelab import SWITCH_BRIDGE, port, station
from hairpin_doctor.lab.init import init
from hairpin_doctor.lab.ip import IPTABLES
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import dns_server
from hairpin_doctor.lab.topology import (
    Bridge,
    Cable,
    CableEnd,
    End,
    Machine,
    Port,
    Topology,
    change_interface,
)


def _unreturnable(names: Names) -> Fault:
    """The rules send to a pod of another cluster node that is long gone."""
    return compose(other_node_owns_dns(names), dns_endpoint(names, names.pods[7 * 256 + 9]))


def behind_same_port(names: Names) -> Fault:
    """The rules send to a backend beside the VM, behind the very port its frames come in by."""
    nested = dns_endpoint(names, names.nested_ip)
    return compose(other_node_owns_dns(names), _neighbour_behind_tap(names), nested)


def _neighbour_behind_tap(names: Names) -> Fault:
    """VM and a second one share the tap, by a virtual switch of their own (nested virtualisation).

    That switch does not learn from its uplink, as hypervisors' switches do not: with learning, a frame that
    comes back by the tap with the VM's MAC as source would move that MAC, and hairpin mode could cure nothing.
    """
    uplink = CableEnd(name=port("host"), master=SWITCH_BRIDGE, port=Port(learning=False))
    ports = (uplink, *(CableEnd(name=port(role), master=SWITCH_BRIDGE) for role in ("vm", "nested")))
    inner = Machine(
        role="inner_switch", name=f"{names.vm}-br", interfaces=(Bridge(name=SWITCH_BRIDGE), *ports)
    )
    nic = CableEnd(name=names.vm_nic, addresses=(names.on_lan(names.nested_ip),))
    server = dns_server(names.nested_ip, {names.dns_record: names.vm_ip})
    nested = station("nested", f"{names.vm}-2", nic, names.router_ip).with_daemon(server)
    cables = tuple(
        Cable(End("inner_switch", port(role)), End(role, nic_name))
        for role, nic_name in (("host", names.tap), ("vm", names.vm_nic), ("nested", names.vm_nic))
    )

    def fault(topology: Topology) -> Topology:
        return topology.unplug(End("host", names.tap)).add(inner).add(nested, *cables)

    return fault


def _firewall_bridge(names: Names) -> Fault:
    """The VM's tap is behind a bridge of its own, joined to the host's by a veth."""
    inner, outer = End("host", "fwln100i0"), End("host", "fwpr100p0")
    quiet = {"arp_ignore": 1}
    parts = (
        Bridge(name="fwbr100i0", conf=quiet),
        CableEnd(name=inner.interface, master="fwbr100i0"),
        CableEnd(name=outer.interface, master=names.bridge),
    )

    def insert(host: Machine) -> Machine:
        moved = change_interface(host, names.tap, lambda tap: replace(tap, master="fwbr100i0"))
        return replace(moved, interfaces=(*moved.interfaces, *parts))

    return lambda t: replace(t.change("host", insert), cables=(*t.cables, Cable(inner, outer)))


def _switch(names: Names) -> str:
    """Each version of IP has a switch of its own."""
    return IPTABLES[names.lan.version]


def _set_back(names: Names) -> Fault:
    """n5 boots with the switch off, as its file says, and k3s turns it on when it starts."""
    switch = _switch(names)
    files = {
        "sysctl.d/99-bridge-lab.conf": f"net.bridge.bridge-nf-call-{switch} = 0",
        "modules-load.d/99-bridge-lab.conf": "br_netfilter",
        "systemd/system/k3s.service": "[Service]\nExecStart=/usr/local/bin/k3s server",
    }
    k3s = f"echo 1 > /proc/sys/net/bridge/bridge-nf-call-{switch}"
    booted: Fault = lambda t: t.change("host", lambda m: m.with_daemon(init(files, k3s)))  # noqa: E731
    return compose(behind_same_port(names), booted)


def _switch_off(names: Names) -> tuple[str, str]:
    """After k3s has started, as the file says; pods reach Services by the switch of their own bridge."""
    switch = _switch(names)
    pods = f"ip link set {names.pod_bridge} type bridge nf_call_{switch} 1"
    return "host", f"{pods}\nsysctl -qw net.bridge.bridge-nf-call-{switch}=0"


def _only_the_vm_is_unanswered(names: Names) -> tuple[Check, ...]:
    """In nftables mode nothing drops what is INVALID: the answer comes from another port, and is refused."""
    return (
        *dns_is("vm", names.dns_vip, "silent", "refused"),
        Check("vm", Arp(names.dns_vip), (names.bridge_mac,)),
        *dns_is("laptop", names.dns_vip, "served"),
    )


def _only_ping(names: Names) -> tuple[Check, ...]:
    return (
        Check("vm", Ping(names.dns_vip), ("reply",)),
        *dns_is("vm", names.dns_vip, "silent"),
        Check("vm", Arp(names.dns_vip), (names.other_node_mac,)),
        *dns_is("laptop", names.dns_vip, "served"),
    )


def _only_ping_though_backend_serves(names: Names) -> tuple[Check, ...]:
    return (*_only_ping(names), *dns_is("vm", names.nested_ip, "served"))


_STOLEN = Case(
    name="bridged-frames-hit-host-nat",
    title="Another node owns the VIP; this host's rules catch the VM's frames for it and send them nowhere.",
    codes=("HD303",),
    fault=_unreturnable,
    symptom=_only_ping,
    call_iptables=1,
    targets=dns_targets,
)

CASES = (
    replace(
        _STOLEN,
        name="hairpin-off-on-port",
        title="The frame is DNATed to a backend behind the port it came in by, and that port has hairpin off.",
        codes=("HD304",),
        fault=behind_same_port,
        symptom=_only_ping_though_backend_serves,
    ),
    _STOLEN,
    replace(
        _STOLEN,
        name="br-netfilter-reset",
        title="The port has hairpin off, and a file says that bridged frames are not shown: k3s has set that back.",
        codes=("HD304", "HD308"),
        fault=_set_back,
        symptom=_only_ping_though_backend_serves,
        afterwards=(Expected("healthy", ("HD308",)),),
        by_hand=_switch_off,
    ),
    replace(
        _STOLEN,
        name="firewall-bridge-hits-host-nat",
        title="The VM is behind a firewall bridge, which translates first and then meets the answers again.",
        fault=_firewall_bridge,
        symptom=_only_the_vm_is_unanswered,
    ),
)
