"""Questions about who owns an address on the link: the neighbour cache, and ARP itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address

from probes.host import Question
from probes.questions.machine import Moment
from probes.target import Address


@dataclass(frozen=True)
class Neighbour:
    """An entry of the neighbour cache; `state` in upper case: REACHABLE, STALE, FAILED, PERMANENT ..."""

    interface: int
    address: Address
    mac: str | None
    state: str
    router: bool


@dataclass(frozen=True)
class Neighbours(Question[tuple[Neighbour, ...]]):
    """The neighbour cache, both families. Needs no right."""

    moment: Moment


@dataclass(frozen=True)
class ArpReply:
    """One ARP reply, or neighbour advertisement: `mac` is what it claims, `frame_source` the frame's own source MAC.

    `overrides`: the Override flag of an advertisement, which the kernel sets for addresses of its own, and neither proxies
    nor MetalLB's answers carry (RFC 4861 section 7.2.8); None for ARP, and in recordings older than this.
    """

    address: Address
    mac: str
    frame_source: str
    round_trip_ms: float
    overrides: bool | None = None


@dataclass(frozen=True)
class ArpSweep(Question[tuple[ArpReply, ...]]):
    """Ask by broadcast who has these addresses, on one interface, and listen for the whole window.

    `source` is the client's own address: proxy ARP ignores sender 0.0.0.0 and delays broadcast answers by up to
    neigh/IF/proxy_delay (0.8 s), so the window must be longer. Addresses in `unicast` are also asked directly at that MAC.
    Needs CAP_NET_RAW.
    """

    interface: str
    source: IPv4Address
    addresses: tuple[IPv4Address, ...]
    unicast: tuple[tuple[IPv4Address, str], ...]
    window_ms: int = field(compare=False)


@dataclass(frozen=True)
class Solicited:
    """What came of neighbour solicitations: answers to multicast ones, and answers to those sent to stations' own MACs.

    `stations`: the MACs on the link that were asked directly, for addresses that nobody had answered for.
    """

    replies: tuple[ArpReply, ...]
    directly: tuple[ArpReply, ...]
    stations: tuple[str, ...]


@dataclass(frozen=True)
class NeighbourSolicitations(Question[Solicited]):
    """Ask for IPv6 addresses by multicast (RFC 4861), on one interface, and listen for the whole window.

    Where nobody answers for one of `vips`, every known station of the link is asked for it by a frame to its own MAC, which
    no bridge or switch takes for multicast: those with `macs`, and those that answer an echo request to all nodes. That one
    comes from our link-local address, which a station can answer whatever prefixes it has. Needs CAP_NET_RAW.
    """

    interface: str
    source: IPv6Address
    link_local: IPv6Address | None
    addresses: tuple[IPv6Address, ...]
    vips: tuple[IPv6Address, ...]
    macs: tuple[str, ...]
    window_ms: int = field(compare=False)


@dataclass(frozen=True)
class KernelResolution(Question[tuple[Neighbour, ...]]):
    """Make the kernel resolve the addresses itself (a UDP datagram to port 9, discard) and read the cache afterwards.

    Works without any right; sees one MAC per address and no duplicates. Unresolved entries come back as INCOMPLETE or
    FAILED.
    """

    addresses: tuple[Address, ...]
    timeout_ms: int = field(compare=False)
