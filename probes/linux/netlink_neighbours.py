"""Answers from the kernel's neighbour cache, and letting the kernel resolve an address without any right."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import closing

from pyroute2 import IPRoute

from probes.questions.machine import Moment
from probes.questions.neighbours import KernelResolution, Neighbour, Neighbours
from probes.target import Address

# linux/neighbour.h
STATES = {
    0x00: "NONE",
    0x01: "INCOMPLETE",
    0x02: "REACHABLE",
    0x04: "STALE",
    0x08: "DELAY",
    0x10: "PROBE",
    0x20: "FAILED",
    0x40: "NOARP",
    0x80: "PERMANENT",
}
NTF_ROUTER = 0x80
DISCARD_PORT = 9  # RFC 863
POLL_SECONDS = 0.02
RESOLVED = {"REACHABLE", "PERMANENT", "NOARP", "DELAY", "STALE", "PROBE"}


def neighbours(_: Neighbours) -> tuple[Neighbour, ...]:
    """Entries of both families, without those that need no resolution (loopback, multicast)."""
    with IPRoute() as netlink:
        return tuple(
            Neighbour(
                interface=message["ifindex"],
                address=ipaddress.ip_address(message.get("NDA_DST")),
                mac=message.get("NDA_LLADDR"),
                state=STATES.get(message["state"], str(message["state"])),
                router=bool(message["flags"] & NTF_ROUTER),
            )
            for message in netlink.get_neighbours()
            if message.get("NDA_DST") and message["state"] != 0x40
        )


def kernel_resolution(question: KernelResolution) -> tuple[Neighbour, ...]:
    """Send a datagram to the discard port of each, then read the cache until all are resolved or the time is up."""
    for address in question.addresses:
        _provoke(address)
    deadline = time.monotonic() + question.timeout_ms / 1000
    while True:
        found = tuple(_entries(question.addresses))
        done = {entry.address for entry in found if entry.state in RESOLVED or entry.state == "FAILED"}
        if done >= set(question.addresses) or time.monotonic() > deadline:
            return found
        time.sleep(POLL_SECONDS)


def _provoke(address: Address) -> None:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with closing(socket.socket(family, socket.SOCK_DGRAM)) as sender:
        sender.setblocking(False)
        sender.connect_ex((str(address), DISCARD_PORT))
        try:
            sender.send(b"")
        except OSError:
            return  # no route, or unreachable already: the cache tells


def _entries(addresses: tuple[Address, ...]) -> Iterator[Neighbour]:
    for entry in neighbours(Neighbours(Moment.AFTER)):
        if entry.address in addresses:
            yield entry
