"""Interfaces: made, removed, set up or down, given a MAC."""

from __future__ import annotations

import socket
from typing import Any

from hairpin_doctor.fixes.changes import (
    LinkMac,
    LinkMtu,
    LinkState,
    MacvlanLink,
    RemovedLink,
    VethPort,
    VlanLink,
)
from hairpin_doctor.machine.changing.addresses import lost_when_down
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found, NoInterface
from hairpin_doctor.machine.changing.netlink import index, link, netlink
from hairpin_doctor.machine.changing.routes import permanent_neighbours, routes_by, set_neighbour

IFF_UP = 0x1  # linux/if.h
KINDS = {MacvlanLink: "macvlan", VethPort: "veth", VlanLink: "vlan"}
Made = MacvlanLink | VethPort | VlanLink


def interfaces_here() -> dict[str, int]:
    """The index of every interface of this thread's network namespace, by name."""
    return {name: number for number, name in socket.if_nameindex()}


def find_made(change: Made) -> Found:
    """Whether that very interface is there; another one of that name is in the way."""
    kind: Any = KINDS[type(change)]
    with netlink(f"looking for {change.name}") as route:
        found = link(route, change.name)
        if found is None:
            return Found(False, (RemovedLink(change.name, kind),))
        if found.get(("linkinfo", "kind")) == kind and _is_it(route, change, found):
            return SO
    raise CannotChange(f"there already is an interface {change.name}, and it is another one")


def _is_it(route: Any, change: Made, found: Any) -> bool:
    data = ("linkinfo", "data")
    if isinstance(change, VlanLink):
        return bool(
            found.get((*data, "vlan_id")) == change.vid
            and found.get("IFLA_LINK") == index(route, change.base)
        )
    if found.get("IFLA_ADDRESS") != change.mac or found.get("IFLA_MTU") != change.mtu:
        return False
    if isinstance(change, MacvlanLink):
        return bool(
            found.get("IFLA_LINK") == index(route, change.base)
            and found.get((*data, "macvlan_mode")) == "bridge"
        )
    port = link(route, change.port)
    return port is not None and port.get("IFLA_MASTER") == index(route, change.bridge)


def make(change: Made) -> None:
    """Create it, down."""
    with netlink(f"making {change.name}") as route:
        if isinstance(change, VlanLink):
            below = index(route, change.base)
            route.link("add", ifname=change.name, kind="vlan", link=below, vlan_id=change.vid)
        elif isinstance(change, MacvlanLink):
            route.link(
                "add",
                ifname=change.name,
                kind="macvlan",
                link=index(route, change.base),
                address=change.mac,
                macvlan_mode="bridge",
                mtu=change.mtu,
            )
        else:
            _make_port(route, change)


def _make_port(route: Any, change: VethPort) -> None:
    bridge = index(route, change.bridge)
    peer = {"ifname": change.port, "mtu": change.mtu}
    route.link("add", ifname=change.name, kind="veth", address=change.mac, mtu=change.mtu, peer=peer)
    route.link("set", index=index(route, change.port), master=bridge, state="up")


def find_removed(change: RemovedLink) -> Found:
    """Gone already, or another kind of interface that is not ours."""
    with netlink(f"looking for {change.name}") as route:
        found = link(route, change.name)
    return Found(found is None or found.get(("linkinfo", "kind")) != change.link_kind)


def remove(change: RemovedLink) -> None:
    """Delete it."""
    with netlink(f"removing {change.name}") as route:
        route.link("del", index=index(route, change.name))


def find_state(change: LinkState) -> Found:
    """Up or down as wanted, or the other; what is lost when it goes down is put back after it."""
    with netlink(f"looking at {change.name}") as route:
        found = link(route, change.name)
        if found is None:
            raise NoInterface(f"there is no interface {change.name}")
        up = bool(found["flags"] & IFF_UP)
        if up == change.up:
            return SO
        addresses = lost_when_down(route, change.name)
        others = (*routes_by(route, found["index"]), *permanent_neighbours(route, change.name)) if up else ()
    return Found(False, (LinkState(change.name, up), *addresses, *others))


def set_state(change: LinkState) -> None:
    """Set it up or down."""
    with netlink(f"setting {change.name} {'up' if change.up else 'down'}") as route:
        route.link("set", index=index(route, change.name), state="up" if change.up else "down")


def find_mtu(change: LinkMtu) -> Found:
    """The MTU that it has."""
    with netlink(f"looking at {change.name}") as route:
        found = link(route, change.name)
    if found is None:
        raise NoInterface(f"there is no interface {change.name}")
    mtu = found.get("IFLA_MTU")
    return SO if mtu == change.mtu else Found(False, (LinkMtu(change.name, mtu, change.mtu),))


def set_mtu(change: LinkMtu) -> None:
    """Set it; a driver that cannot carry that much says so."""
    with netlink(f"giving {change.name} the MTU {change.mtu}") as route:
        route.link("set", index=index(route, change.name), mtu=change.mtu)


def find_mac(change: LinkMac) -> Found:
    """The MAC that it has. A bridge is set even to its own: only then does it keep it when ports come and go."""
    with netlink(f"looking at {change.name}") as route:
        found = link(route, change.name)
        if found is None:
            raise NoInterface(f"there is no interface {change.name}")
        kept = permanent_neighbours(route, change.name)
    mac = found.get("IFLA_ADDRESS")
    if mac == change.mac:
        return SO if found.get(("linkinfo", "kind")) != "bridge" else Found(False, kept)
    return Found(False, (LinkMac(change.name, mac), *kept))


def set_mac(change: LinkMac) -> None:
    """Set it, with the interface as it is; a driver that wants it down says so.

    The kernel then forgets every neighbour, permanent ones too (neigh_changeaddr, net/core/neighbour.c): these are put back.
    """
    with netlink(f"giving {change.name} the MAC {change.mac}") as route:
        kept = permanent_neighbours(route, change.name)
        route.link("set", index=index(route, change.name), address=change.mac)
    for neighbour in kept:
        set_neighbour(neighbour)
