"""Addresses and MACs replaced one to one.

Addresses: bit by bit, whether a bit is flipped depends on the key and on the bits before it (as in Crypto-PAn, Xu et al.
2002). So addresses that share a prefix still do, and what is unequal stays so. Never changed: the last octet of an IPv4
address and a short interface identifier of an IPv6 one (network, broadcast and ranges within a /24 keep their meaning);
blocks that mean something to the kernel (loopback, link-local, multicast ...). Private blocks map into themselves.

MACs: the first three octets stay (maker, locally administered and group bit); the others depend on the second and third
octet and not on the first, so that a libvirt tap (fe:54:00:...) still belongs to its guest (52:54:00:...).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from hairpin_doctor.redaction.key import Key
from probes.target import Address, Network

# RFC 6890 and what stands there: these stay as they are ...
_KEPT = "0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 192.0.0.0/24 224.0.0.0/3 ::/96 100::/64 ff00::/8"
KEPT = tuple(map(ip_network, _KEPT.split()))
# ... and these stay themselves as blocks, with what is in them mixed.
_BLOCKS = "10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 fe80::/64 fc00::/8 fd00::/8 2000::/3"
BLOCKS = tuple(map(ip_network, _BLOCKS.split()))
V4_BITS, V6_BITS = 32, 128
LAST_OCTET_V4, SHORT_IDENTIFIER = 24, (64, 112)
ORDERED_BITS = 8  # addresses that differ in these last bits only keep their order
SHORTEST_MAC, ADDRESS_OCTETS = 4, (4, 16)
KEPT_MAKERS = (
    "00:00:00",
    "00:00:5e",
    "ee:ee:ee",
)  # no MAC at all, IANA's (VRRP), Calico's on every interface
GROUP_BIT = 1
MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2})*")


class CannotRedact(ValueError):
    """Something whose meaning would be lost; the message is one phrase, and quotes nothing."""


class Addresses:
    """The replacements that a key makes of addresses and MACs."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.address = lru_cache(maxsize=None)(self._address)
        self.mac = lru_cache(maxsize=None)(self._mac)

    def network(self, network: Network) -> Network:
        """The prefix that holds what the members of this one are replaced by."""
        found = self.address(network.network_address)
        return ip_network((found, network.prefixlen), strict=False)

    def ends(self, low: Address, high: Address) -> tuple[Address, Address]:
        """The ends of a range. Raises CannotRedact where order is not kept: beyond 256 addresses of one /24."""
        wide = ip_network((low, low.max_prefixlen - ORDERED_BITS), strict=False)
        if high not in wide or (low.version == 6 and not _short(int(low), SHORT_IDENTIFIER[1])):
            raise CannotRedact("a range of addresses is too wide to keep its order")
        return self.address(low), self.address(high)

    def _address(self, address: Address) -> Address:
        if any(address in block for block in KEPT):
            return address
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            inner = self.address(address.ipv4_mapped)
            return IPv6Address((0xFFFF << 32) | int(inner))
        width = address.max_prefixlen
        bits = f"{int(address):0{width}b}"
        found = "".join(self._bit(bits, place, width) for place in range(width))
        return type(address)(int(found, 2))

    def _bit(self, bits: str, place: int, width: int) -> str:
        if _is_fixed(bits[:place], width):
            return bits[place]
        flip = self._key.below(2, f"address/{width}", bits[:place])
        return str(int(bits[place]) ^ flip)

    def _mac(self, mac: str) -> str:
        """The MAC in small letters with colons; of any length, as tunnels have others."""
        octets = mac.split(":")
        if not MAC.fullmatch(mac) or len(octets) < SHORTEST_MAC:
            raise CannotRedact("a MAC is of no known form")
        if len(octets) in ADDRESS_OCTETS:  # the ends of a tunnel are addresses
            packed = self.address(ip_address(bytes.fromhex("".join(octets)))).packed
            return packed.hex(":")
        if mac[:8] in KEPT_MAKERS or int(octets[0], 16) & GROUP_BIT:
            return mac
        bits = "".join(f"{int(octet, 16):08b}" for octet in octets[3:])
        maker = ":".join(octets[1:3])
        found = "".join(
            str(int(bit) ^ self._key.below(2, "mac", maker, bits[:place])) for place, bit in enumerate(bits)
        )
        return ":".join((*octets[:3], *(f"{int(found[n : n + 8], 2):02x}" for n in range(0, len(found), 8))))


@lru_cache(maxsize=65536)
def _is_fixed(before: str, width: int) -> bool:
    """Whether the bit after these stays as it is."""
    if width == V4_BITS:
        if len(before) >= LAST_OCTET_V4:
            return True
    elif _short(int(before.ljust(width, "0"), 2), len(before)) and len(before) >= SHORT_IDENTIFIER[0]:
        return True
    return any(
        network.prefixlen > len(before) and _bits_of(network).startswith(before)
        for network in (*KEPT, *BLOCKS)
        if network.max_prefixlen == width
    )


def _short(address: int, known: int) -> bool:
    """Whether the interface identifier of an IPv6 address, as far as it is known, is a number that somebody chose."""
    first, last = SHORT_IDENTIFIER
    upto = min(known, last)
    return upto <= first or (address >> (V6_BITS - upto)) & ((1 << (upto - first)) - 1) == 0


def _bits_of(network: Network) -> str:
    return f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
