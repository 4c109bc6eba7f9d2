"""What a change is, and the stack that takes changes back."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol


class Change(Protocol):
    """Something done to a machine. `undo` must also be right when `do` stopped half-way or never ran."""

    def do(self) -> None:
        """Carry the change out. Raises CommandFailed when the machine refuses."""

    def undo(self) -> None:
        """Take it back; a second call finds nothing left to do."""


class Undo(ExitStack):
    """Changes made so far, undone in reverse order on leaving the block, on an error and on Ctrl-C."""

    def carry_out(self, change: Change) -> None:
        """Do `change`. Its undo is pushed first, so that a failure half-way leaves nothing behind."""
        self.callback(change.undo)
        change.do()
