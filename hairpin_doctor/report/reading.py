"""Bytes of a report file that a stranger may have chosen: nothing endless, nothing that blocks, nothing that swells up."""

from __future__ import annotations

import os
import stat
import sys
import zlib
from pathlib import Path
from typing import BinaryIO

LARGEST = 64 * 1024 * 1024
MOST_PARTS = (
    4_000_000  # lists and objects; each costs Python 60 bytes and more, `[],[],` but three in the file
)
STANDARD_INPUT = "-"
GZIP = b"\x1f\x8b"
GZIP_WINDOW = 31  # zlib's way to say "gzip, any window"


class BadReport(ValueError):
    """A file that is no report of ours, or cannot be read or written; the message is one sentence."""


def read_bounded(path: str | Path) -> bytes:
    """The content of a regular file, or of standard input for "-", unpacked if it is gzip's. Raises BadReport."""
    if "\0" in str(path) or not str(path):
        raise BadReport("that is no name of a file.")
    try:
        content = _read(sys.stdin.buffer) if str(path) == STANDARD_INPUT else _regular_file(Path(path))
    except OSError as error:
        raise BadReport(f"{reason(error)}.") from None
    return bounded(content)


def bounded(content: bytes) -> bytes:
    """The same bounds for what came by another way. Raises BadReport."""
    content = _within(content)
    return _checked(_unpacked(content) if content.startswith(GZIP) else content)


def reason(error: OSError) -> str:
    """What the system says, in our words where they are plainer."""
    said = (error.strerror or str(error)).lower()
    return said.replace("no such file or directory", "there is no such file")


def _regular_file(path: Path) -> bytes:
    """Opened without waiting: a FIFO without a writer, or a terminal, would hold us up for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = (
            "a directory"
            if stat.S_ISDIR(mode)
            else "not a regular file (to read a pipe, name - and redirect it)"
        )
        raise BadReport(f"it is {kind}.")
    with os.fdopen(descriptor, "rb") as file:
        return _read(file)


def _read(file: BinaryIO) -> bytes:
    return _within(file.read(LARGEST + 1))


def _within(content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise BadReport(f"it is larger than {LARGEST // 1024**2} MiB, which no report is.")
    return content


def _unpacked(content: bytes) -> bytes:
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    try:
        found = _within(unpacking.decompress(content, LARGEST + 1))
    except zlib.error:
        raise BadReport("it is damaged: gzip cannot unpack it.") from None
    if not unpacking.eof:
        raise BadReport("it is cut off: gzip finds no end.")
    return found


def _checked(content: bytes) -> bytes:
    if content.count(b"[") + content.count(b"{") > MOST_PARTS:
        raise BadReport(f"it has more than {MOST_PARTS // 1_000_000} million parts, which no report has.")
    return content
