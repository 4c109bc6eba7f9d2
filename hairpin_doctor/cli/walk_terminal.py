"""The terminal of a walk: whole screens out, single keys in, and everything as it was at the end."""

from __future__ import annotations

import os
import sys
import termios
from contextlib import ExitStack, suppress
from types import TracebackType

from hairpin_doctor.machine.keyboard import Keyboard
from hairpin_doctor.machine.signals import suspending
from hairpin_doctor.report.page import PLAIN_TERMINALS, Look
from hairpin_doctor.walkthrough.layout import height
from hairpin_doctor.walkthrough.loop import REPAINT, osc52

OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
ROWS = 24
HOME_AND_CLEAR, CLEAR_LINE, CLEAR_BELOW = "\x1b[H\x1b[2J", "\x1b[K", "\x1b[J"


class WalkTerminal:
    """Standard input and output while it is entered. A plain terminal (vt100) gets no sequence newer than itself."""

    def __init__(self) -> None:
        self._plain = os.environ.get("TERM", "") in PLAIN_TERMINALS
        self._keyboard = Keyboard()
        self._wrapped = False
        self._shown: tuple[os.terminal_size | None, list[str]] = (None, [])
        self._resumed = False
        self._stack = ExitStack()

    def __enter__(self) -> WalkTerminal:
        self._take()
        self._stack.enter_context(suspending(self._give_back, self._take_again))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._give_back()

    def _take(self) -> None:
        self._keyboard.__enter__()
        self._write("" if self._plain else OTHER_SCREEN)
        self._write(HOME_AND_CLEAR)

    def _take_again(self) -> None:
        self._take()
        self._shown, self._resumed = (None, []), True

    def _give_back(self) -> None:
        with suppress(OSError, termios.error):  # the terminal may be what is gone
            self._keyboard.__exit__(None, None, None)
            self._write(HOME_AND_CLEAR if self._plain else FIRST_SCREEN)

    def pressed(self, seconds: float) -> str | None:
        """A key by its name, or None."""
        key = None if self._resumed else self._keyboard.pressed(seconds)
        if self._resumed:
            key, self._resumed = REPAINT, False
        return key

    def size(self) -> tuple[Look, int]:
        """What the terminal can show now, and its rows."""
        look, size = Look.of(sys.stdout, os.environ), _size()
        return look, size.lines if size else ROWS

    def paint(self, lines: list[str]) -> None:
        """What has changed since the last screen, line by line: nothing flickers, and a serial line keeps up."""
        size, (size_before, before) = _size(), self._shown
        wraps = size is not None and height(lines, size.columns) > len(lines)
        if size != size_before or wraps or self._wrapped:
            before = []
            self._write(HOME_AND_CLEAR)
        self._wrapped, self._shown = wraps, (size, lines)
        if wraps:
            self._write("\r\n".join(lines))
            return
        changed = (
            f"\x1b[{row};1H{line}{CLEAR_LINE}"
            for row, line in enumerate(lines, start=1)
            if row > len(before) or before[row - 1] != line
        )
        below = f"\x1b[{len(lines) + 1};1H{CLEAR_BELOW}" if len(before) > len(lines) else ""
        self._write("".join(changed) + below)

    def clipboard(self, text: str) -> None:
        """By OSC 52; terminals without it ignore that, a plain one is spared it."""
        if not self._plain:
            self._write(osc52(text))

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _size() -> os.terminal_size | None:
    try:
        found = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return None
    return found if found.lines else None
