"""Tracked connections by ctnetlink (pyroute2): typed, with the status bits, which `conntrack -L` does not print as JSON."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.nfctsocket import NFCTAttrTuple, NFCTSocket, nfct_msg

from probes.host import Absent
from probes.linux.netlink_dump import dump
from probes.questions.firewall import FlowDirection, TrackedConnection, TrackedConnections
from probes.target import Address, Protocol

IPS_SEEN_REPLY = 1 << 1  # linux/netfilter/nf_conntrack_common.h
PROTOCOLS = {6: Protocol.TCP, 17: Protocol.UDP}
# linux/netfilter/nf_conntrack_tcp.h
TCP_STATES = (
    "NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2".split()  # noqa: SIM905
)
AT_MOST = 1000
NETLINK_NETFILTER, GET_CONNECTIONS = (
    12,
    1 << 8 | 1,
)  # linux/netlink.h; NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
NFGENMSG = struct.Struct("=BBH")  # struct nfgenmsg: family, version, resource


def tracked_connections(question: TrackedConnections) -> tuple[TrackedConnection, ...]:
    """TCP and UDP entries whose original destination is one of the addresses, the first 1000."""
    found: list[TrackedConnection] = []
    try:
        for each in dict.fromkeys(question.destinations):
            for message in _dumped(each):
                entry = _entry(message, each)
                if entry is not None and len(found) < AT_MOST:
                    found.append(entry)
    except NetlinkError as error:
        if error.code in (1, 13):
            raise PermissionError(str(error)) from None
        raise Absent(f"connection tracking: {error}") from None
    except OSError as error:
        if isinstance(error, PermissionError):
            raise
        raise Absent(f"connection tracking: {error.strerror}") from None
    return tuple(found)


def _dumped(destination: Address) -> Iterator[Any]:
    """Entries to that address, chosen by the kernel, for a full table has 262144; one before 5.8 gives them all.

    Of IPv6 the kernel gives those that are *not* to that address (ctnetlink_filter_match_tuple takes ipv6_addr_cmp for
    equality; seen on 6.18): there we choose, and decode only what holds the address somewhere.
    """
    if destination.version == 6:
        for message in dump(NETLINK_NETFILTER, GET_CONNECTIONS, NFGENMSG.pack(socket.AF_INET6, 0, 0)):
            if destination.packed in message:
                entry = nfct_msg(message)
                entry.decode()
                yield entry
        return
    with NFCTSocket(nfgen_family=socket.AF_INET) as netlink:
        yield from netlink.dump(tuple_orig=NFCTAttrTuple(family=socket.AF_INET, daddr=str(destination)))


def _entry(message: Any, wanted: Address) -> TrackedConnection | None:
    original = message.get("CTA_TUPLE_ORIG")
    address = original.get("CTA_TUPLE_IP") if original else None
    destination = address and (address.get("CTA_IP_V4_DST") or address.get("CTA_IP_V6_DST"))
    protocol = original.get("CTA_TUPLE_PROTO").get("CTA_PROTO_NUM") if original else None
    if not destination or ipaddress.ip_address(destination) != wanted or protocol not in PROTOCOLS:
        return None
    information = message.get("CTA_PROTOINFO")
    tcp = information.get("CTA_PROTOINFO_TCP") if information else None
    state = tcp.get("CTA_PROTOINFO_TCP_STATE") if tcp else None
    return TrackedConnection(
        protocol=PROTOCOLS[protocol],
        original=_direction(original),
        reply=_direction(message.get("CTA_TUPLE_REPLY")),
        seen_reply=bool((message.get("CTA_STATUS") or 0) & IPS_SEEN_REPLY),
        tcp_state=TCP_STATES[state] if state is not None and state < len(TCP_STATES) else None,
    )


def _direction(side: Any) -> FlowDirection:
    address, protocol = side.get("CTA_TUPLE_IP"), side.get("CTA_TUPLE_PROTO")
    return FlowDirection(
        source=ipaddress.ip_address(address.get("CTA_IP_V4_SRC") or address.get("CTA_IP_V6_SRC")),
        destination=ipaddress.ip_address(address.get("CTA_IP_V4_DST") or address.get("CTA_IP_V6_DST")),
        source_port=protocol.get("CTA_PROTO_SRC_PORT"),
        destination_port=protocol.get("CTA_PROTO_DST_PORT"),
    )
