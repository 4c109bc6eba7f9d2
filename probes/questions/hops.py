"""Who says something of packets that end under way."""

from __future__ import annotations

from dataclasses import dataclass, field

from probes.host import Question
from probes.questions.icmp_message import IcmpMessage
from probes.target import Address


@dataclass(frozen=True)
class Hops:
    """What came back for datagrams with a TTL (hop limit) of 1, 2, ..., None for silence."""

    destination: Address
    messages: tuple[IcmpMessage | None, ...]


@dataclass(frozen=True)
class HopsTowards(Question[tuple[Hops, ...]]):
    """Send each a datagram to a port that nobody uses, with every TTL up to `at_most`, until somebody says Unreachable.

    Who says Time Exceeded has had the packet; a router need not say so, and errors are rate limited. Needs no right.
    """

    destinations: tuple[Address, ...]
    at_most: int
    timeout_ms: int = field(compare=False)
