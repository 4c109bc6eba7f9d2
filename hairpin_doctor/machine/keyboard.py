"""Single keys from a terminal: no Enter, no echo, and the terminal as it was afterwards, whatever happens."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import tty
from collections import deque
from types import TracebackType

NAMES = {
    "\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", "\x1b": "escape", " ": "space",
    "\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[5~": "page up", "\x1b[6~": "page down",
    "\x1b[C": "right", "\x1b[D": "left", "\x1bOC": "right", "\x1bOD": "left", "\x04": "end of input",
}  # fmt: skip

KEY = re.compile(r"\x1b\[[0-9;?]*[A-Za-z~]|\x1bO[A-Za-z]|.", re.DOTALL)
BEGUN = re.compile(rb"\x1b(\[[0-9;?]*|O)?$")
REST_OF_SEQUENCE_S = 0.05


class Keyboard:
    """Keys of standard input while it is entered. Ctrl-C stays a signal, so that it works in every moment."""

    def __enter__(self) -> Keyboard:
        self._descriptor = sys.stdin.fileno()
        self._waiting: deque[str] = deque()
        self._before = termios.tcgetattr(self._descriptor)
        tty.setcbreak(self._descriptor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._before)

    def pressed(self, seconds: float) -> str | None:
        """A key by its name or as its character; None if none came in time. Raises EOFError where the terminal is gone."""
        if not self._waiting and self._readable(seconds):
            self._waiting.extend(keys(self._read()))
        return self._waiting.popleft() if self._waiting else None

    def _readable(self, seconds: float) -> bool:
        return bool(select.select([self._descriptor], [], [], seconds)[0])

    def _read(self) -> str:
        """What has come, escape sequences whole: a serial line brings them in pieces."""
        found = os.read(self._descriptor, 1024)
        if not found:
            raise EOFError
        while BEGUN.search(found) and self._readable(REST_OF_SEQUENCE_S):
            found += os.read(self._descriptor, 1024)
        return found.decode("utf-8", "ignore")


def keys(text: str) -> list[str]:
    """The names of the keys that sent `text`, characters by themselves; sequences without a name are passed over."""
    found = (NAMES.get(each, each) for each in KEY.findall(text))
    return [each for each in found if not each.startswith("\x1b")]
