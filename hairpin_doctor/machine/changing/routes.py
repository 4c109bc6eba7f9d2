"""Routes, policy rules and neighbour entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from hairpin_doctor.fixes.changes import ForgottenNeighbour, NeighbourEntry, PolicyRule, RouteEntry
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found
from hairpin_doctor.machine.changing.netlink import index, netlink

AF_INET, AF_INET6 = 2, 10
UNICAST, KERNEL, LOCAL_TABLE = 1, 2, 255  # RTN_UNICAST, RTPROT_KERNEL, RT_TABLE_LOCAL (linux/rtnetlink.h)
ADVERTISED = 9  # RTPROT_RA
TYPES = {"unicast": UNICAST, "blackhole": 6, "unreachable": 7, "prohibit": 8}  # RTN_*
ON_LINK = 4  # RTNH_F_ONLINK
NUD = {"stale": 0x04, "permanent": 0x80}  # linux/neighbour.h
NUD_NOARP = 0x40
MAIN = 254
UNIVERSE, LINK, ANY_SCOPE = 0, 253, 255  # RT_SCOPE_*


def family_of(text: str) -> int:
    """AF_INET or AF_INET6 of an address or prefix."""
    return AF_INET6 if ":" in text else AF_INET


def find_route(change: RouteEntry) -> Found:
    """Whether that route stands. Another one to the same destination is in the way of a new one."""
    with netlink(f"looking for the route to {change.destination}") as route:
        names = _names(route)
        standing = [each for each in _routes(route, change, names) if each.destination == change.destination]
    same = next((each for each in standing if _leads_as(each, change)), None)
    if not change.present:
        return Found(False, (same,)) if same is not None else SO
    if same is not None:
        return SO
    rival = next((each for each in standing if (each.metric or 0) == (change.metric or 0)), None)
    if rival is not None:
        way = " ".join(filter(None, (rival.gateway, rival.device)))
        raise CannotChange(f"there already is a route to {change.destination}, by {way}")
    return Found(False, (replace(change, present=False),))


def _leads_as(found: RouteEntry, wanted: RouteEntry) -> bool:
    return (wanted.device is None or found.device == wanted.device) and found.gateway == wanted.gateway


def _names(route: Any) -> dict[int, str]:
    return {each["index"]: each.get("IFLA_IFNAME") for each in route.get_links()}


def _routes(route: Any, change: RouteEntry, names: dict[int, str]) -> Iterator[RouteEntry]:
    for message in route.get_routes(family=family_of(change.destination)):
        table = message.get("RTA_TABLE") or message["table"]
        if table == change.table and message["type"] == TYPES[change.of_type]:
            yield replace(_entry(message, names), of_type=change.of_type)


def _entry(message: Any, names: dict[int, str]) -> RouteEntry:
    everywhere = "0.0.0.0" if message["family"] == AF_INET else "::"
    return RouteEntry(
        destination=f"{message.get('RTA_DST') or everywhere}/{message['dst_len']}",
        device=names.get(message.get("RTA_OIF")),
        gateway=message.get("RTA_GATEWAY"),
        table=message.get("RTA_TABLE") or message["table"],
        protocol=message["proto"],
        metric=message.get("RTA_PRIORITY"),
        source=message.get("RTA_PREFSRC"),
        scope=message["scope"],
        on_link=bool(message["flags"] & ON_LINK),
    )


def routes_that_go_with(route: Any, number: int, address: str) -> tuple[RouteEntry, ...]:
    """The routes that the kernel may take away with an address: by that interface, or from that source."""
    family, names = family_of(address), _names(route)
    found = tuple(
        _entry(message, names)
        for message in _set_by_somebody(route, family)
        if message.get("RTA_OIF") == number or message.get("RTA_PREFSRC") == address
    )
    if family == AF_INET:
        return found
    return tuple(each for entry in found for each in _without_and_with_its_source(entry))


def routes_by(route: Any, number: int) -> tuple[RouteEntry, ...]:
    """The routes by this interface, of both versions of IP, which the kernel forgets when it is set down."""
    names = _names(route)
    return tuple(
        _entry(message, names)
        for family in (AF_INET, AF_INET6)
        for message in _set_by_somebody(route, family)
        if message.get("RTA_OIF") == number
    )


def _set_by_somebody(route: Any, family: int) -> Iterator[Any]:
    for message in route.get_routes(family=family):
        table = message.get("RTA_TABLE") or message["table"]
        if (
            message["type"] == UNICAST
            and message["proto"] not in (KERNEL, ADVERTISED)
            and table != LOCAL_TABLE
        ):
            yield message


def _without_and_with_its_source(entry: RouteEntry) -> tuple[RouteEntry, ...]:
    """An IPv6 route stays when its source goes, and forgets it (fib6_remove_prefsrc, net/ipv6/route.c)."""
    if entry.source is None:
        return (entry,)
    return (replace(entry, source=None, present=False), entry)


def set_route(change: RouteEntry) -> None:
    """Add or delete it."""
    words: dict[str, Any] = {"dst": change.destination, "table": change.table, "proto": change.protocol}
    with netlink(f"{'adding' if change.present else 'deleting'} the route to {change.destination}") as route:
        if change.device is not None:
            words["oif"] = index(route, change.device)
        optional = {"gateway": change.gateway, "priority": change.metric, "prefsrc": change.source}
        words |= {key: value for key, value in optional.items() if value is not None}
        if change.present and change.on_link:
            words["flags"] = ON_LINK
        if change.of_type != "unicast":
            words["type"] = change.of_type
        nearer = UNIVERSE if change.gateway or change.of_type != "unicast" else LINK
        words["scope"] = (
            change.scope if change.scope is not None else (nearer if change.present else ANY_SCOPE)
        )
        route.route("add" if change.present else "del", **words)


def find_rule(change: PolicyRule) -> Found:
    """Whether that rule stands."""
    wanted = ip_network(change.destination)
    with netlink("looking at the policy rules") as route:
        there = any(
            each.get("FRA_DST") == str(wanted.network_address)
            and each["dst_len"] == wanted.prefixlen
            and (each.get("FRA_PRIORITY") or 0) == change.priority
            and (each.get("FRA_TABLE") or each["table"]) == MAIN
            for each in route.get_rules(family=family_of(change.destination))
        )
    return SO if there == change.present else Found(False, (replace(change, present=there),))


def set_rule(change: PolicyRule) -> None:
    """Add or delete it."""
    wanted = ip_network(change.destination)
    with netlink(f"{'adding' if change.present else 'deleting'} the rule {change.priority}") as route:
        route.rule(
            "add" if change.present else "del",
            family=family_of(change.destination),
            dst=str(wanted.network_address),
            dst_len=wanted.prefixlen,
            table=MAIN,
            priority=change.priority,
        )


def find_neighbour(change: NeighbourEntry) -> Found:
    """Whether the wrong entry is there, or (to put it back) any other than it."""
    with netlink(f"looking for {change.address}") as route:
        number = index(route, change.device)
        entry = _neighbour(route, number, change.address)
    mac, permanent = (
        (entry.get("NDA_LLADDR"), bool(entry["state"] & NUD["permanent"])) if entry else (None, False)
    )
    there = mac == change.mac
    if there == change.present and (not change.present or permanent == (change.state == "permanent")):
        return SO
    if not there:
        return Found(False, (replace(change, present=False),))
    return Found(False, (replace(change, present=True, state="permanent" if permanent else "stale"),))


def _neighbour(route: Any, number: int, address: str) -> Any | None:
    found = (each for each in route.get_neighbours(family=family_of(address), ifindex=number))
    return next((each for each in found if each.get("NDA_DST") == address), None)


def set_neighbour(change: NeighbourEntry) -> None:
    """Delete it, or put it in place of whatever there is."""
    what = f"{'putting back' if change.present else 'deleting'} the neighbour entry of {change.address}"
    with netlink(what) as route:
        words: dict[str, Any] = {"dst": change.address, "ifindex": index(route, change.device)}
        words["family"] = family_of(change.address)
        if change.present:
            words |= {"lladdr": change.mac, "state": NUD[change.state]}
        route.neigh("replace" if change.present else "del", **words)


def permanent_neighbours(route: Any, device: str) -> tuple[NeighbourEntry, ...]:
    """The permanent entries of an interface, to be put back."""
    number = index(route, device)
    return tuple(
        NeighbourEntry(each.get("NDA_DST"), device, each.get("NDA_LLADDR"), "permanent", present=True)
        for family in (AF_INET, AF_INET6)
        for each in route.get_neighbours(family=family, ifindex=number)
        if each["state"] & NUD["permanent"] and each.get("NDA_LLADDR")
    )


def find_learned(change: ForgottenNeighbour) -> Found:
    """Whether anything is remembered of the address that was not set by somebody."""
    with netlink(f"looking for {change.address}") as route:
        return Found(not list(_learned(route, change.address)))


def _learned(route: Any, address: str) -> Iterator[Any]:
    wanted = str(ip_address(address))
    for each in route.get_neighbours(family=family_of(address)):
        if each.get("NDA_DST") == wanted and not each["state"] & (NUD["permanent"] | NUD_NOARP):
            yield each


def forget(change: ForgottenNeighbour) -> None:
    """Delete what was learned."""
    with netlink(f"forgetting {change.address}") as route:
        for each in list(_learned(route, change.address)):
            family = family_of(change.address)
            route.neigh("del", dst=change.address, ifindex=each["ifindex"], family=family)
