"""Files of the machine's configuration: written whole, taken away again only as long as nobody has edited them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from hairpin_doctor.fixes.changes import Change, ConfigFile, RemovedFile, RemovedFolder
from hairpin_doctor.fixes.changes.files import OURS
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found
from hairpin_doctor.machine.changing.units import tell
from hairpin_doctor.machine.files import draft_of, write_durably

LARGEST = 64 * 1024  # bytes; ours are below 4 KiB
FIRST_LINES = 3


def digest(text: str) -> str:
    """What a text is known by."""
    return hashlib.sha256(text.encode()).hexdigest()


def find_file(change: ConfigFile) -> Found:
    """What stands there. Raises CannotChange where that is not ours to write over, or where nothing can be written."""
    path = Path(change.path)
    text, mode = _standing(path)
    if (text, mode) == (change.text, change.mode):
        return SO
    _require_writable(path.parent)
    if text is None:
        return Found(False, (RemovedFile(change.path, digest(change.text), change.told), *_made(path)))
    if change.over is not None and digest(text) not in (change.over, digest(change.text)):
        raise CannotChange(_edited(path))
    if change.over is None and OURS not in "".join(text.splitlines(keepends=True)[:FIRST_LINES]):
        raise CannotChange(
            f"{path} is there already and was not written by hairpin-doctor: move it away first"
        )
    return Found(False, (ConfigFile(change.path, text, mode, change.told, digest(change.text)),))


def _standing(path: Path) -> tuple[str | None, int]:
    """Its text and mode; None where there is none. Raises CannotChange where it is no small plain file of text."""
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise CannotChange(f"{path} is no plain file of ours: move it away first")
        return path.read_text(), stat.S_IMODE(found.st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None, 0
    except UnicodeDecodeError:
        raise CannotChange(f"{path} is no text: move it away first") from None
    except OSError as error:
        raise CannotChange(f"{path} cannot be read: {error.strerror}") from None


def _made(path: Path) -> Iterator[Change]:
    """The folders that are made for it, the lowest first."""
    for folder in path.parents:
        if folder.exists():
            return
        yield RemovedFolder(str(folder))


def _require_writable(folder: Path) -> None:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK):
        read_only = os.statvfs(there).f_flag & os.ST_RDONLY
        raise CannotChange(f"{there} cannot be written to{' (read-only file system)' if read_only else ''}")


def _edited(path: Path) -> str:
    return (
        f"{path} has been edited since hairpin-doctor wrote it: move it away (mv {path} ~/) and do this again"
    )


def write_file(change: ConfigFile) -> None:
    """Write it in one step. Raises CannotChange, and the old one then stays."""
    path = Path(change.path)
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        write_durably(path, change.text, change.mode)
    except OSError as error:
        raise CannotChange(f"{path} cannot be written: {error.strerror}") from None
    if change.over is not None:
        tell(change.told)


def find_removed_file(change: RemovedFile) -> Found:
    """Gone, with what a write that was cut off left. Raises CannotChange where somebody has edited it."""
    path = Path(change.path)
    text, _ = _standing(path)
    if text is not None and digest(text) != change.digest:
        raise CannotChange(_edited(path))
    return Found(text is None and not draft_of(path).exists())


def remove_file(change: RemovedFile) -> None:
    """Take it away, and have its manager forget it."""
    path = Path(change.path)
    try:
        draft_of(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotChange(f"{path} cannot be removed: {error.strerror}") from None
    tell(change.told)


def find_removed_folder(change: RemovedFolder) -> Found:
    """Gone, or in use by others."""
    path = Path(change.path)
    return Found(not path.is_dir() or any(path.iterdir()))


def remove_folder(change: RemovedFolder) -> None:
    """Take it away."""
    try:
        Path(change.path).rmdir()
    except OSError as error:
        raise CannotChange(f"{change.path} cannot be removed: {error.strerror}") from None
