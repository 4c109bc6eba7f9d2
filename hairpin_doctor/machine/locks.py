"""Locks between processes that the kernel releases when their holder dies, kill -9 included."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Held(RuntimeError):
    """Another process holds the lock."""


@contextmanager
def lock(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock file `path`. Raises Held where another does and we do not `wait`; OSError where it cannot be made."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Held(str(path)) from None
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether any process holds it now."""
    try:
        with lock(path, wait=False):
            return False
    except Held:
        return True


def holder(path: Path) -> int | None:
    """The process that holds the lock file `path` now, by what the kernel says of its open files (proc_pid_fdinfo(5))."""
    wanted = path.stat()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is of another user
            for opened in (process / "fd").iterdir():
                if _is_held_by(opened, wanted):
                    return int(process.name)
    return None


def _is_held_by(opened: Path, wanted: os.stat_result) -> bool:
    with suppress(OSError):  # closed meanwhile
        return (
            os.path.samestat(opened.stat(), wanted)
            and "lock:" in (opened.parent.with_name("fdinfo") / opened.name).read_text()
        )
    return False
