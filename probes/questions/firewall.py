"""Questions about packet filters, address translation and connection tracking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from probes.host import Question
from probes.questions.machine import Moment
from probes.questions.traffic import Endpoint
from probes.target import Address, Protocol


@dataclass(frozen=True)
class IptablesRules(Question[str]):
    """The text of iptables-save with counters; nft's JSON hides the DNAT targets of iptables-nft. Needs CAP_NET_ADMIN.

    Raises Absent where the program is not installed.
    """

    variant: Literal["nft", "legacy"]
    family: Literal[4, 6]


@dataclass(frozen=True)
class NftRuleset(Question[str]):
    """The JSON text of `nft -j list ruleset` (libnftables-json(5)). Needs CAP_NET_ADMIN."""


@dataclass(frozen=True)
class VirtualServer:
    """One virtual server of IPVS: where clients send to, and the real servers that may get new connections (weight > 0)."""

    address: Address
    port: int
    protocol: Protocol
    real_servers: tuple[Endpoint, ...]


@dataclass(frozen=True)
class VirtualServers(Question[tuple[VirtualServer, ...]]):
    """The TCP and UDP virtual servers of IPVS by address (not those by firewall mark). Needs no right.

    Raises Absent where the kernel has no IPVS.
    """


@dataclass(frozen=True)
class IngressProgram:
    """An eBPF program that sees what comes in by an interface, before any packet filter does.

    `interface`: its index. `name`: as the kernel keeps it (15 letters of it under tcx and xdp), None where not shown.
    """

    interface: int
    hook: Literal["xdp", "tcx", "tc"]
    name: str | None


@dataclass(frozen=True)
class IngressPrograms(Question[tuple[IngressProgram, ...]]):
    """The programs at the ingress of every interface. Those under tcx, and names, need CAP_NET_ADMIN and CAP_SYS_ADMIN."""


@dataclass(frozen=True)
class FlowDirection:
    """One direction of a tracked connection."""

    source: Address
    destination: Address
    source_port: int | None
    destination_port: int | None


@dataclass(frozen=True)
class TrackedConnection:
    """A conntrack entry: `original` as the client sent it, `reply` as answers are expected (DNAT and SNAT show here).

    `seen_reply` is false for [UNREPLIED] entries (status bit IPS_SEEN_REPLY, linux/netfilter/nf_conntrack_common.h).
    """

    protocol: Protocol
    original: FlowDirection
    reply: FlowDirection
    seen_reply: bool
    tcp_state: str | None


@dataclass(frozen=True)
class TrackedConnections(Question[tuple[TrackedConnection, ...]]):
    """Tracked TCP and UDP connections to these destinations. Needs CAP_NET_ADMIN."""

    destinations: tuple[Address, ...]


@dataclass(frozen=True)
class UsedFlows(Question[tuple[FlowDirection, ...]]):
    """Those of these tracked UDP flows, as their clients send them, that carry a packet while we watch.

    Each packet sets the entry's remaining time anew. Ends as soon as all have. Needs CAP_NET_ADMIN.
    """

    flows: tuple[FlowDirection, ...]
    watch_ms: int = field(compare=False)


@dataclass(frozen=True)
class ConnectionTableState:
    """How many entries there are and may be (0: any number), and what was counted since boot, over all CPUs.

    `dropped`: packets for which no entry could be made; None and 0 for `insert_failed` where only root may see it.
    """

    entries: int
    maximum: int
    dropped: int | None
    insert_failed: int


@dataclass(frozen=True)
class ConnectionTable(Question[ConnectionTableState]):
    """The size of the table of connection tracking. Needs no right; what was dropped is for root alone.

    Raises Absent where there is no connection tracking.
    """

    moment: Moment
