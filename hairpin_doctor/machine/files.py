"""A directory of our own for sockets, configurations and logs of what we start."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Directory:
    """The change "this directory exists". Undone with all that is in it."""

    path: Path

    def do(self) -> None:
        """Create it, readable by root only."""
        self.path.mkdir(mode=0o700, parents=True)

    def undo(self) -> None:
        """Remove it with its contents; fine if it is gone."""
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass(frozen=True)
class File:
    """The change "this file holds that text"."""

    path: Path
    text: str

    def do(self) -> None:
        """Write it in one step (rename), so that no reader sees half a file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.draft")
        draft.write_text(self.text)
        draft.replace(self.path)

    def undo(self) -> None:
        """Remove it; fine if it is gone."""
        self.path.unlink(missing_ok=True)
