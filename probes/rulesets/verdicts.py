"""Where a rule or a map's element sends a packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.questions.traffic import Endpoint
from probes.rulesets.packet import Packet
from probes.target import Address

Decision = Literal["accept", "drop", "reject"]


@dataclass(frozen=True)
class Decide:
    """Ends the base chain: accept goes on with the next base chain, drop and reject end the packet."""

    decision: Decision


@dataclass(frozen=True)
class Jump:
    """Go on in a chain and come back after it; a goto does not come back here but to where this chain was called."""

    chain: str
    comes_back: bool = True


@dataclass(frozen=True)
class Return:
    """Go back to the calling chain; in a base chain its policy decides."""


@dataclass(frozen=True)
class Destination:
    """Where a DNAT leads; None keeps the packet's own address (REDIRECT: this machine) or port."""

    address: Address | None
    port: int | None

    def fill(self, packet: Packet) -> Endpoint:
        """Where the packet goes; its own address and port fill what this leaves, port 0 where that is unknown."""
        port = self.port if self.port is not None else packet.port
        return Endpoint(self.address or packet.destination, port or 0)


Verdict = Decide | Jump | Return
