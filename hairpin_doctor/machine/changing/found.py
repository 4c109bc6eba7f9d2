"""What is found before a change."""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.fixes.changes import Change


class CannotChange(RuntimeError):
    """The machine or the cluster refuses, or is not as the change needs it; the message is one sentence for people."""


class NoInterface(CannotChange):
    """The interface is not there: nothing can be set on it, and nothing that was set on it is left."""


@dataclass(frozen=True)
class Found:
    """`so`: it is so already, nothing is to be done. `undo`: the changes that restore what stands now, in their order."""

    so: bool
    undo: tuple[Change, ...] = ()


SO = Found(True)
