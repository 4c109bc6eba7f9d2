"""Questions about routing: the kernel's own decision for an address, policy rules, connected prefixes."""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Question
from probes.target import Address, Network


@dataclass(frozen=True)
class Route:
    """The kernel's decision: `type` is unicast, local, unreachable, blackhole ...; no gateway means on-link."""

    type: str
    interface: str | None
    gateway: Address | None
    source: Address | None
    table: int


@dataclass(frozen=True)
class RouteTo(Question[Route]):
    """Which route would a packet take? With `source` and `incoming`, as for a packet that is forwarded.

    Raises Absent where the kernel has no route. Needs no right.
    """

    destination: Address
    source: Address | None = None
    incoming: str | None = None


@dataclass(frozen=True)
class HoldingRoute:
    """A route whose prefix holds an address; `type` as of Route."""

    prefix: Network
    type: str
    interface: str | None
    gateway: Address | None
    table: int


@dataclass(frozen=True)
class RoutesThatHold(Question[tuple[HoldingRoute, ...]]):
    """Which routes, of every table, hold this address? Local ones are left out. Needs no right; reads all routes."""

    destination: Address


@dataclass(frozen=True)
class RoutingRule:
    """One policy rule of `ip rule`, as far as it is not one of the three that every system has."""

    priority: int
    text: str


@dataclass(frozen=True)
class RoutingRules(Question[tuple[RoutingRule, ...]]):
    """Policy rules besides local, main and default."""


@dataclass(frozen=True)
class ConnectedPrefix:
    """A prefix that is on-link at an interface."""

    prefix: Network
    interface: str


@dataclass(frozen=True)
class ConnectedPrefixes(Question[tuple[ConnectedPrefix, ...]]):
    """All prefixes that the main table reaches without a gateway."""
