"""A fix as a value: steps in order, each for one machine, each with its undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Place = Literal["host", "client", "cluster", "router"]


@dataclass(frozen=True)
class Step:
    """What is done in one place. `commands` can be pasted into a root shell of `machine`; `undo` takes them back.

    `manifest` is YAML for `kubectl apply -f -`; `instructions` is prose for what is no shell.
    """

    place: Place
    machine: str
    why: str
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    manifest: str | None = None
    instructions: str | None = None


@dataclass(frozen=True)
class Fix:
    """One way to mend a cause; fixes of a diagnosis come in the order in which we would try them."""

    title: str
    steps: tuple[Step, ...]
    check: str
    cautions: tuple[str, ...] = ()
