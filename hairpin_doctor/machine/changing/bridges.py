"""Flags of bridge ports, switches of a bridge, permanent entries of the forwarding database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hairpin_doctor.fixes.changes import (
    BridgeNetfilter,
    BridgeNetfilterIpv6,
    BridgePortFlag,
    BridgeSnooping,
    FdbEntry,
)
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found
from hairpin_doctor.machine.changing.netlink import AF_BRIDGE, index, link, netlink
from hairpin_doctor.machine.changing.tools import run_tool

NUD_NOARP, NUD_PERMANENT = 0x40, 0x80  # linux/neighbour.h
NTF_SELF, NTF_MASTER = 0x02, 0x04
SAME_NAMES = ("learning", "isolated", "mcast_flood", "state")
ATTRIBUTES = {"hairpin": "mode", **{name: name for name in SAME_NAMES}}


def find_port_flag(change: BridgePortFlag) -> Found:
    """The flag's value."""
    with netlink(f"looking at {change.port}") as route:
        found = link(route, change.port)
    value = found.get(("linkinfo", "slave_data", ATTRIBUTES[change.flag])) if found is not None else None
    if found is None or value is None or found.get(("linkinfo", "slave_kind")) != "bridge":
        raise CannotChange(f"{change.port} is no bridge port")
    if value == change.value:
        return SO
    return Found(False, (replace(change, value=value, before=change.value),))


def set_port_flag(change: BridgePortFlag) -> None:
    """Set it. The state is left to bridge(8): pyroute2 takes `state` for up and down."""
    if change.flag == "state":
        run_tool(["bridge", "link", "set", "dev", change.port, "state", str(change.value)])
        return
    with netlink(f"setting {change.flag} of {change.port}") as route:
        wanted = {ATTRIBUTES[change.flag]: change.value}
        route.brport("set", index=index(route, change.port), **wanted)


def find_switch(change: BridgeNetfilter | BridgeNetfilterIpv6 | BridgeSnooping) -> Found:
    """The bridge's switch."""
    with netlink(f"looking at {change.bridge}") as route:
        found = link(route, change.bridge)
    if found is None or found.get(("linkinfo", "kind")) != "bridge":
        raise CannotChange(f"{change.bridge} is no bridge")
    enabled = bool(found.get(("linkinfo", "data", f"br_{change.setting}")))
    if enabled == change.enabled:
        return SO
    return Found(False, (replace(change, enabled=enabled, before=change.enabled),))


def set_switch(change: BridgeNetfilter | BridgeNetfilterIpv6 | BridgeSnooping) -> None:
    """Set it."""
    with netlink(f"setting {change.setting} of {change.bridge}") as route:
        wanted = {f"br_{change.setting}": int(change.enabled)}
        route.link("set", index=index(route, change.bridge), kind="bridge", **wanted)


def find_fdb(change: FdbEntry) -> Found:
    """Whether there is a permanent entry; what is merely learned does not count and comes back by itself."""
    with netlink(f"looking for {change.mac} at {change.device}") as route:
        there = any(_is_it(entry, change, index(route, change.device)) for entry in route.fdb("dump"))
    return SO if there == change.present else Found(False, (replace(change, present=there),))


def _is_it(entry: Any, change: FdbEntry, device: int) -> bool:
    """A forwarding entry has a master; what a device merely receives has none (docs/design/own-mac-interface.md)."""
    return bool(
        entry.get("NDA_LLADDR") == change.mac
        and entry["ifindex"] == device
        and entry.get("NDA_MASTER") is not None
        and entry["state"] & (NUD_NOARP | NUD_PERMANENT)
    )


def set_fdb(change: FdbEntry) -> None:
    """Add or delete it."""
    flags = NTF_SELF if change.scope == "self" else NTF_MASTER
    what = f"{'adding' if change.present else 'deleting'} the entry {change.mac} of {change.device}"
    with netlink(what) as route:
        route.neigh(
            "set" if change.present else "del",
            family=AF_BRIDGE,
            ifindex=index(route, change.device),
            lladdr=change.mac,
            state=NUD_PERMANENT if change.scope == "self" else NUD_NOARP,
            flags=flags,
        )
