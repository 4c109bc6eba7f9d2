"""Bytes of the few packets the lab sends and reads itself; independent of the doctor's own probes."""

from __future__ import annotations

import struct

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
ECHO_REQUEST, ECHO_REPLY = 8, 0
ETH_P_IPV6, ICMPV6, SOLICITATION, ADVERTISEMENT = 0x86DD, 58, 135, 136
ECHO6_REQUEST, ECHO6_REPLY = 128, 129
SOLICITED_NODE = bytes.fromhex("ff0200000000000000000001ff")


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


def neighbour_solicitation(own_mac: bytes, own: bytes, wanted: bytes, to: bytes | None) -> bytes:
    """A frame that asks for `wanted` (RFC 4861 section 4.3), to its solicited-node group's MAC or to the MAC `to`."""
    group = SOLICITED_NODE + wanted[13:]
    message = struct.pack("!BBHI16sBB6s", SOLICITATION, 0, 0, 0, wanted, 1, 1, own_mac)
    words = struct.unpack("!36H", own + group + struct.pack("!II", len(message), ICMPV6) + message)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    header = struct.pack("!6s6sH", to or b"\x33\x33" + group[12:], own_mac, ETH_P_IPV6)
    packet = struct.pack("!IHBB16s16s", 6 << 28, len(message), ICMPV6, 255, own, group)
    return header + packet + message[:2] + struct.pack("!H", checksum) + message[4:]


def advertiser(frame: bytes, wanted: bytes) -> str | None:
    """The MAC that a neighbour advertisement for `wanted` gives, else None."""
    if len(frame) < 86 or frame[20] != ICMPV6 or frame[54] != ADVERTISEMENT or frame[62:78] != wanted:
        return None
    return frame[80:86].hex(":")


def echo_request(sequence: int, version: int = 4) -> bytes:
    """An ICMP echo request for a ping socket; the kernel fills identifier and checksum."""
    kind = ECHO_REQUEST if version == 4 else ECHO6_REQUEST
    return struct.pack("!BBHHH", kind, 0, 0, 0, sequence) + b"hairpin-doctor lab"
