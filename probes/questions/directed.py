"""A question to each machine that claims an address: what do you do with a packet for it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from probes.host import Question
from probes.target import Address, Target


class DirectedOutcome(StrEnum):
    """What came back for one port: service, a refusal (RST, ICMP unreachable), or nothing."""

    ANSWERED = "answered"
    REFUSED = "refused"
    SILENT = "silent"


@dataclass(frozen=True)
class DirectedPort:
    """One port, asked by one MAC: who sent the answer's frame, and its TTL as it came in (None for silence).

    A refusal whose TTL is still 64, 128 or 255 was sent by that machine itself, not by a pod or a host behind it.
    """

    target: Target
    outcome: DirectedOutcome
    answered_by: str | None
    ttl: int | None


@dataclass(frozen=True)
class Directed:
    """What one MAC does with packets for an address that it claims.

    `holds`: it answered an echo request with a TTL of 1 itself, so the address is its own. `forwarded_by`: it would have
    sent that request on, and said so by Time Exceeded from this address of its own. Neither: it is silent about it.
    """

    address: Address
    mac: str
    holds: bool
    forwarded_by: Address | None
    ports: tuple[DirectedPort, ...]


@dataclass(frozen=True)
class DirectedExchanges(Question[tuple[Directed, ...]]):
    """Send to each (address, MAC) an echo request with a TTL of 1, and a SYN or a DNS query to each target's port.

    The frames go to that MAC, past the neighbour cache. A SYN that is answered is reset at once, as no socket wants it.
    Needs CAP_NET_RAW.
    """

    interface: str
    source: Address
    claims: tuple[tuple[Address, str], ...]
    targets: tuple[Target, ...]
    timeout_ms: int = field(compare=False)
