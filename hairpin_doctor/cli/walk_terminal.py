"""The terminal of a walk: whole screens out, single keys in, and everything as it was at the end."""

from __future__ import annotations

import os
import sys
from types import TracebackType

from hairpin_doctor.machine.keyboard import Keyboard
from hairpin_doctor.report.page import PLAIN_TERMINALS, Look
from hairpin_doctor.walkthrough.loop import osc52

OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
HOME_AND_CLEAR, CLEAR_LINE, CLEAR_BELOW = "\x1b[H\x1b[2J", "\x1b[K", "\x1b[J"


class WalkTerminal:
    """Standard input and output while it is entered. A plain terminal (vt100) gets no sequence newer than itself."""

    def __init__(self) -> None:
        self._plain = os.environ.get("TERM", "") in PLAIN_TERMINALS
        self._keyboard = Keyboard()

    def __enter__(self) -> WalkTerminal:
        self._keyboard.__enter__()
        self._write("" if self._plain else OTHER_SCREEN)
        self._write(HOME_AND_CLEAR)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(HOME_AND_CLEAR if self._plain else FIRST_SCREEN)
        self._keyboard.__exit__(kind, error, trace)

    def pressed(self, seconds: float) -> str | None:
        """A key by its name, or None."""
        return self._keyboard.pressed(seconds)

    def size(self) -> tuple[Look, int]:
        """What the terminal can show now, and its rows."""
        look = Look.of(sys.stdout, os.environ)
        try:
            rows = os.get_terminal_size(sys.stdout.fileno()).lines
        except OSError:
            rows = 24
        return look, rows or 24

    def paint(self, lines: list[str]) -> None:
        """Over what was there, line by line, so that nothing flickers."""
        self._write("\x1b[H" + "\r\n".join(f"{line}{CLEAR_LINE}" for line in lines) + CLEAR_BELOW)

    def clipboard(self, text: str) -> None:
        """By OSC 52; terminals without it ignore that, a plain one is spared it."""
        if not self._plain:
            self._write(osc52(text))

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
