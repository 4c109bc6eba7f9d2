"""Topology -> text for ip, bridge and /proc/sys. Pure: no command runs here.

Every sysctl that decides a verdict is written for `all`, `default` and each interface: a new namespace takes
some of its values from the machine it is made on, and br_netfilter is 1 in it (measured on Linux 6.18).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from hairpin_doctor.lab.ip import InterfaceAddress
from hairpin_doctor.lab.topology import (
    Bridge,
    CableEnd,
    Dummy,
    Interface,
    Loopback,
    Machine,
    Macvlan,
    Topology,
    Vlan,
)

PINNED_MACHINE: Mapping[str, int | str] = {
    "net.bridge.bridge-nf-call-iptables": 0,
    "net.bridge.bridge-nf-call-ip6tables": 0,
    "net.bridge.bridge-nf-call-arptables": 0,
    "net.ipv4.ip_forward": 0,
    "net.ipv4.ping_group_range": "0 2147483647",
    "net.ipv6.conf.all.disable_ipv6": 1,
    "net.ipv6.conf.default.disable_ipv6": 1,
}
PINNED_INTERFACE: Mapping[str, int] = {
    "rp_filter": 0,
    "arp_ignore": 0,
    "arp_announce": 0,
    "arp_filter": 0,
    "arp_notify": 0,
    "arp_accept": 0,
    "proxy_arp": 0,
    "proxy_arp_pvlan": 0,
    "accept_local": 0,
    "accept_redirects": 0,
    "secure_redirects": 1,
    "send_redirects": 0,
}
PORT_WORDS = ("hairpin", "learning", "isolated", "flood", "mcast_flood")
"""The settings of a port that ip-link(8) calls by the same names."""
FIRST_INDEX = 10
"""Of the interface indices given to cables; below it is room for what the kernel numbers itself."""


def machine_sysctls(machine: Machine) -> list[tuple[str, str]]:
    """(path below /proc/sys, value) for the machine, `all` and `default`, in the order to write them.

    ip_forward comes first: writing it resets accept_redirects and others of every interface.
    """
    wanted = {**PINNED_MACHINE}
    for group in ("all", "default"):
        wanted.update({f"net.ipv4.conf.{group}.{key}": value for key, value in PINNED_INTERFACE.items()})
    wanted.update(machine.sysctls)
    wanted.update(_of_ipv6(machine, wanted))
    order = sorted(wanted.items(), key=lambda item: item[0] != "net.ipv4.ip_forward")
    return [(key.replace(".", "/"), str(value)) for key, value in order]


def _of_ipv6(machine: Machine, wanted: Mapping[str, int | str]) -> dict[str, int | str]:
    """What a machine with IPv6 addresses needs; it forwards, and filters bridged frames, as it does by IPv4."""
    if not any(own.version == 6 for nic in machine.interfaces for own in nic.addresses):
        return {}
    settings = {"disable_ipv6": 0, "accept_dad": 0, "accept_ra": 0, "accept_redirects": 0}
    found: dict[str, int | str] = {
        f"net.ipv6.conf.{group}.{key}": value
        for group in ("all", "default")
        for key, value in settings.items()
    }
    found["net.ipv6.conf.all.forwarding"] = wanted["net.ipv4.ip_forward"]
    found["net.bridge.bridge-nf-call-ip6tables"] = wanted["net.bridge.bridge-nf-call-iptables"]
    return {**found, **{key: value for key, value in machine.sysctls.items() if key.startswith("net.ipv6.")}}


def interface_sysctls(machine: Machine) -> list[tuple[str, str]]:
    """(path below /proc/sys, value) for each interface. `default.KEY` of the machine holds for all of them."""
    writes = []
    for interface in machine.interfaces:
        conf: dict[str, int | str] = {**PINNED_INTERFACE}
        for key in conf:
            conf[key] = machine.sysctls.get(f"net.ipv4.conf.default.{key}", conf[key])
        conf.update(interface.conf)
        for group, values in (("conf", conf), ("neigh", interface.neigh)):
            writes += [
                (f"net/ipv4/{group}/{interface.name}/{key}", str(value)) for key, value in values.items()
            ]
    return writes


def sysctl_script(writes: list[tuple[str, str]]) -> str:
    """A shell script that writes them. A key that is absent may be left out only if 0 was wanted."""
    lines = ["set -e", "cd /proc/sys"]
    for path, value in writes:
        absent_is_fine = path.startswith("net/bridge/") and value == "0"
        guard = f'[ ! -e "{path}" ] || ' if absent_is_fine else ""
        lines.append(f'{guard}echo "{value}" > "{path}"')
    return "\n".join(lines) + "\n"


def cable_lines(topology: Topology, machine: Machine, namespace: Callable[[str], str]) -> list[str]:
    """`ip` lines, to be run in `machine`, that lay the cables whose first end it is.

    The ends get different interface indices. Where they are equal by chance, each in its own namespace, the
    kernel takes the carrier event for one that can wait and reports it up to a second late (linkwatch).
    """
    lines = []
    for number, cable in enumerate(topology.cables):
        if cable.first.role != machine.role:
            continue
        index = FIRST_INDEX + 2 * number
        near = machine.interface(cable.first.interface)
        far = topology.machine(cable.second.role).interface(cable.second.interface)
        there = (
            f"name {far.name} index {index + 1}{_mac(far)} mtu {far.mtu} netns {namespace(cable.second.role)}"
        )
        here = f"name {near.name} index {index}{_mac(near)} mtu {near.mtu}"
        lines.append(f"link add {here} type veth peer {there}")
    return lines


def machine_lines(machine: Machine) -> list[str]:
    """`ip` lines, to be run in `machine` once its cables are laid: interfaces, addresses, routes."""
    lines = [*_creation(machine), "link set lo up"]
    for interface in machine.interfaces:
        lines += _enslaving(interface)
        lines += [f"addr add {own} dev {interface.name}{_at_once(own)}" for own in interface.addresses]
    lines += [f"link set {i.name} up" for i in machine.interfaces if i.up]
    return [*lines, *_routes(machine)]


def policy_lines(machine: Machine) -> dict[int, list[str]]:
    """`ip` lines for the policy rules, by version of IP: ip(8) takes a rule for one of IPv4 unless it is told the family."""
    lines: dict[int, list[str]] = {4: [], 6: []}
    for words in machine.policies:
        lines[6 if ":" in words else 4].append(f"rule add {words}")
    return lines


def _at_once(own: InterfaceAddress) -> str:
    """An IPv6 address is tentative for a moment, and cannot be bound, even where duplicates are not looked for."""
    return " nodad" if own.version == 6 else ""


def lending_lines(topology: Topology, machine: Machine, namespace: Callable[[str], str]) -> list[str]:
    """`ip` lines, to be run in `machine`, that make the macvlans on its interfaces which others use."""
    return [
        _macvlan(link, f" netns {namespace(other.role)}")
        for other in topology.machines
        for link in other.interfaces
        if isinstance(link, Macvlan) and link.lender == machine.role
    ]


def neighbour_lines(machine: Machine) -> list[str]:
    """`ip` lines for the neighbour entries."""
    known = "neigh replace {0.address} lladdr {0.mac} dev {0.device} nud {0.state}"
    proxy = "neigh add proxy {0.address} dev {0.device}"
    return [(proxy if each.state == "proxy" else known).format(each) for each in machine.neighbours]


def fdb_lines(machine: Machine) -> list[str]:
    """`bridge` lines for the forwarding database entries."""
    return [f"fdb replace {entry.mac} dev {entry.device} {entry.flags}" for entry in machine.fdb]


def disabling_lines(machine: Machine) -> list[str]:
    """`bridge` lines that put ports into STP state disabled (0, linux/if_bridge.h), once they run."""
    return [f"link set dev {nic.name} state 0" for nic in machine.interfaces if nic.port.disabled]


def vlan_lines(machine: Machine) -> list[str]:
    """`bridge` lines for the VLANs of bridges that filter by VLAN; a port leaves the default one for its own."""
    lines = []
    for nic in machine.interfaces:
        if isinstance(nic, Bridge):
            lines += [f"vlan add dev {nic.name} vid {number} self" for number in nic.vlans]
        if nic.port.vlan is not None:
            lines.append(f"vlan add dev {nic.name} vid {nic.port.vlan} pvid untagged")
            lines.append(f"vlan del dev {nic.name} vid 1")
    return lines


def flow_lines(machine: Machine) -> list[str]:
    """`conntrack` lines for the flows it remembers: long enough for a daemon to go on with them."""
    return [
        f"-I -p udp -s {flow.source} --sport {flow.source_port} -d {flow.destination} --dport 53 --dst-nat {flow.end} -t 60"
        for flow in machine.flows
    ]


def _mac(interface: Interface) -> str:
    return f" address {interface.mac}" if interface.mac else ""


def _macvlan(link: Macvlan, where: str = "") -> str:
    at = f"link add link {link.parent} name {link.name}{_mac(link)} mtu {link.mtu}{where}"
    return f"{at} type macvlan mode {link.mode}"


def _creation(machine: Machine) -> Iterator[str]:
    for interface in machine.interfaces:
        match interface:
            case Bridge(settings=settings, querier=querier):
                words = " ".join(f"{key} {value}" for key, value in settings.items())
                yield f"link add name {interface.name}{_mac(interface)} type bridge {words}"
                yield f"link set {interface.name} mtu {interface.mtu}"
                if (
                    querier
                ):  # by itself: the kernel takes it before the intervals, and waits by those it finds
                    yield f"link set {interface.name} type bridge mcast_querier 1"
            case Dummy():
                yield f"link add {interface.name} type dummy"
                yield f"link set {interface.name} arp off"
            case Vlan(parent=parent, vlan=number):
                yield f"link add link {parent} name {interface.name} type vlan id {number}"
            case Macvlan(lender=None):
                yield _macvlan(interface)
            case Macvlan() | CableEnd() | Loopback():
                continue
            case _:
                raise TypeError(f"no way to make {interface}")


def _enslaving(interface: Interface) -> Iterator[str]:
    if interface.master is None:
        return
    yield f"link set {interface.name} master {interface.master}"
    settings = vars(interface.port).items()
    wanted = {key: value for key, value in settings if key in PORT_WORDS and value is not None}
    if wanted:
        words = " ".join(f"{key} {'on' if value else 'off'}" for key, value in wanted.items())
        yield f"link set {interface.name} type bridge_slave {words}"


def _routes(machine: Machine) -> Iterator[str]:
    for route in machine.routes:
        via = f" via {route.via}" if route.via else ""
        device = f" dev {route.device}" if route.device else ""
        table = f" table {route.table}" if route.table else ""
        metric = f" metric {route.metric}" if route.metric else ""
        yield f"route add {route.kind} {route.destination}{via}{device}{table}{metric}"
