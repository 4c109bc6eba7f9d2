"""Questions asked by sending real traffic to the VIP: ICMP echo, TCP handshakes, UDP datagrams, DNS.

Each is a batch: its parts run at once below the seam, and the answers come in the order of the question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from probes.host import Question
from probes.questions.icmp_message import IcmpMessage
from probes.target import Address


@dataclass(frozen=True)
class EchoAnswer:
    """`round_trip_ms` is None where no reply came; `replied_from` is the reply's source address.

    `messages` are ICMP errors and redirects; None means this vantage point could not see them (no CAP_NET_RAW).
    """

    destination: Address
    round_trip_ms: float | None
    replied_from: Address | None
    messages: tuple[IcmpMessage, ...] | None
    error: str | None


@dataclass(frozen=True)
class Echoes(Question[tuple[EchoAnswer, ...]]):
    """Ping each address. Raw socket, else ping socket (net.ipv4.ping_group_range), else the ping program."""

    destinations: tuple[Address, ...]
    timeout_ms: int = field(compare=False)


@dataclass(frozen=True)
class Endpoint:
    """Address and port of one end of a conversation."""

    address: Address
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.address.version == 6 else f"{self.address}:{self.port}"


class Handshake(StrEnum):
    """How a TCP connection attempt ended. A completed handshake is not yet service: see `acknowledged`."""

    OPEN = "open"
    SMALL_ONLY = "small-only"
    STALLED = "stalled"
    REFUSED = "refused"
    RESET = "reset"
    SILENT = "silent"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class TcpFrame:
    """A captured TCP frame of the attempt: `flags` like SYN, SYN-ACK, RST; sent by us where `outgoing`."""

    outgoing: bool
    source_mac: str
    destination_mac: str
    source: Endpoint
    flags: str


@dataclass(frozen=True)
class PacketSizes:
    """Sizes of IP packets in bytes: the largest of the connection, which was `lost` with every repetition, and the largest
    tried that `passed` by a connection of its own.
    """

    lost: int
    passed: int


@dataclass(frozen=True)
class HandshakeAnswer:
    """STALLED: connected, but what we sent was never acknowledged (tcp_info.tcpi_unacked stayed above 0).

    SMALL_ONLY: two bytes were acknowledged and a segment of full size never was, while smaller segments are: see `sizes`.
    `frames` is None without CAP_NET_RAW. `error` is the errno's name for UNREACHABLE.
    """

    destination: Endpoint
    outcome: Handshake
    connect_ms: float | None
    frames: tuple[TcpFrame, ...] | None
    error: str | None
    sizes: PacketSizes | None = None


@dataclass(frozen=True)
class Handshakes(Question[tuple[HandshakeAnswer, ...]]):
    """Connect to each, then send a line end and watch whether it is acknowledged within the timeout; then line ends that
    fill one segment.

    Ports that are `guessed` are waited for only until another port of the same address has opened.
    """

    destinations: tuple[Endpoint, ...]
    timeout_ms: int = field(compare=False)
    guessed: bool = field(default=False, compare=False)


class DatagramOutcome(StrEnum):
    """How a UDP exchange ended; silence of a service without a known payload proves nothing."""

    ANSWERED = "answered"
    REFUSED = "refused"
    OTHER_SOURCE = "answered from another address"
    SILENT = "silent"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class DatagramAnswer:
    """`replied_from` is set where something came back, also from an unexpected address."""

    destination: Endpoint
    outcome: DatagramOutcome
    round_trip_ms: float | None
    replied_from: Endpoint | None
    error: str | None


@dataclass(frozen=True)
class Datagrams(Question[tuple[DatagramAnswer, ...]]):
    """Send one small datagram to each and wait for anything; used for ports whose protocol is unknown."""

    destinations: tuple[Endpoint, ...]
    timeout_ms: int = field(compare=False)


@dataclass(frozen=True)
class DnsAnswer:
    """A DNS exchange: `rcode` as text (NOERROR, REFUSED ...), None where no valid answer came.

    `recursion_available`: the RA bit (RFC 1035 section 4.1.1); `extended_error`: the first info code of RFC 8914. None
    where the answer has none, or was recorded before they were looked at.
    """

    destination: Endpoint
    transport: Literal["udp", "tcp"]
    outcome: DatagramOutcome
    rcode: str | None
    truncated: bool
    round_trip_ms: float | None
    replied_from: Endpoint | None
    error: str | None
    recursion_available: bool | None = None
    extended_error: int | None = None


@dataclass(frozen=True)
class DnsExchanges(Question[tuple[DnsAnswer, ...]]):
    """Ask each server for `localhost. A` (RFC 6761 section 6.3: every resolver can answer it without upstream)."""

    servers: tuple[Endpoint, ...]
    transport: Literal["udp", "tcp"]
    timeout_ms: int = field(compare=False)


@dataclass(frozen=True)
class DnsServerAnswer:
    """What one UDP flow brought back. `by_itself`: the rcode of a question that needs no upstream, and `recursion_offered`
    its RA bit; `localhost`: the rcode of `localhost. A`, asked in the same flow. None where no such answer came.
    """

    server: Endpoint
    by_itself: str | None
    recursion_offered: bool | None
    localhost: str | None


@dataclass(frozen=True)
class DnsServers(Question[tuple[DnsServerAnswer, ...]]):
    """Ask each server over UDP for `localhost. A`, and in the same flow what it answers by itself, if anything.

    That is `version.bind CH TXT` (RFC 4892 section 3), which dnsmasq, unbound and BIND answer or refuse, and a bare header
    with an unknown opcode, which wants NOTIMP (RFC 8906 section 3.1.4). Translation leads a whole flow to one endpoint. Who
    answers within `timeout_ms` is waited for longer: CoreDNS says SERVFAIL after 5 s.
    """

    servers: tuple[Endpoint, ...]
    timeout_ms: int = field(compare=False)


@dataclass(frozen=True)
class RoutedEcho:
    """What came back for an echo request that was sent by the gateway's MAC with a TTL of 2.

    `replied`: the VIP itself answered. `messages`: ICMP errors and redirects that quote our request.
    """

    destination: Address
    replied: bool
    messages: tuple[IcmpMessage, ...]


@dataclass(frozen=True)
class RoutedEchoes(Question[tuple[RoutedEcho, ...]]):
    """Ping each on-link VIP by way of the gateway's MAC, past our own ARP, with a TTL that ends at the second hop.

    A gateway with a route to the VIP by a node says so by a redirect to the node, and the node by Time Exceeded; one
    without sends a redirect to the VIP itself or Host Unreachable. Service rules do not touch ICMP, so that a bridge
    in between cannot answer in their place. Needs CAP_NET_RAW.
    """

    interface: str
    source: Address
    gateway_mac: str
    destinations: tuple[Address, ...]
    timeout_ms: int = field(compare=False)


@dataclass(frozen=True)
class FirstHop:
    """What the next hop said of a packet that it should send on: Time Exceeded where it would have, None for silence."""

    destination: Address
    message: IcmpMessage | None


@dataclass(frozen=True)
class FirstHops(Question[tuple[FirstHop, ...]]):
    """Send each a datagram with a TTL of 1: a router that would forward it says Time Exceeded (RFC 1812 section 5.3.1).

    A machine that does not forward, has no route or is not reached says nothing or Unreachable.
    """

    destinations: tuple[Address, ...]
    timeout_ms: int = field(compare=False)
