"""A process that announces VIPs over ARP or NDP as MetalLB's speaker does. Run as a script; standard library only.

One AF_PACKET socket bound to ETH_P_ARP for each interface. It answers a request for a VIP with that interface's
MAC, ignores frames addressed to neither broadcast nor that MAC, and sends gratuitous ARP (a request and a reply)
when it starts. Interfaces that have a master, are down, or speak no ARP are passed over, as the speaker does
(metallb internal/layer2/announcer.go and arp.go). For IPv6 VIPs it opens a raw ICMPv6 socket on the interface's link-local
address, where that has a usable one, joins each VIP's solicited-node group there and answers what it then hears (ndp.go);
an answer leaves by that interface, and is lost where the interface has no route to who asked.
Configuration, one JSON object as the first argument:

    vips            addresses to answer for
    interfaces      names to answer on; [] means every one it listens on
    habit           "bound": sockets only on `interfaces`; "speaker": on every suitable interface, as MetalLB
    listen_enslaved take interfaces of `interfaces` even if they have a master
    process         the name that others see of it
    answer_with     {interface: MAC} to put into the answers of that interface instead of its own
    hears           of IPv6: "group": as MetalLB; "frames": all that arrives, without joining, as Cilium's BPF program does
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
REQUEST, REPLY = 1, 2
IFF_UP, IFF_BROADCAST, IFF_NOARP = 0x1, 0x2, 0x80
PR_SET_NAME = 15
READY = "announcer ready"
ETH_P_IPV6, ICMPV6, SOLICITATION, ADVERTISEMENT = 0x86DD, 58, 135, 136
SOLICITED, OVERRIDE = 0x40000000, 0x20000000
SOLICITED_NODE, ALL_NODES = bytes.fromhex("ff0200000000000000000001ff"), "ff02::1"
DADFAILED, TENTATIVE = 0x08, 0x40  # linux/if_addr.h
IPV6_HEADER, IPV6_SOURCE = 40, slice(22, 38)
ADDRESS_PATIENCE = 3.0  # s for duplicate address detection


class Responder:
    """The socket of one interface."""

    def __init__(self, interface: str, answer_with: str | None) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
        self.socket.bind((interface, ETH_P_ARP))
        self.own = bytes(self.socket.getsockname()[4])
        self.mac = bytes.fromhex(answer_with.replace(":", "")) if answer_with else self.own

    def gratuitous(self, vip: bytes) -> None:
        """Tell everybody, in both shapes, because stations differ in which one they believe."""
        for operation in (REQUEST, REPLY):
            self.socket.send(frame(operation, self.mac, vip, BROADCAST, vip, BROADCAST))

    def answer(self, vips: set[bytes], silent: bool) -> None:
        """Read one frame and answer it if it asks for one of `vips`, unless this interface is to be `silent`."""
        data = self.socket.recv(2048)
        if silent or len(data) < 42 or data[0:6] not in (BROADCAST, self.own):
            return
        operation = struct.unpack_from("!H", data, 20)[0]
        sender_mac, sender, wanted = data[22:28], data[28:32], data[38:42]
        if operation == REQUEST and wanted in vips:
            self.socket.send(frame(REPLY, self.mac, wanted, sender_mac, sender, sender_mac))


class NdpResponder:
    """The sockets of one interface: what it hears with, and what it answers by."""

    def __init__(self, interface: str, vips: set[bytes], answer_with: str | None, hears: str) -> None:
        self.index = socket.if_nametoindex(interface)
        own = Path("/sys/class/net", interface, "address").read_text().strip()
        self.mac = bytes.fromhex((answer_with or own).replace(":", ""))
        self.speaking = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self.speaking.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        for hops in (socket.IPV6_UNICAST_HOPS, socket.IPV6_MULTICAST_HOPS):
            self.speaking.setsockopt(socket.IPPROTO_IPV6, hops, 255)
        self.speaking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)
        self.socket = self.speaking if hears == "group" else _every_frame(interface)
        for group in {SOLICITED_NODE + vip[13:] for vip in vips} if hears == "group" else ():
            membership = group + struct.pack("@I", self.index)
            self.speaking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)

    def gratuitous(self, vip: bytes) -> None:
        """Tell everybody, unasked."""
        self.speaking.sendto(self._advertisement(vip, OVERRIDE), (ALL_NODES, 0, 0, self.index))

    def answer(self, vips: set[bytes], silent: bool) -> None:
        """Read one message and answer it if it asks for one of `vips`, unless this interface is to be `silent`."""
        data, origin = self.socket.recvfrom(2048)
        source = origin[0]
        if self.socket is not self.speaking:
            if data[20:21] != bytes([ICMPV6]):
                return
            source, data = socket.inet_ntop(socket.AF_INET6, data[IPV6_SOURCE]), data[14 + IPV6_HEADER :]
        if not silent and data[:1] == bytes([SOLICITATION]) and data[8:24] in vips:
            with contextlib.suppress(
                OSError
            ):  # no route to the asker out of this interface: as MetalLB, go on
                self.speaking.sendto(self._advertisement(data[8:24], SOLICITED), (source, 0, 0, self.index))

    def _advertisement(self, vip: bytes, flags: int) -> bytes:
        """RFC 4861 section 4.4, with the target link-layer address; the kernel fills in the checksum."""
        return struct.pack("!BBHI16sBB6s", ADVERTISEMENT, 0, 0, flags, vip, 2, 1, self.mac)


def _every_frame(interface: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IPV6))
    made.bind((interface, ETH_P_IPV6))
    return made


def has_link_local(interface: str) -> bool:
    """Whether the interface has, within a while, a link-local address that can be bound: neither tentative nor failed."""
    end = time.monotonic() + ADDRESS_PATIENCE
    while time.monotonic() < end:
        rows = (line.split() for line in Path("/proc/net/if_inet6").read_text().splitlines())
        mine = [row for row in rows if row[5] == interface and row[0].startswith("fe80")]
        if any(not int(row[4], 16) & (DADFAILED | TENTATIVE) for row in mine):
            return True
        if not any(int(row[4], 16) & TENTATIVE and not int(row[4], 16) & DADFAILED for row in mine):
            return False
        time.sleep(0.02)
    return False


def frame(operation: int, mac: bytes, address: bytes, target_mac: bytes, target: bytes, to: bytes) -> bytes:
    """An Ethernet frame with an ARP packet for IPv4 in it (RFC 826), 42 bytes."""
    header = struct.pack("!6s6sH", to, mac, ETH_P_ARP)
    return header + struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, operation, mac, address, target_mac, target
    )


def suitable(interface: str, *, enslaved_too: bool) -> bool:
    """Whether the speaker would open a responder on `interface`."""
    at = Path("/sys/class/net") / interface
    if not at.exists() or ((at / "master").exists() and not enslaved_too):
        return False
    flags = int((at / "flags").read_text(), 16)
    return bool(flags & IFF_UP) and bool(flags & IFF_BROADCAST) and not flags & IFF_NOARP


def listening(config: dict[str, Any]) -> list[str]:
    """Names of the interfaces to open a socket on."""
    named = set(config["interfaces"])
    everything = sorted(path.name for path in Path("/sys/class/net").iterdir())
    chosen = []
    for interface in everything:
        if config["habit"] == "bound" and named and interface not in named:
            continue
        if suitable(interface, enslaved_too=config["listen_enslaved"] and interface in named):
            chosen.append(interface)
    return chosen


def _responders(config: dict[str, Any], vips: set[bytes]) -> Iterator[tuple[str, Responder | NdpResponder]]:
    for name in listening(config):
        mac = config["answer_with"].get(name)
        if any(len(vip) == 4 for vip in vips):
            yield name, Responder(name, mac)
        elif config["hears"] == "frames" or has_link_local(name):
            yield name, NdpResponder(name, vips, mac, config["hears"])


def serve(config: dict[str, Any]) -> None:
    """Announce, then answer for ever."""
    vips = {ip_address(vip).packed for vip in config["vips"]}
    named = set(config["interfaces"])
    responders = dict(_responders(config, vips))
    active = {name: responder for name, responder in responders.items() if not named or name in named}
    for responder in active.values():
        for vip in sorted(vips):
            responder.gratuitous(vip)
    print(READY, flush=True)  # noqa: T201 - the builder waits for this line
    by_socket = {responder.socket: name for name, responder in responders.items()}
    while True:
        for ready in select.select(list(by_socket), [], [])[0]:
            name = by_socket[ready]
            responders[name].answer(vips, silent=name not in active)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    ctypes.CDLL(None).prctl(PR_SET_NAME, wanted["process"].encode(), 0, 0, 0)
    serve(wanted)
