"""What a path is made of: hops in the order in which packets meet them, each with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from probes.target import Address


class Kind(StrEnum):
    """What a hop is. `link`: what lies between and was not looked at; `reply`: the way back, where it alone fails."""

    CLIENT = "client"
    LINK = "link"
    PORT = "port"
    BRIDGE = "bridge"
    UPLINK = "uplink"
    ROUTER = "router"
    ANNOUNCER = "announcer"
    SERVICE = "service"
    FORWARDING = "forwarding"
    ENDPOINT = "endpoint"
    REPLY = "reply"


class State(StrEnum):
    """What is known of a hop. `not reached`: packets are stopped before; `not seen`: nobody looked there."""

    FINE = "fine"
    BROKEN = "broken"
    NOT_REACHED = "not reached"
    UNKNOWN = "unknown"
    NOT_SEEN = "not seen"


class Evidence(StrEnum):
    """What speaks for a hop. Of the packets that fail only the first says something: SERVED and HEARD are of others."""

    PASSED = "the client's own packets passed"
    SERVED = "packets for another port passed"
    HEARD = "it answers, or ARP passes"
    NONE = "nothing is known"
    BROKEN = "it fails by itself, whatever the cause"
    NO_CARRIER = "its wire is dead, at this end or at the other"
    NOT_SEEN = "nobody looked there"


@dataclass(frozen=True)
class Hop:
    """One hop before it is judged. `machine`: the vantage point or, of a stranger, None. `said`: one clause of evidence.

    `beside`: it is shown for orientation; the packets do not go by it.
    """

    kind: Kind
    name: str | None
    machine: str | None
    mac: str | None
    addresses: tuple[Address, ...]
    evidence: Evidence
    said: str
    beside: bool = False


@dataclass(frozen=True)
class Judged:
    """A hop with its state, and the codes of the diagnoses that break the path there."""

    hop: Hop
    state: State
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServicePath:
    """The path of one client to one VIP. `client` is None where no client was looked at; `works` None where unknown."""

    client: str | None
    vip: Address
    works: bool | None
    hops: tuple[Judged, ...]
