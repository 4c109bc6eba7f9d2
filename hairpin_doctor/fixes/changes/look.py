"""Commands that only look, for a person to read what they print."""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.fixes.changes.change import Change


@dataclass(frozen=True)
class Look(Change):
    """A command that changes nothing. It is shown and never run by the doctor."""

    command: str

    def commands(self) -> tuple[str, ...]:
        """The command itself."""
        return (self.command,)

    def undo(self) -> tuple[str, ...]:
        """Looking has no undo."""
        return ()
