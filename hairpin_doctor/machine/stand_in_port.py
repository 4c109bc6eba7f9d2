"""A client's place on a bridge for seconds: a nameless network namespace and a veth pair, one end a port of the bridge.

The namespace has no name below /run/netns and lives by one thread alone. So nothing of it can be left behind: when the
process ends, by kill -9 too, the kernel deletes the namespace, the end of the pair in it, and with it the other end, the
port (network_namespaces(7)). No other program takes it for one of its own either.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_interface
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any, TypeVar

from hairpin_doctor.fixes.changes import BridgeVlan
from hairpin_doctor.fixes.changes.bridges import STATES
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.netlink import link, netlink
from hairpin_doctor.machine.changing.vlans import set_vlan
from hairpin_doctor.machine.namespaces import CLONE_NEWNET
from probes.questions.links import Link, PortSettings

FORWARDING = "forwarding"
INSIDE = "eth0"
POLL_S = 0.05
SETTLED_WITHIN_S = (
    10.0  # duplicate address detection takes up to 2 s (RFC 4862: MAX_RTR_SOLICITATION_DELAY, RetransTimer)
)
TENTATIVE, FAILED, UNCHECKED = (
    0x40,
    0x08,
    0x02,
)  # linux/if_addr.h: IFA_F_TENTATIVE, IFA_F_DADFAILED, IFA_F_NODAD
SYSCTLS = Path("/proc/sys/net")
# What a client is set to, whatever this host is: a new namespace inherits IPv4 settings from the first one.
# Nor does it take what a router advertises: it has the addresses and the route that it is given, and asks for no others.
AS_A_CLIENT = {
    "ipv6/conf/default/disable_ipv6": "1",
    "ipv6/conf/default/accept_ra": "0",
    "ipv6/conf/default/addr_gen_mode": "0",
    "ipv4/ip_forward": "0",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/arp_ignore": "0",
    "ipv4/conf/default/arp_ignore": "0",
}
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Wiring:
    """What the pair is made of. `mac`: the client's; `like`: the port of which it gets flags, VLAN and state.

    `ipv6`: whether the client speaks IPv6 too; without it, it sends nothing of that family.
    """

    bridge: Link
    port: str
    mac: str
    like: Link | None = None
    ipv6: bool = False

    @property
    def forwards(self) -> bool:
        """Whether frames get through the port, once it is ready."""
        return self.like is None or (
            self.like.up and self.like.port is not None and self.like.port.state == FORWARDING
        )

    @property
    def port_mac(self) -> str:
        """Of the bridge's end: as libvirt does, above the MACs of other ports, since an unpinned bridge takes the lowest."""
        return f"fe:{self.mac[3:]}"


@dataclass
class StandInPort:
    """The change "a client stands on this bridge". Undone with the namespace and all that is in it."""

    wiring: Wiring
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1), repr=False)

    def do(self) -> None:
        """Make the namespace and the port, up. Raises CannotChange in one sentence; the bridge is then as it was."""
        descriptor = self.inside(_new_namespace)
        try:
            with netlink(f"adding a port to {self.wiring.bridge.name}") as route:
                if link(route, self.wiring.port) is not None:
                    raise CannotChange(
                        f"there is an interface {self.wiring.port} already: another scan stands in on this bridge; if "
                        f"none does, remove it: ip link del {self.wiring.port}"
                    )
                self._wire(route, descriptor)
        finally:
            os.close(descriptor)
        self.inside(self._begin)

    def undo(self) -> None:
        """Remove the port at once, then let the namespace go."""
        with netlink(f"removing {self.wiring.port}") as route:
            found = link(route, self.wiring.port)
            if found is not None and found.get("IFLA_ADDRESS") == self.wiring.port_mac:
                route.link("del", index=found["index"])
        self._thread.shutdown(wait=False, cancel_futures=True)

    def inside(self, work: Callable[[], Answer]) -> Answer:
        """Call `work` as the client would: its thread, and every thread that it starts, is in the namespace."""
        return self._thread.submit(work).result()

    def configure(self, address: str, gateway: str | None) -> bool:
        """Give the client its address (`A/PREFIX`) and default route.

        False where the kernel's duplicate address detection found an IPv6 address taken; the client has it no more then.
        Where nothing gets through the port, nobody could object, and nobody is asked.
        """
        return self.inside(lambda: _configure(address, gateway, checked=self.wiring.forwards))

    def has_a_link_local_address(self) -> bool:
        """Whether the client has one, and nobody else on the link does; it is made of the client's MAC."""
        return self.inside(lambda: _settled(lambda each: each.is_link_local))

    def await_forwarding(self, seconds: float) -> bool:
        """Wait until the port forwards, which with the spanning tree protocol (STP) takes twice its forward delay."""
        deadline = time.monotonic() + seconds
        with netlink(f"reading {self.wiring.port}") as route:
            while _state(link(route, self.wiring.port)) != STATES[FORWARDING]:
                if time.monotonic() > deadline:
                    return False
                time.sleep(POLL_S)
        return True

    def _begin(self) -> None:
        if self.wiring.ipv6:
            _set({f"ipv6/conf/{INSIDE}/disable_ipv6": "0"})
        _up(INSIDE)

    def _wire(self, route: Any, namespace: int) -> None:
        wiring = self.wiring
        mtu = wiring.bridge.mtu
        peer = {"ifname": INSIDE, "address": wiring.mac, "mtu": mtu, "net_ns_fd": namespace}
        route.link("add", ifname=wiring.port, kind="veth", address=wiring.port_mac, mtu=mtu, peer=peer)
        found = link(route, wiring.port)
        if found is None:
            raise CannotChange(
                f"{wiring.port} is gone as soon as it was made: does something manage interfaces here?"
            )
        _set({f"ipv6/conf/{wiring.port}/disable_ipv6": "1"})
        route.link("set", index=found["index"], master=wiring.bridge.index)
        like = wiring.like
        if like is not None and like.port is not None:
            _take_over(route, found["index"], wiring.port, like.port)
        if like is not None and not like.up:
            return
        route.link("set", index=found["index"], state="up")
        if not wiring.forwards and like is not None and like.port is not None:
            route.brport("set", index=found["index"], state=STATES[like.port.state])


