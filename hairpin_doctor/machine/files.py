"""A directory of our own for sockets, configurations and logs of what we start."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
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
        draft = draft_of(self.path)
        draft.write_text(self.text)
        draft.replace(self.path)

    def undo(self) -> None:
        """Remove it; fine if it is gone."""
        self.path.unlink(missing_ok=True)


def draft_of(path: Path) -> Path:
    """What a file is called until it is whole; left behind only by whoever was killed meanwhile."""
    return path.with_name(f".{path.name}.draft")


def write_durably(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that it is there, whole, whatever happens next. Raises OSError, and the old one then stays."""
    draft = draft_of(path)
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(files: Iterable[tuple[Path, str, int]]) -> None:
    """Write files (path, text, mode) that are not there yet, or none of them. Raises OSError, FileExistsError too."""
    written: list[Path] = []
    try:
        for path, text, mode in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            written.append(path)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
    except OSError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
