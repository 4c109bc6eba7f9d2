"""A fix as a value: steps in order, each for one machine, each with its undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hairpin_doctor.fixes.changes import Change, Manifest, commands_of, undo_of

Place = Literal["host", "client", "cluster", "router"]


@dataclass(frozen=True)
class Step:
    """What is done in one place: typed changes, which render the commands and the undo, or prose for what is no shell."""

    place: Place
    machine: str
    why: str
    changes: tuple[Change, ...] = ()
    instructions: str | None = None

    @property
    def commands(self) -> tuple[str, ...]:
        """Can be pasted into a root shell of `machine`, in this order; a manifest is shown as YAML instead."""
        return commands_of(self.changes)

    @property
    def undo(self) -> tuple[str, ...]:
        """Takes the commands and the manifest back."""
        return undo_of(self.changes)

    @property
    def manifest(self) -> str | None:
        """YAML for `kubectl apply -f -`, which comes after the commands."""
        texts = [each.yaml for each in self.changes if isinstance(each, Manifest)]
        return "---\n".join(texts) or None


@dataclass(frozen=True)
class Fix:
    """One way to mend a cause; fixes of a diagnosis come in the order in which we would try them.

    `reason`: why it has that place, on this network; empty where it is the only one.
    """

    title: str
    steps: tuple[Step, ...]
    check: str
    cautions: tuple[str, ...] = ()
    reason: str = ""
