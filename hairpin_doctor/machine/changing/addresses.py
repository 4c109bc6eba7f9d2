"""Addresses of interfaces. What the kernel takes away together with one is put back with it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

from hairpin_doctor.fixes.changes import Change, InterfaceAddress
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found
from hairpin_doctor.machine.changing.netlink import index, netlink
from hairpin_doctor.machine.changing.routes import AF_INET6, routes_that_go_with

SECONDARY, PERMANENT = 0x01, 0x80  # IFA_F_*, linux/if_addr.h
WANTED = {
    4: 0x200,
    6: 0x202,
}  # IFA_F_NOPREFIXROUTE, IFA_F_NODAD: what is asked for rather than found, by version of IP
LINK_SCOPE = 253  # RT_SCOPE_LINK, linux/rtnetlink.h


def find_address(change: InterfaceAddress) -> Found:
    """Whether it stands there, and with what it is put back."""
    with netlink(f"looking for {change.address}") as route:
        number = index(route, change.device)
        standing = [each for each in route.get_addr() if each["index"] == number]
        found = next((each for each in standing if _text(each) == change.address), None)
        if change.present:
            return SO if found is not None else Found(False, (replace(change, present=False),))
        if found is None:
            return SO
        _refuse_to_take_others_along(change, found, standing)
        address = str(ip_interface(change.address).ip)
        back: tuple[Change, ...] = (
            _as_it_stands(change, found),
            *routes_that_go_with(route, number, address),
        )
    return Found(False, back)


def _text(message: Any) -> str:
    return f"{message.get('IFA_LOCAL') or message.get('IFA_ADDRESS')}/{message['prefixlen']}"


def _refuse_to_take_others_along(change: InterfaceAddress, found: Any, standing: list[Any]) -> None:
    """IPv4: the first address of a subnet takes its secondaries along (ip-sysctl.rst, promote_secondaries)."""
    if ip_interface(change.address).version == 6:
        return
    flags = found.get("IFA_FLAGS") or found["flags"]
    subnet = ip_interface(change.address).network
    others = [each for each in standing if each is not found and ip_interface(_text(each)).network == subnet]
    if others and not flags & SECONDARY:
        raise CannotChange(
            f"{change.address} is the first address of its subnet on {change.device}; removing it would take "
            f"{', '.join(map(_text, others))} along: do it by hand"
        )


def _as_it_stands(change: InterfaceAddress, found: Any) -> InterfaceAddress:
    flags = found.get("IFA_FLAGS") or 0
    return replace(
        change,
        present=True,
        broadcast=found.get("IFA_BROADCAST"),
        scope=found["scope"],
        flags=flags & WANTED[ip_interface(change.address).version],
        label=found.get("IFA_LABEL"),
    )


def lost_when_down(route: Any, device: str) -> tuple[InterfaceAddress, ...]:
    """IPv6 addresses, which an interface forgets when it is set down (addrconf_ifdown, net/ipv6/addrconf.c).

    Without those that come and go by themselves: link-local ones, and those with a lifetime.
    """
    number = index(route, device)
    standing = (each for each in route.get_addr(family=AF_INET6) if each["index"] == number)
    return tuple(
        _as_it_stands(InterfaceAddress(_text(each), device), each)
        for each in standing
        if each["scope"] != LINK_SCOPE and (each.get("IFA_FLAGS") or 0) & PERMANENT
    )


def set_address(change: InterfaceAddress) -> None:
    """Add or delete it."""
    own = ip_interface(change.address)
    words: dict[str, Any] = {"address": str(own.ip), "prefixlen": own.network.prefixlen}
    if change.present:
        optional = {"broadcast": change.broadcast, "label": change.label, "flags": change.flags}
        words |= {key: value for key, value in optional.items() if value} | {"scope": change.scope}
    with netlink(f"{'adding' if change.present else 'deleting'} {change.address}") as route:
        route.addr("add" if change.present else "del", index=index(route, change.device), **words)
