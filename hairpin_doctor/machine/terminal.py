"""Waiting for a person at a terminal."""

from __future__ import annotations

import select
import sys


def typed_within(seconds: float) -> str | None:
    """A line from standard input, "" at its end, or None if nothing was typed in time."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return sys.stdin.readline().strip() if readable else None
