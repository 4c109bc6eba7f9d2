"""What every typed change has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Change(ABC):
    """One thing that is made so on a machine or in a cluster. Doing it a second time changes nothing.

    `commands()` can be pasted into a root shell; `undo()` takes them back as far as the scan knew the state before.
    """

    @abstractmethod
    def commands(self) -> tuple[str, ...]:
        """What does it, for a shell."""

    @abstractmethod
    def undo(self) -> tuple[str, ...]:
        """What takes it back, for a shell; nothing where nothing needs to be."""

    @property
    def creates(self) -> str | None:
        """The interface that it makes, if it makes one: all that is set on it goes away with it."""
        return None

    @property
    def interface(self) -> str | None:
        """The interface that it sets something on, if there is one."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Its kind and its fields, as plain values."""
        return {"kind": type(self).__name__, **asdict(self)}


def commands_of(changes: Iterable[Change]) -> tuple[str, ...]:
    """The commands of all of them in order, each once."""
    return tuple(dict.fromkeys(command for change in changes for command in change.commands()))


def undo_of(changes: Sequence[Change]) -> tuple[str, ...]:
    """What takes them back, last first; what sits on an interface that one of them makes goes away with it."""
    made = {change.creates for change in changes} - {None}
    wanted = (change for change in reversed(changes) if change.interface not in made)
    return tuple(dict.fromkeys(command for change in wanted for command in change.undo()))
