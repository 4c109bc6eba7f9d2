"""Answers about IPv6 multicast: /proc/net/igmp6, and bridges' multicast databases by rtnetlink.

pyroute2 knows neither RTM_GETMDB nor IFLA_BR_MCAST_QUERIER_STATE (Linux 5.16), so that the messages are read here.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv6Address

from probes.linux.netlink_dump import HEADER, dump
from probes.linux.procfs import NET
from probes.questions.multicast import (
    BridgeMulticast,
    GroupMember,
    JoinedGroup,
    JoinedGroups,
    MulticastForwarding,
)

RTM_GETLINK, RTM_GETMDB, AF_BRIDGE = 18, 86, 7
LINK_MESSAGE, PORT_MESSAGE = struct.Struct("=BxHiII"), struct.Struct("=BxxxI")  # ifinfomsg, br_port_msg
TYPE_MASK = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER
# linux/if_link.h
LINKINFO, INFO_KIND, INFO_DATA = 18, 1, 2
MCAST_SNOOPING, MCAST_QUERIER, MCAST_QUERIER_STATE = 23, 25, 47
# linux/if_bridge.h
QUERIER_IPV6_ADDRESS, QUERIER_IPV6_OTHER_TIMER = 5, 7
MDB, ROUTER, NESTED = 1, 2, 1
ENTRY = struct.Struct("=IBBH16s")  # struct br_mdb_entry up to the protocol
ETH_P_IPV6, PROTOCOL_AT = 0x86DD, 24
ROUTER_TYPE, ROUTER_INET6_TIMER, PERMANENT = 2, 4, 2


def joined_groups(_: JoinedGroups) -> tuple[JoinedGroup, ...]:
    """Columns: index, device, group, users, flags, timer; the file is missing where there is no IPv6."""
    table = NET / "igmp6"
    rows = [line.split() for line in table.read_text().splitlines()] if table.exists() else []
    return tuple(JoinedGroup(int(row[0]), IPv6Address(bytes.fromhex(row[2]))) for row in rows)


def multicast_forwarding(_: MulticastForwarding) -> tuple[BridgeMulticast, ...]:
    """Every bridge with its multicast database."""
    databases = {
        index: body
        for message in _dump(RTM_GETMDB, PORT_MESSAGE.pack(AF_BRIDGE, 0))
        for index, body in [(PORT_MESSAGE.unpack_from(message)[1], message[PORT_MESSAGE.size :])]
    }
    found = []
    for message in _dump(RTM_GETLINK, LINK_MESSAGE.pack(0, 0, 0, 0, 0)):
        index = LINK_MESSAGE.unpack_from(message)[2]
        settings = _bridge_settings(message[LINK_MESSAGE.size :])
        if settings is not None:
            found.append(_bridge(index, settings, databases.get(index, b"")))
    return tuple(found)


def _bridge(index: int, settings: dict[int, bytes], database: bytes) -> BridgeMulticast:
    parts = dict(_attributes(database))
    routers = tuple(_routers(parts.get(ROUTER, b"")))
    return BridgeMulticast(
        bridge=index,
        snooping=any(settings.get(MCAST_SNOOPING, b"")),
        querier=_querier(settings, routers),
        members=tuple(_members(parts.get(MDB, b""))),
        routers=routers,
    )


def _bridge_settings(attributes: bytes) -> dict[int, bytes] | None:
    """IFLA_INFO_DATA of a bridge; None for another kind of link."""
    information = dict(_attributes(dict(_attributes(attributes)).get(LINKINFO, b"")))
    if information.get(INFO_KIND, b"").rstrip(b"\0") != b"bridge":
        return None
    return dict(_attributes(information.get(INFO_DATA, b"")))


def _querier(settings: dict[int, bytes], routers: tuple[int, ...]) -> bool | None:
    """The kernel tells of queriers only while there are some, and before Linux 5.16 never.

    Then its own switch and ports where queries came in decide as far as they can. A querier that has no IPv6 address to ask
    from sends no query, and its address reads ::.
    """
    state = settings.get(MCAST_QUERIER_STATE)
    if state is None:
        return None if routers or any(settings.get(MCAST_QUERIER, b"")) else False
    told = dict(_attributes(state))
    return QUERIER_IPV6_OTHER_TIMER in told or any(told.get(QUERIER_IPV6_ADDRESS, b""))


def _members(database: bytes) -> Iterator[GroupMember]:
    for _, entry in _attributes(database):
        for _, data in _attributes(entry):
            port, _, _, _, group = ENTRY.unpack_from(data)
            if int.from_bytes(data[PROTOCOL_AT : PROTOCOL_AT + 2]) == ETH_P_IPV6:
                yield GroupMember(port, IPv6Address(group))


def _routers(ports: bytes) -> Iterator[int]:
    """Ports that get all IPv6 multicast: set so, or a query came in there of late."""
    for kind, data in _attributes(ports):
        told = dict(_attributes(data[4:]))
        if kind == NESTED and (
            told.get(ROUTER_TYPE) == bytes([PERMANENT]) or any(told.get(ROUTER_INET6_TIMER, b""))
        ):
            yield int(struct.unpack_from("=I", data)[0])


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each struct nlattr."""
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            return
        yield kind & TYPE_MASK, data[4:length]
        data = data[(length + 3) & ~3 :]


def _dump(kind: int, body: bytes) -> Iterator[bytes]:
    for message in dump(socket.NETLINK_ROUTE, kind, body):
        yield message[HEADER.size :]
