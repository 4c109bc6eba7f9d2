"""A program that fills this namespace's table of connections, to the limit. Run as a script; standard library only.

It puts entries in by ctnetlink (linux/netfilter/nfnetlink_conntrack.h) that are ASSURED, so that the kernel evicts none of
them for a new flow, and whenever one of another program ends it takes that place too. After `conntrack -F` it has ended.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from pathlib import Path

READY = "no room"
AT_MOST = 1_000_000  # entries, of 320 bytes each
NETLINK_NETFILTER = 12
NEW = 1 << 8  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW
REQUEST, ACK, CREATE = 0x001, 0x004, 0x400
NESTED = 0x8000
SEEN_REPLY, ASSURED, CONFIRMED = 1 << 1, 1 << 2, 1 << 3
SECONDS = 600
BATCH = 200
SETTINGS = Path("/proc/sys/net/netfilter")


def attribute(kind: int, value: bytes) -> bytes:
    """A netlink attribute, padded."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def direction(kind: int, source: bytes, destination: bytes, from_port: bytes, to_port: bytes) -> bytes:
    """CTA_TUPLE_ORIG or CTA_TUPLE_REPLY of a UDP flow."""
    address = attribute(1 | NESTED, attribute(1, source) + attribute(2, destination))
    protocol = attribute(1, b"\x11") + attribute(2, from_port) + attribute(3, to_port)
    return attribute(kind | NESTED, address + attribute(2 | NESTED, protocol))


def message(source: bytes, port: bytes, flags: int) -> bytes:
    """One flow from `source` and `port` to 198.19.0.1:9 (RFC 2544)."""
    here, discard = socket.inet_aton("198.19.0.1"), struct.pack("!H", 9)
    body = struct.pack("=BBH", socket.AF_INET, 0, 0)
    body += direction(1, source, here, port, discard) + direction(2, here, source, discard, port)
    body += attribute(3, struct.pack("!I", SEEN_REPLY | ASSURED | CONFIRMED))
    body += attribute(7, struct.pack("!I", SECONDS))
    return struct.pack("=IHHII", 16 + len(body), NEW, REQUEST | CREATE | flags, 0, 0) + body


def end(number: int) -> tuple[bytes, bytes]:
    """An address of 198.18.0.0/16 and a port, different ones for each number."""
    return struct.pack("!I", 0xC6120000 + number // 60_000), struct.pack("!H", 1024 + number % 60_000)


def many(numbers: range) -> bytes:
    """Messages for all of them; only the ends differ, and making each by itself takes ten times as long."""
    first = message(b"\xff\xff\xff\xff", b"\xee\xee", 0)
    parts = re.split(rb"\xff{4}|\xee{2}", first)
    made = []
    for source, port in map(end, numbers):
        made += [parts[0], source, parts[1], port, parts[2], source, parts[3], port, parts[4]]
    return b"".join(made)


def fill(limit: int) -> None:
    """Until the kernel refuses, and from then on whenever there is room; ends where somebody has emptied the table."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        kernel.bind((0, 0))
        for start in range(0, limit, BATCH):
            kernel.send(many(range(start, start + BATCH)))
    print(READY, flush=True)  # noqa: T201 - the builder waits for this line
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        number = limit + BATCH
        while int((SETTINGS / "nf_conntrack_count").read_text()) > limit // 2:
            kernel.send(message(*end(number), ACK))
            refused = struct.unpack_from("=i", kernel.recv(4096), 16)[0]
            number += not refused
            if refused:
                time.sleep(0.02)


if __name__ == "__main__":
    most = int((SETTINGS / "nf_conntrack_max").read_text())
    if not 0 < most <= AT_MOST:
        raise SystemExit(f"a limit of {most} connections is not one to fill in a test")
    fill(most)
