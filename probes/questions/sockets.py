"""Questions about sockets that other programs hold open: who listens for ARP, who speaks BGP."""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Question
from probes.questions.traffic import Endpoint


@dataclass(frozen=True)
class PacketSocket:
    """An AF_PACKET socket: EtherType (0x0806 = ARP), interface index (0 = all), owner's process name where visible."""

    ethertype: int
    interface: int
    process: str | None


@dataclass(frozen=True)
class PacketSockets(Question[tuple[PacketSocket, ...]]):
    """The AF_PACKET sockets of this network namespace (/proc/net/packet); process names need root."""


@dataclass(frozen=True)
class TcpConnection:
    """A TCP connection with the kernel's state name, e.g. ESTABLISHED, SYN_SENT, LISTEN."""

    local: Endpoint
    remote: Endpoint
    state: str


@dataclass(frozen=True)
class TcpConnections(Question[tuple[TcpConnection, ...]]):
    """TCP connections with this port at either end (/proc/net/tcp and tcp6). Needs no right."""

    port: int