def _take_over(route: Any, number: int, port: str, like: PortSettings) -> None:
    route.brport(
        "set",
        index=number,
        mode=int(like.hairpin_mode),
        learning=int(like.learning),
        isolated=int(like.isolated),
        unicast_flood=int(like.unicast_flood),
    )
    access = next((vlan.vid for vlan in like.vlans if vlan.pvid), None)
    if access is not None:
        set_vlan(BridgeVlan(device=port, vlan=access, membership="access", before="none"))


def _new_namespace() -> int:
    """Move this thread into a network namespace of its own; a file descriptor of it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno()).lower()
        raise CannotChange(f"a stand-in client needs a network namespace, and this kernel gives none: {why}")
    _set(AS_A_CLIENT)
    _up("lo")
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _set(settings: Mapping[str, str]) -> None:
    """Those that this kernel has: without IPv6, none of it."""
    for name, value in settings.items():
        place = SYSCTLS / name
        if place.exists():
            place.write_text(value)


def _up(name: str) -> None:
    with netlink(f"setting {name} up") as route:
        route.link("set", index=route.link_lookup(ifname=name)[0], state="up")


def _configure(address: str, gateway: str | None, *, checked: bool) -> bool:
    own = ip_interface(address)
    family = AF_INET if own.version == 4 else AF_INET6
    given = {"address": str(own.ip), "prefixlen": own.network.prefixlen, "family": family}
    unchecked = {"flags": UNCHECKED} if family == AF_INET6 and not checked else {}
    with netlink(f"giving the stand-in {address}") as route:
        number = route.link_lookup(ifname=INSIDE)[0]
        route.addr("add", index=number, **given, **unchecked)
        if family == AF_INET6 and checked and not _settled(own.ip.__eq__):
            route.addr("del", index=number, **given)
            return False
        if gateway is not None:
            route.route("add", dst="default", gateway=gateway, oif=number, family=family)
    return True


def _settled(wanted: Callable[[IPv6Address], bool]) -> bool:
    """Whether duplicate address detection lets the client have this IPv6 address."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    with netlink("reading the stand-in's addresses") as route:
        number = route.link_lookup(ifname=INSIDE)[0]
        while True:
            own = route.get_addr(family=AF_INET6, index=number)
            found = next((each for each in own if wanted(IPv6Address(each.get("IFA_ADDRESS")))), None)
            flags = found.get("IFA_FLAGS") if found is not None else TENTATIVE  # not there yet
            if flags & FAILED or time.monotonic() > deadline:
                return False
            if not flags & TENTATIVE:
                return True
            time.sleep(POLL_S)


def _state(found: Any | None) -> int | None:
    information = found.get_attr("IFLA_LINKINFO") if found is not None else None
    data = information.get_attr("IFLA_INFO_SLAVE_DATA") if information is not None else None
    state: int | None = data.get_attr("IFLA_BRPORT_STATE") if data is not None else None
    return state
