"""Waiting for a person at a terminal."""

from __future__ import annotations

import select
import sys
import termios


def typed_within(seconds: float) -> str | None:
    """A line from standard input, "" at its end, or None if nothing was typed in time."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return sys.stdin.readline().strip() if readable else None


def forget_typed() -> None:
    """What was typed before a question is no answer to it; standard input is a terminal."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
