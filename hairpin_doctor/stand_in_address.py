"""The address and MAC of a stand-in client: chosen so that nobody else has them or is likely to get them meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
)

from probes.host import Host
from probes.questions.neighbours import ArpSweep
from probes.target import Address

InterfaceAddress = IPv4Interface | IPv6Interface
"""An address with the prefix length that it has on an interface."""
NOBODY = IPv4Address("0.0.0.0")
PROBES, APART_MS = 3, 1000  # RFC 5227, section 1.1: PROBE_NUM, PROBE_MIN
AT_ONCE = 8
# DHCP servers commonly give from the low and middle part, MetalLB's examples from .240 on: between them, from above.
BELOW = 0.90
NEAR_A_VIP = 16
RESERVED_ANYCAST = 128  # RFC 2526: the last ones of a prefix


@dataclass(frozen=True)
class Free:
    """An address that nobody claimed when asked three times, or None, and those that somebody claimed."""

    address: IPv4Address | None
    claimed: tuple[IPv4Address, ...]


def candidates(
    prefix: IPv4Network, taken: Collection[Address], vips: Collection[Address]
) -> Iterator[IPv4Address]:
    """Addresses to try, best first. `taken`: whatever is known to be in use."""
    size = prefix.num_addresses
    first = int(prefix.network_address)
    start = first + int(size * BELOW)
    last = first + size - 2
    order = (*range(start, max(first, start - 512), -1), *range(start + 1, min(last, start + 512) + 1))
    pools = [int(vip) for vip in vips] if size >= 256 else []
    for each in dict.fromkeys(order):
        address = IPv4Address(each)
        if (
            first < each <= last
            and address not in taken
            and not any(abs(each - vip) <= NEAR_A_VIP for vip in pools)
        ):
            yield address


def candidates_ipv6(prefix: IPv6Network, taken: Collection[Address], mac: str) -> Iterator[IPv6Address]:
    """Eight addresses to try: made of the client's MAC as RFC 7217 makes them of a secret, so the same at every run."""
    for number in range(AT_ONCE):
        digest = hashlib.sha256(f"hairpin-doctor stand-in {mac} {prefix} {number}".encode()).digest()
        address = prefix[int.from_bytes(digest[:16]) % prefix.num_addresses]
        reserved = RESERVED_ANYCAST if prefix.prefixlen <= 64 else 1
        if address != prefix[0] and address not in taken and int(address) <= int(prefix[-1]) - reserved:
            yield address


def find_free(host: Host, interface: str, wanted: Iterator[IPv4Address]) -> Free:
    """The first of up to eight candidates that nobody claims (RFC 5227: three probes by sender 0.0.0.0, a second apart).

    The host must be the client itself: what this machine claims is asked for as well.
    """
    asked = tuple(address for address, _ in zip(wanted, range(AT_ONCE), strict=False))
    claimed: set[Address] = set()
    for _ in range(PROBES):
        left = tuple(each for each in asked if each not in claimed)
        if left:
            claimed |= {reply.address for reply in host.ask(ArpSweep(interface, NOBODY, left, (), APART_MS))}
    free = next((each for each in asked if each not in claimed), None)
    return Free(free, tuple(each for each in asked if each in claimed))


def stable_mac(machine: str, bridge: str) -> str:
    """A locally administered MAC that is the same at every run: switches and caches learn one, not one a run.

    As high as can be after its first octet: the port gets the rest of it behind fe:, above the taps of libvirt (fe:54:00),
    and a bridge takes the lowest MAC of its ports.
    """
    digest = hashlib.sha256(f"hairpin-doctor stand-in {machine} {bridge}".encode()).hexdigest()
    return ":".join(("02", "ff", *(digest[at : at + 2] for at in range(0, 8, 2))))


def parse_address(text: str) -> InterfaceAddress:
    """`A/P` as the user gives it. Raises ValueError in one sentence."""
    try:
        found = ip_interface(text)
    except ValueError:
        raise ValueError(f"{text!r} is no address with a prefix length, such as 192.0.2.9/24") from None
    network, address = found.network, found.ip
    ends = (network.network_address, *((network.broadcast_address,) if found.version == 4 else ()))
    if "/" not in text or network.max_prefixlen - network.prefixlen < 2 or address in ends:
        longest = network.max_prefixlen - 2
        raise ValueError(
            f"{text!r} cannot be a client's address: it needs a prefix length of {longest} or less and a host part"
        )
    if address.version == 6 and (address.is_link_local or address.is_multicast):
        raise ValueError(f"{text!r} cannot be a client's address: it is not one of a subnet")
    return found
