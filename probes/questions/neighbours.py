"""Questions about who owns an address on the link: the neighbour cache, and ARP itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

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
    """One ARP reply: `mac` is the sender hardware address it claims, `frame_source` the frame's own source MAC."""

    address: IPv4Address
    mac: str
    frame_source: str
    round_trip_ms: float


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
class KernelResolution(Question[tuple[Neighbour, ...]]):
    """Make the kernel resolve the addresses itself (a UDP datagram to port 9, discard) and read the cache afterwards.

    Works without any right; sees one MAC per address and no duplicates. Unresolved entries come back as INCOMPLETE or
    FAILED.
    """

    addresses: tuple[Address, ...]
    timeout_ms: int = field(compare=False)
