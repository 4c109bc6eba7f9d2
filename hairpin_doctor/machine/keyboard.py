"""Single keys from a terminal: no Enter, no echo, and the terminal as it was afterwards, whatever happens."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType

NAMES = {
    "\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", "\x1b": "escape", " ": "space",
    "\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[5~": "up", "\x1b[6~": "down",
    "\x1b[C": "right", "\x1b[D": "left", "\x1bOC": "right", "\x1bOD": "left", "\x04": "q",
}  # fmt: skip


class Keyboard:
    """Keys of standard input while it is entered. Ctrl-C stays a signal, so that it works in every moment."""

    def __enter__(self) -> Keyboard:
        self._descriptor = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._descriptor)
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._before)

    def pressed(self, seconds: float) -> str | None:
        """A key by its name or as its character; None if none came in time. Raises EOFError where the terminal is gone."""
        readable, _, _ = select.select([self._descriptor], [], [], seconds)
        if not readable:
            return None
        found = os.read(self._descriptor, 32)
        if not found:
            raise EOFError
        return named(found.decode("utf-8", "ignore"))


def named(text: str) -> str:
    """The name of what one read gave: an escape sequence is one key, of fast typing the first counts."""
    if text in NAMES:
        return NAMES[text]
    return "" if text.startswith("\x1b") else NAMES.get(text[:1], text[:1])
