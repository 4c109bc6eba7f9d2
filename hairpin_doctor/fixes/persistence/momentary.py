"""Changes that no file can make lasting: what was forgotten or taken away, and what somebody else sets again."""

from __future__ import annotations

from collections.abc import Iterable

from hairpin_doctor.fixes.changes import (
    Change,
    Deletion,
    ForgottenNeighbour,
    Look,
    Manifest,
    Patch,
    RemovedLink,
    RestartedDaemonSet,
    UnusedChain,
)

NOTHING_LEFT = (ForgottenNeighbour, Look, RemovedLink, RestartedDaemonSet, UnusedChain)
THE_CLUSTERS = (Deletion, Manifest, Patch)


def lasting_part(changes: Iterable[Change]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """What files can hold, and a sentence for each change after which something has to be removed at its source.

    A cluster remembers by itself. What was learned is learned anew. But an address, rule or entry that was taken away was
    set by something that will set it again at boot, after or before any unit of ours.
    """
    kept: list[Change] = []
    said: list[str] = []
    for change in changes:
        if isinstance(change, (*NOTHING_LEFT, *THE_CLUSTERS)):
            continue
        if getattr(change, "present", True):
            kept.append(change)
        else:
            said.append(
                f"`{change.commands()[0]}` holds until whatever set this sets it again: remove it there too (network "
                "configuration, a script, a service)"
            )
    return tuple(kept), tuple(said)
