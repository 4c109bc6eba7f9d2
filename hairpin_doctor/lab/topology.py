"""Networks as values: machines, interfaces, cables. A fault is a function Topology -> Topology.

Nothing here runs a command: render.py turns a topology into text, build.py gives that text to the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from hairpin_doctor.lab.daemon import Daemon
from hairpin_doctor.lab.ip import Address, InterfaceAddress, Network


@dataclass(frozen=True, kw_only=True)
class Port:
    """Settings of an interface as the port of a bridge. None: the kernel's default.

    `disabled`: put into STP state disabled at the end. Without STP the kernel takes blocking back at once (measured).
    `vlan`: the access VLAN, on a bridge that filters by VLAN; None: the bridge's default, 1.
    """

    hairpin: bool | None = None
    learning: bool | None = None
    isolated: bool | None = None
    flood: bool | None = None
    mcast_flood: bool | None = None
    disabled: bool = False
    vlan: int | None = None


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What every kind of interface has.

    `conf` and `neigh` are keys of net.ipv4.conf.NAME and net.ipv4.neigh.NAME, e.g. {"rp_filter": 2}.
    """

    name: str
    mac: str | None = None
    addresses: tuple[InterfaceAddress, ...] = ()
    master: str | None = None
    port: Port = Port()
    mtu: int = 1500
    up: bool = True
    conf: Mapping[str, int] = field(default_factory=dict)
    neigh: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CableEnd(Interface):
    """One end of a cable (a veth). The `Cable` that names it says where the other end is."""


@dataclass(frozen=True, kw_only=True)
class Bridge(Interface):
    """A bridge. Its ports are the interfaces whose `master` it is. `settings`: ip-link(8) words.

    `vlans`: VLANs whose frames go up to the bridge tagged, where it filters by VLAN; 1 goes up untagged. `querier`: it asks
    for members of multicast groups, as `settings` say how.
    """

    settings: Mapping[str, int] = field(default_factory=lambda: {"stp_state": 0, "mcast_snooping": 0})
    vlans: tuple[int, ...] = ()
    querier: bool = False


@dataclass(frozen=True, kw_only=True)
class Dummy(Interface):
    """A dummy interface, as kube-proxy's kube-ipvs0 is one: it holds addresses and is never up."""

    up: bool = False


@dataclass(frozen=True, kw_only=True)
class Vlan(Interface):
    """A VLAN interface (802.1Q) on `parent`, with the tag `vlan`."""

    parent: str
    vlan: int


@dataclass(frozen=True, kw_only=True)
class Macvlan(Interface):
    """A macvlan on `parent`, which must not be the port of a bridge (the kernel says EBUSY).

    `lender`: the role of another machine whose interface the parent is, as a guest's macvtap has it.
    """

    parent: str
    mode: Literal["bridge", "vepa", "private"] = "bridge"
    lender: str | None = None


@dataclass(frozen=True, kw_only=True)
class Loopback(Interface):
    """The loopback interface; stated only to give it more addresses."""

    name: str = "lo"


@dataclass(frozen=True)
class Route:
    """A route. Without `via` it is on-link at `device`; `kind` as in ip-route(8); no `table` means the main one."""

    destination: Network
    via: Address | None = None
    device: str | None = None
    kind: Literal["unicast", "blackhole"] = "unicast"
    table: int | None = None
    metric: int | None = None


@dataclass(frozen=True)
class Neighbour:
    """A neighbour entry, written after the daemons are ready so that no gratuitous ARP replaces it.

    "proxy": the kernel answers for that IPv6 address itself, with the MAC of the device.
    """

    address: Address
    mac: str
    device: str
    state: Literal["permanent", "reachable", "stale", "proxy"] = "permanent"


@dataclass(frozen=True)
class FdbEntry:
    """A forwarding database entry; `flags` in the words of bridge(8), e.g. "self permanent"."""

    mac: str
    device: str
    flags: str


