"""One way of a packet through a machine's packet filters: what stops it, or may stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.questions.traffic import Endpoint
from probes.rulesets.crossing import Crossing, Verdict
from probes.rulesets.packet import Packet
from probes.rulesets.path import Leg
from probes.rulesets.truth import Truth
from probes.target import Address, Protocol, ServicePort

Way = Literal["routed", "local", "bridged", "sent", "answered"]


@dataclass(frozen=True)
class Stopper:
    """A rule or policy that drops or rejects the packet, certainly or possibly; `packets` it has stopped so far."""

    backend: str
    table: str
    hook: str
    chain: str
    action: Literal["drop", "reject"]
    certain: bool
    rule: str
    packets: int | None

    @property
    def is_policy(self) -> bool:
        """Is it a base chain's policy, not a rule?"""
        return self.rule.startswith("policy ")


@dataclass(frozen=True)
class Passage:
    """One way of one packet. `port` and `protocol` are None where none is known; `client` None is any external client.

    `way`: routed through this machine, delivered to it, passed on by its bridge; or its own: sent by it, answered to it.
    `endpoint`: where DNAT leads on this way, None for the VIP itself. `bridge`: the bridge's name on a bridged way.
    `passes`: True surely, False surely not, None depends on something unknown. `unclear`: rules that may do anything.
    """

    vip: Address
    port: int | None
    protocol: Protocol | None
    client: Address | None
    way: Way
    bridge: str | None
    endpoint: Endpoint | None
    passes: bool | None
    stoppers: tuple[Stopper, ...]
    unclear: tuple[str, ...]


def passage(
    packet: Packet, port: ServicePort | None, bridge: str | None, leg: Leg, crossings: tuple[Crossing, ...]
) -> Passage:
    """What the crossings of a way together do with the packet; `leg` is where it leads after its translation."""
    stopped = any(crossing.continues is Truth.NO for crossing in crossings)
    sure = all(crossing.continues is Truth.YES for crossing in crossings)
    return Passage(
        vip=packet.destination,
        port=port.port if port else None,
        protocol=port.protocol if port else None,
        client=packet.source,
        way="bridged" if packet.bridged else "local" if leg.packet.destination_local else "routed",
        bridge=bridge,
        endpoint=leg.endpoint,
        passes=False if stopped else True if sure else None,
        stoppers=tuple(_stopper(stop) for crossing in crossings for stop in crossing.stops),
        unclear=tuple(text for crossing in crossings for text in crossing.unclear),
    )


def _stopper(verdict: Verdict) -> Stopper:
    return Stopper(
        verdict.backend,
        verdict.base.table,
        verdict.base.hook,
        verdict.chain,
        "reject" if verdict.decision == "reject" else "drop",
        verdict.certain,
        verdict.text[:240],
        verdict.counters.packets if verdict.counters else None,
    )
