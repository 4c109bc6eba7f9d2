"""Bytes of the few packets the lab sends and reads itself; independent of the doctor's own probes."""

from __future__ import annotations

import struct

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
ECHO_REQUEST, ECHO_REPLY = 8, 0


def dns_query(name: str, identity: int = 0x4C41) -> bytes:
    """A DNS query for the A record of `name`, recursion desired (RFC 1035, section 4)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", identity, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def dns_answers(data: bytes, identity: int = 0x4C41) -> bool:
    """Whether `data` is an answer to that query with at least one record and no error."""
    if len(data) < 12:
        return False
    got, flags, _, answers, _, _ = struct.unpack_from("!HHHHHH", data)
    return bool(got == identity and flags & 0x8000 and flags & 0x000F == 0 and answers > 0)


def dns_said(data: bytes, identity: int = 0x4C41) -> str | None:
    """answered · truncated · rcode N (RFC 1035, section 4.1.1), or None where it is no answer to that query."""
    if len(data) < 12:
        return None
    got, flags = struct.unpack_from("!HH", data)
    if got != identity or not flags & 0x8000:
        return None
    if flags & 0x000F:
        return f"rcode {flags & 0x000F}"
    return "truncated" if flags & 0x0200 else "answered"


def arp_request(own_mac: bytes, own_address: bytes, wanted: bytes) -> bytes:
    """A broadcast ARP request, as an Ethernet frame (RFC 826)."""
    header = struct.pack("!6s6sH", BROADCAST, own_mac, ETH_P_ARP)
    body = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, own_mac, own_address, bytes(6), wanted)
    return header + body


def arp_answerer(frame: bytes, wanted: bytes) -> str | None:
    """The MAC that `frame` gives for the address `wanted`, or None if it is no ARP reply about it."""
    if len(frame) < 42 or struct.unpack_from("!H", frame, 20)[0] != 2 or frame[28:32] != wanted:
        return None
    return frame[22:28].hex(":")


def echo_request(sequence: int) -> bytes:
    """An ICMP echo request for a ping socket; the kernel fills identifier and checksum."""
    return struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, 0, sequence) + b"hairpin-doctor lab"
