"""Answers about routing: the kernel's decision (RTM_GETROUTE), policy rules, connected prefixes."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Iterator
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from probes.host import Absent
from probes.questions.routing import (
    ConnectedPrefix,
    ConnectedPrefixes,
    HoldingRoute,
    Route,
    RoutesThatHold,
    RouteTo,
    RoutingRule,
    RoutingRules,
)
from probes.target import Address

# linux/rtnetlink.h: RTN_*
TYPES = {1: "unicast", 2: "local", 3: "broadcast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
REFUSED = {errno.ENETUNREACH: "unreachable", errno.EHOSTUNREACH: "unreachable", errno.EACCES: "prohibit"}
MAIN_TABLE, LOCAL_TABLE, RT_SCOPE_LINK = 254, 255, 253
AF_INET, AF_INET6 = 2, 10
RTM_F_LOOKUP_TABLE = 0x1000  # without it the kernel names the main table whatever decided (net/ipv4/route.c)
EVERY_SYSTEM_HAS = {0, 32766, 32767}


def route_to(question: RouteTo) -> Route:
    """Ask the kernel for its route; raises Absent where it has none."""
    wanted: dict[str, Any] = {"dst": str(question.destination), "flags": RTM_F_LOOKUP_TABLE}
    if question.source is not None:
        wanted["src"] = str(question.source)
    with IPRoute() as netlink:
        if question.incoming is not None:
            wanted["iif"] = _index(netlink, question.incoming)
        try:
            message = next(iter(netlink.route("get", **wanted)))
        except NetlinkError as error:
            if error.code == errno.EINVAL and question.incoming is not None:
                raise Absent(
                    f"the kernel takes no packet for {question.destination} by {question.incoming}"
                ) from None
            if error.code in REFUSED:
                raise Absent(f"no route to {question.destination} ({REFUSED[error.code]})") from None
            raise Absent(f"no route to {question.destination}: {error}") from None
        return _route(netlink, message)


def _index(netlink: Any, name: str) -> int:
    found = list(netlink.link_lookup(ifname=name))
    if not found:
        raise Absent(f"no interface {name}")
    return int(found[0])


def _route(netlink: Any, message: Any) -> Route:
    device = message.get("RTA_OIF")
    name = netlink.get_links(device)[0].get("IFLA_IFNAME") if device else None
    return Route(
        type=TYPES.get(message["type"], str(message["type"])),
        interface=name,
        gateway=_address(message.get("RTA_GATEWAY") or (message.get("RTA_VIA") or {}).get("addr")),
        source=_address(message.get("RTA_PREFSRC")),
        table=message.get("RTA_TABLE") or message["table"],
    )


def _address(text: str | None) -> Address | None:
    return ipaddress.ip_address(text) if text else None


def routes_that_hold(question: RoutesThatHold) -> tuple[HoldingRoute, ...]:
    """Every route besides those of the local table, longest prefix first."""
    version, everywhere = (AF_INET, "0.0.0.0") if question.destination.version == 4 else (AF_INET6, "::")
    found: list[HoldingRoute] = []
    with IPRoute() as netlink:
        names = {link["index"]: link.get("IFLA_IFNAME") for link in netlink.get_links()}
        for message in netlink.get_routes(family=version):
            prefix = ipaddress.ip_network(f"{message.get('RTA_DST') or everywhere}/{message['dst_len']}")
            table = message.get("RTA_TABLE") or message["table"]
            if table == LOCAL_TABLE or question.destination not in prefix:
                continue
            gateway = _address(message.get("RTA_GATEWAY"))
            kind = TYPES.get(message["type"], str(message["type"]))
            found.append(HoldingRoute(prefix, kind, names.get(message.get("RTA_OIF")), gateway, table))
    return tuple(sorted(found, key=lambda each: (-each.prefix.prefixlen, each.table)))


def routing_rules(_: RoutingRules) -> tuple[RoutingRule, ...]:
    """IPv4 and IPv6 policy rules besides the three defaults (ip-rule(8))."""
    found: list[RoutingRule] = []
    with IPRoute() as netlink:
        for family in (2, 10):
            for message in netlink.get_rules(family=family):
                priority = message.get("FRA_PRIORITY") or 0
                if priority in EVERY_SYSTEM_HAS:
                    continue
                found.append(RoutingRule(priority, ", ".join(_rule_words(message))))
    return tuple(found)


def _rule_words(message: Any) -> Iterator[str]:
    """Its selectors, and its table or, of a rule that leads to none, what it does instead."""
    action = RULE_ACTIONS.get(message["action"])
    if message["family"] == AF_INET6:
        yield "IPv6"
    if message["flags"] & INVERTED:
        yield "not"
    if action:
        yield action
    for key, value in message["attrs"]:
        if key in SHOWN and not (key == "FRA_TABLE" and action):
            name = key[4:].lower()
            length = f"/{message[f'{name}_len']}" if name in ("src", "dst") else ""
            yield f"{name} {value}{length}"


INVERTED = 2  # FIB_RULE_INVERT: it holds for whatever its selectors do not
RULE_ACTIONS = {6: "blackhole", 7: "unreachable", 8: "prohibit"}
"""Of fib_rule_hdr.action (include/uapi/linux/fib_rules.h), those that end the packet's way."""
SHOWN = {"FRA_SRC", "FRA_DST", "FRA_IIFNAME", "FRA_OIFNAME", "FRA_FWMARK", "FRA_TABLE", "FRA_L3MDEV"}


def connected_prefixes(_: ConnectedPrefixes) -> tuple[ConnectedPrefix, ...]:
    """Prefixes of the main table with scope link and no gateway, besides host routes."""
    found: list[ConnectedPrefix] = []
    with IPRoute() as netlink:
        names = {link["index"]: link.get("IFLA_IFNAME") for link in netlink.get_links()}
        for message in netlink.get_routes(table=MAIN_TABLE):
            device, destination = message.get("RTA_OIF"), message.get("RTA_DST")
            if not (device and destination) or message.get("RTA_GATEWAY") or message["type"] != 1:
                continue
            prefix = ipaddress.ip_network(f"{destination}/{message['dst_len']}", strict=False)
            found.append(ConnectedPrefix(prefix, names.get(device, str(device))))
    return tuple(found)
