"""The run of the mending engine that a walk began: how long it waits for a yes, and how it ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.processes import is_running
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import MendingRefused
from hairpin_doctor.walkthrough.doings import Tell, Trouble

WATCHDOG_NEEDS_S = 2.0
EngineOf = Callable[[Tell], Engine]


def silently(_: str) -> None:
    """Nobody listens."""


class OpenRun:
    """At most one at a time; `engine` is how it is begun and ended. Every method may raise Trouble."""

    def __init__(self, engine: EngineOf) -> None:
        self._engine = engine
        self._id: str | None = None
        self._awaits = self._begun = False

    def begin(self, apply: Callable[[Engine], Checkpoint], tell: Tell) -> Checkpoint:
        """What `apply` makes of it. Whatever interrupts it, `close` takes it back."""
        self._begun = True
        try:
            checkpoint = apply(self._engine(tell))
        except (MendingRefused, CannotChange, OSError) as error:
            raise Trouble(str(error)) from None
        self._id, self._awaits = checkpoint.id, checkpoint.pending
        return checkpoint

    def seconds_left(self) -> float | None:
        """By the checkpoint on disk, which the watchdog and `fix --confirm` in another shell write too."""
        if not self._awaits or self._id is None:
            return None
        try:
            checkpoint = self._engine(silently).store.read(self._id)
        except MendingRefused:
            return None
        left = checkpoint.deadline - time.monotonic()
        waits = checkpoint.phase == "awaiting-confirmation" and left > -WATCHDOG_NEEDS_S
        return max(0.0, left) if waits else None

    def end(self, tell: Tell) -> bool:
        """Whether it was kept, by somebody else; said is what ended it. Takes it back where the watchdog has died."""
        self._awaits = False
        try:
            checkpoint = self._engine(tell).await_end(self._id or "")
        except (MendingRefused, OSError) as error:
            raise Trouble(str(error)) from None
        tell(checkpoint.said[-1] if checkpoint.said else checkpoint.phase)
        return checkpoint.phase == "confirmed"

    def keep(self) -> None:
        """Confirm, where it is not kept already."""
        if not self._awaits:
            return
        try:
            self._engine(silently).confirm()
        except (MendingRefused, OSError) as error:
            raise Trouble(str(error)) from None
        self._awaits = False

    def take_back(self, tell: Tell) -> None:
        """This run and no other."""
        if self._id is None:
            raise Trouble("nothing was applied")
        try:
            ended = self._engine(tell).roll_back(self._id)
        except (MendingRefused, OSError) as error:
            raise Trouble(str(error)) from None
        if ended.phase != "rolled-back":
            raise Trouble(f"not all could be taken back: {'; '.join(ended.said)}")
        self._awaits = False

    def close(self, tell: Tell) -> None:
        """What nobody confirmed is taken back at once, rather than by the watchdog in its time."""
        if not self._begun:
            return
        engine = self._engine(tell)
        with suppress(MendingRefused):  # the watchdog, or somebody else, was quicker
            pending = engine.store.pending()
            if pending is not None and _is_ours(pending):
                tell("nobody confirmed the fix: it is taken back")
                engine.roll_back(pending.id)


def _is_ours(checkpoint: Checkpoint) -> bool:
    return checkpoint.doctor == os.getpid() and is_running(checkpoint.doctor, checkpoint.doctor_started)
