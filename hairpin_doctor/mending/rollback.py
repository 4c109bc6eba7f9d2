"""Taking a run back: its undo, carried out as often as it takes; what is restored already is passed over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.fixes.changes import Change, Manifest
from hairpin_doctor.machine.changing.found import CannotChange, NoInterface
from hairpin_doctor.machine.changing.hands import Hands
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.store import Store

TRIES, PAUSE_S = 3, 1.0
Tell = Callable[[str], None]


def restore(store: Store, checkpoint: Checkpoint, hands: Hands, why: str, tell: Tell) -> Checkpoint:
    """Carry the undo out, and write down how it ended. The caller holds the store's mutex.

    A disk that is full keeps nobody from restoring: then only the note is missing, and doing it again does nothing.
    """
    left = _restored(checkpoint, hands, tell)
    for _ in range(TRIES - 1):
        if not left:
            break
        time.sleep(PAUSE_S)
        left = _restored(checkpoint, hands, tell)
    if left:
        said = (*checkpoint.said, why, *(f"NOT restored: {each}" for each in left))
        ended = replace(checkpoint, phase="rollback-incomplete", said=said)
    else:
        ended = replace(checkpoint, phase="rolled-back", said=(*checkpoint.said, why))
    tell(why)
    try:
        store.write(ended)
    except OSError as error:
        tell(
            f"all is restored, but {store.directory} cannot be written ({error.strerror}): the run still shows as open"
        )
    return ended


def _restored(checkpoint: Checkpoint, hands: Hands, tell: Tell) -> list[str]:
    """What could not be restored, one sentence each. An interface that is gone took along what was set on it."""
    failed: list[str] = []
    for change in checkpoint.undo:
        try:
            if not hands.find(change).so:
                hands.do(change)
                tell(f"restored: {shown(change)}")
        except NoInterface as gone:
            tell(f"nothing left to restore: {gone}")
        except CannotChange as error:
            failed.append(str(error))
    return failed


def shown(change: Change) -> str:
    """A change in one line, for people."""
    if isinstance(change, Manifest):
        return f"{change.of.resource} {change.of.name}"
    return "; ".join(change.commands())
