"""The path of a client's packets as the report holds it: plain values, drawn by every output and judged by none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HopKind = Literal[
    "client",
    "link",
    "port",
    "bridge",
    "uplink",
    "router",
    "announcer",
    "service",
    "forwarding",
    "endpoint",
    "reply",
]
HopState = Literal["fine", "broken", "not reached", "unknown", "not seen"]


@dataclass(frozen=True)
class Hop:
    """One station of a path. `state`: `not reached` is behind a break, `not seen` is where nobody looked.

    `name`: of the interface, ruleset or endpoint; `machine`: the vantage point it was seen on; null where unknown.
    `said`: what is known of it, for people. `codes`: the diagnoses that break the path here; none where the hop fails
    by what was seen of itself. `beside`: shown for orientation, packets do not go by it.
    """

    kind: HopKind
    name: str | None
    machine: str | None
    mac: str | None
    addresses: tuple[str, ...]
    state: HopState
    said: str
    codes: tuple[str, ...]
    beside: bool


@dataclass(frozen=True)
class ServicePath:
    """The way of a client's packets to a VIP, hop by hop, in order. `client`: null where no client was looked at.

    `works`: null where that is unknown.
    """

    client: str | None
    vip: str
    works: bool | None
    hops: tuple[Hop, ...]
