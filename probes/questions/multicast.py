"""Questions about IPv6 multicast, by which neighbour solicitations travel: who joined a group, and what bridges do."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from probes.host import Question


@dataclass(frozen=True)
class JoinedGroup:
    """A multicast group that an interface (its index) of this machine receives."""

    interface: int
    group: IPv6Address


@dataclass(frozen=True)
class JoinedGroups(Question[tuple[JoinedGroup, ...]]):
    """The IPv6 groups that are joined here, /proc/net/igmp6. Needs no right."""


@dataclass(frozen=True)
class GroupMember:
    """An entry of a bridge's multicast database: `port` is an interface index, the bridge's own where itself listens."""

    port: int
    group: IPv6Address


@dataclass(frozen=True)
class BridgeMulticast:
    """One bridge (its index). `querier`: whether it knows of an MLD querier, itself or another; None where it cannot say.

    `members` are those of IPv6 groups; all multicast goes to `routers`, ports behind which it saw or was told of one.
    """

    bridge: int
    snooping: bool
    querier: bool | None
    members: tuple[GroupMember, ...]
    routers: tuple[int, ...]


@dataclass(frozen=True)
class MulticastForwarding(Question[tuple[BridgeMulticast, ...]]):
    """What each bridge does with IPv6 multicast. Needs no right."""
