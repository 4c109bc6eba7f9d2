"""A process that announces VIPs over ARP as MetalLB's speaker does. Run as a script; standard library only.

One AF_PACKET socket bound to ETH_P_ARP for each interface. It answers a request for a VIP with that interface's
MAC, ignores frames addressed to neither broadcast nor that MAC, and sends gratuitous ARP (a request and a reply)
when it starts. Interfaces that have a master, are down, or speak no ARP are passed over, as the speaker does
(metallb internal/layer2/announcer.go and arp.go). Configuration, one JSON object as the first argument:

    vips            addresses to answer for
    interfaces      names to answer on; [] means every one it listens on
    habit           "bound": sockets only on `interfaces`; "speaker": on every suitable interface, as MetalLB
    listen_enslaved take interfaces of `interfaces` even if they have a master
    process         the name that others see of it
    answer_with     {interface: MAC} to put into the answers of that interface instead of its own
"""

from __future__ import annotations

import ctypes
import json
import select
import socket
import struct
import sys
from pathlib import Path
from typing import Any

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
REQUEST, REPLY = 1, 2
IFF_UP, IFF_BROADCAST, IFF_NOARP = 0x1, 0x2, 0x80
PR_SET_NAME = 15
READY = "announcer ready"


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


def serve(config: dict[str, Any]) -> None:
    """Announce, then answer for ever."""
    vips = {socket.inet_aton(vip) for vip in config["vips"]}
    named = set(config["interfaces"])
    responders = {name: Responder(name, config["answer_with"].get(name)) for name in listening(config)}
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
