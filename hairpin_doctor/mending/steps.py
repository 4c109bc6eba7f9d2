"""Carrying changes out one by one: first the undo is on disk, then the change is made, and all of them are read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from hairpin_doctor.fixes.changes import (
    Change,
    ForgottenFlow,
    ForgottenNeighbour,
    LinkMac,
    Look,
    RestartedDaemonSet,
)
from hairpin_doctor.machine.changing.hands import Hands
from hairpin_doctor.machine.changing.links import interfaces_here
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.rollback import shown
from hairpin_doctor.mending.store import Store, Tell

NOT_READ_BACK = (
    ForgottenFlow,
    ForgottenNeighbour,
    LinkMac,
    Look,
    RestartedDaemonSet,
)  # learned anew, pinned, shown, or a moment only


class TakenBack(Exception):
    """The changes did not stay; the message says why."""


@dataclass
class Run:
    """A run as this process last knew it; its undo is complete before each change is made."""

    last: Checkpoint


@dataclass(frozen=True)
class Steps:
    """One part of a run: `done` and `undo` are the checkpoint's fields that remember it while it is in `phase`."""

    store: Store
    hands: Hands
    tell: Tell
    phase: Literal["applying", "installing"] = "applying"

    def carry_out(self, run: Run, change: Change) -> None:
        """Nobody can take the run back between the undo and the change. Raises CannotChange, TakenBack, OSError."""
        with self.store.mutex():
            checkpoint = self.still(run)
            found = self.hands.find(change)
            if found.so:
                self.tell(f"is so already: {shown(change)}")
                return
            run.last = self._remembered(checkpoint, change, found.undo)
            self.store.write(run.last)
            self.tell(f"doing: {shown(change)}")
            self.hands.do(change)
        self.tell(f"done: {shown(change)}")

    def still(self, run: Run) -> Checkpoint:
        """The run as it stands on disk. Raises TakenBack where it is in another phase by now."""
        checkpoint = self.store.read(run.last.id)
        if checkpoint.phase != self.phase:
            raise TakenBack(f"somebody ended the run meanwhile ({checkpoint.phase})")
        return checkpoint

    def _remembered(self, last: Checkpoint, change: Change, undo: tuple[Change, ...]) -> Checkpoint:
        last = replace(last, interfaces={**last.interfaces, **interfaces_here()})
        if self.phase == "applying":
            return replace(last, changes=(*last.changes, change), undo=(*undo, *last.undo))
        return replace(last, installed=(*last.installed, change), uninstall=(*undo, *last.uninstall))

    def read_back(self, changes: Iterable[Change]) -> None:
        """Raises TakenBack where one does not hold."""
        lost = [
            each for each in changes if not isinstance(each, NOT_READ_BACK) and not self.hands.find(each).so
        ]
        if lost:
            raise TakenBack(f"read back, this does not hold: {'; '.join(map(shown, lost))}")
        self.tell("every change was read back and holds")
