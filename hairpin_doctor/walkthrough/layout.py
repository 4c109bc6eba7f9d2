"""State -> the lines of a terminal of a given size: title, body with its window, message, keys. Pure."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from math import ceil

from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.walkthrough.keys import keys_of
from hairpin_doctor.walkthrough.screens import TITLES, show
from hairpin_doctor.walkthrough.state import Walk

LOWEST = 10
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def frame(walk: Walk, look: Look, rows: int) -> list[str]:
    """Exactly the lines to paint, never more than `rows` high; a body that is longer has a window that up and down move.

    A line may be wider than the terminal only where it is to be copied: the terminal then shows it on several rows.
    """
    header = [] if walk.screen == "copy" else _lines(look, lambda page: _header(walk, page))
    footer = _lines(look, lambda page: _footer(walk, page))
    body = _lines(look, lambda page: show(walk, page))
    space = max(LOWEST, rows) - len(header) - len(footer)
    if height(body, look.width) > space:
        body = _window(body, space - 1, walk.offset, look)
    filling = [] if walk.screen == "copy" else [""] * (space - height(body, look.width))
    return [*header, *body, *filling, *footer]


def height(lines: list[str], width: int) -> int:
    """The rows that they take on a terminal of that width."""
    return sum(max(1, ceil(len(ESCAPES.sub("", line)) / width)) for line in lines)


def _window(body: list[str], space: int, offset: int, look: Look) -> list[str]:
    last = next(n for n in range(len(body)) if height(body[n:], look.width) <= space or n == len(body) - 1)
    start = min(offset, last)
    shown: list[str] = []
    for line in body[start:]:
        if height([*shown, line], look.width) > space and shown:
            break
        shown.append(line)
    left = len(body) - start - len(shown)
    sign = ("↓", "↑") if look.unicode else ("down", "up")
    said = [f"{left} more below ({sign[0]})"] if left else []
    said += [f"{start} above ({sign[1]})"] if start else []
    return [*shown, f"-- {', '.join(said)}"]


def _header(walk: Walk, page: Page) -> None:
    page.line(f"hairpin-doctor  {walk.title}  -  {TITLES[walk.screen]}"[: page.width], "bold")
    page.line(("─" if page.look.unicode else "-") * page.width, "dim")


def _footer(walk: Walk, page: Page) -> None:
    if walk.message:
        page.text(walk.message, 0, "yellow")
    keys = keys_of(walk) or (("Ctrl-C", "stop"),)
    rest = [f"[{key}] {what}" for key, what in keys]
    line = ""
    for each in rest:
        if line and len(line) + 2 + len(each) > page.width:
            page.line(line, "cyan")
            line = each
        else:
            line = f"{line}  {each}" if line else each
    page.line(line, "cyan")


def _lines(look: Look, write: Callable[[Page], None]) -> list[str]:
    stream = io.StringIO()
    write(Page(stream, look))
    return stream.getvalue().rstrip("\n").split("\n") if stream.getvalue() else []