@dataclass(frozen=True)
class TrackedFlow:
    """A UDP flow to port 53 as connection tracking remembers it, translated to `end`; there before anything is sent."""

    source: Address
    source_port: int
    destination: Address
    end: Address


@dataclass(frozen=True)
class Ruleset:
    """Packet filter rules as text for `nft -f -`, `iptables-nft-restore`, `iptables-legacy-restore`, or `ipvsadm -R`."""

    tool: Literal["nft", "iptables", "ip6tables", "iptables-legacy", "ip6tables-legacy", "ipvs"]
    text: str


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One network namespace. `role` is what it does in the story, `name` the host name its processes see.

    `policies`: words after `ip rule add`; `traffic_control`: lines for tc(8).
    """

    role: str
    name: str
    interfaces: tuple[Interface, ...]
    sysctls: Mapping[str, int | str] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    policies: tuple[str, ...] = ()
    traffic_control: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    rulesets: tuple[Ruleset, ...] = ()
    flows: tuple[TrackedFlow, ...] = ()
    daemons: tuple[Daemon, ...] = ()

    def interface(self, name: str) -> Interface:
        """The interface of that name. Raises KeyError."""
        for interface in self.interfaces:
            if interface.name == name:
                return interface
        raise KeyError(f"{self.name} has no interface {name}")

    def with_interface(self, changed: Interface) -> Machine:
        """This machine with `changed` in place of the interface of the same name, or added last."""
        if all(old.name != changed.name for old in self.interfaces):
            return replace(self, interfaces=(*self.interfaces, changed))
        swapped = (changed if old.name == changed.name else old for old in self.interfaces)
        return replace(self, interfaces=tuple(swapped))

    def with_sysctls(self, changed: Mapping[str, int | str]) -> Machine:
        """This machine with these sysctls set besides its own."""
        return replace(self, sysctls={**self.sysctls, **changed})

    def with_daemon(self, changed: Daemon) -> Machine:
        """This machine with `changed` in place of the daemon of the same name, or added last."""
        return replace(
            self.without_daemon(changed.name), daemons=(*self.without_daemon(changed.name).daemons, changed)
        )

    def without_daemon(self, name: str) -> Machine:
        """This machine with no daemon of that name."""
        return replace(self, daemons=tuple(daemon for daemon in self.daemons if daemon.name != name))


@dataclass(frozen=True)
class End:
    """One end of a cable: the role of a machine and the name of its interface."""

    role: str
    interface: str


@dataclass(frozen=True)
class Cable:
    """A veth pair between two machines."""

    first: End
    second: End


@dataclass(frozen=True)
class Topology:
    """Machines and the cables between them."""

    machines: tuple[Machine, ...]
    cables: tuple[Cable, ...]

    def machine(self, key: str) -> Machine:
        """The machine whose role or name is `key`. Raises KeyError with the names there are."""
        for machine in self.machines:
            if key in (machine.role, machine.name):
                return machine
        raise KeyError(f"no machine {key}; there are {', '.join(m.name for m in self.machines)}")

    def change(self, key: str, how: Callable[[Machine], Machine]) -> Topology:
        """This topology with one machine replaced by `how(machine)`."""
        old = self.machine(key)
        return replace(self, machines=tuple(how(m) if m is old else m for m in self.machines))

    def add(self, machine: Machine, *cables: Cable) -> Topology:
        """This topology with one more machine and its cables."""
        return replace(self, machines=(*self.machines, machine), cables=(*self.cables, *cables))

    def unplug(self, end: End) -> Topology:
        """This topology without the cable at `end`; the interfaces stay and want another cable."""
        return replace(self, cables=tuple(c for c in self.cables if end not in (c.first, c.second)))


def change_interface(machine: Machine, name: str, how: Callable[[Interface], Interface]) -> Machine:
    """`machine` with the interface `name` replaced by `how(interface)`."""
    return machine.with_interface(how(machine.interface(name)))
