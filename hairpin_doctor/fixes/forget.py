"""A step that many fixes of addresses end with: the client resolves the VIP anew."""

from __future__ import annotations

from hairpin_doctor.fixes.changes import ForgottenNeighbour
from hairpin_doctor.fixes.fix import Step
from hairpin_doctor.vantage_point import STAND_IN
from probes.target import Address


def forget(vip: Address, client: str) -> Step:
    """Remove what the client has learned of the VIP, or is still waiting for; permanent entries stay."""
    return Step(
        place="client",
        machine="each client that still fails" if client.startswith(STAND_IN) else client,
        why="its neighbour entry may still be the old one, or wait for an answer to an old question",
        changes=(ForgottenNeighbour(str(vip)),),
    )
