"""State -> the lines of a terminal of a given size: title, body with its window, message, keys. Pure."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable
from dataclasses import replace
from math import ceil

from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.walkthrough.keys import CHOOSING, keys_of
from hairpin_doctor.walkthrough.screens import TITLES, show
from hairpin_doctor.walkthrough.state import Walk

NARROWEST, LOWEST = 40, 10
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def frame(walk: Walk, look: Look, rows: int) -> list[str]:
    """Exactly the lines to paint, never more than `rows` high; a body that is longer has a window that up and down move.

    A line may be wider than the terminal only where it is to be copied: the terminal then shows it on several rows.
    """
    if look.width < NARROWEST or rows < LOWEST:
        return textwrap.wrap(
            f"Make this terminal {NARROWEST} columns wide and {LOWEST} rows high.", look.width
        )[:rows]
    header = [] if walk.screen == "copy" else _lines(look, lambda page: _header(walk, page))
    footer = _lines(look, lambda page: _footer(walk, page))
    body, space = _body(walk, look), _space(walk, look, rows)
    if height(body, look.width) > space:
        choosing = walk.screen in CHOOSING
        body = _window(body, space - 1, walk.offset, look, choosing=choosing)
    filling = [] if walk.screen == "copy" else [""] * (space - height(body, look.width))
    return [*header, *body, *filling, *footer]


def within(walk: Walk, look: Look, rows: int) -> Walk:
    """The walk, its window no further down than there is something to show: one key up then moves it at once."""
    if not walk.offset:
        return walk
    body, space = _body(walk, look), _space(walk, look, rows)
    last = _last(body, space - 1, look) if height(body, look.width) > space else 0
    return replace(walk, offset=min(walk.offset, last))


def _body(walk: Walk, look: Look) -> list[str]:
    return _lines(look, lambda page: show(walk, page))


def _space(walk: Walk, look: Look, rows: int) -> int:
    """The rows that are left for the body."""
    header = [] if walk.screen == "copy" else _lines(look, lambda page: _header(walk, page))
    return rows - len(header) - len(_lines(look, lambda page: _footer(walk, page)))


def height(lines: list[str], width: int) -> int:
    """The rows that they take on a terminal of that width."""
    return sum(max(1, ceil(len(ESCAPES.sub("", line)) / width)) for line in lines)


def _last(body: list[str], space: int, look: Look) -> int:
    """The first line of the last window."""
    return next(n for n in range(len(body)) if height(body[n:], look.width) <= space or n == len(body) - 1)


def _window(body: list[str], space: int, offset: int, look: Look, *, choosing: bool) -> list[str]:
    start = min(offset, _last(body, space, look))
    if choosing and not start:
        pointed = next((n for n, line in enumerate(body) if ESCAPES.sub("", line).startswith("> ")), 0)
        start = pointed if height(body[: pointed + 1], look.width) > space else 0
    shown: list[str] = []
    for line in body[start:]:
        if height([*shown, line], look.width) > space and shown:
            break
        shown.append(line)
    left = len(body) - start - len(shown)
    down, up = ("space", "page up") if choosing else ("↓", "↑") if look.unicode else ("down", "up")
    said = [f"{left} more below ({down})"] if left else []
    said += [f"{start} above ({up})"] if start else []
    return [*shown, f"-- {', '.join(said)}"]


def _header(walk: Walk, page: Page) -> None:
    where = f"{walk.title}  -  {TITLES[walk.screen]}"
    whole = f"hairpin-doctor  {where}"
    page.line(next((each for each in (whole, where) if len(each) <= page.width), TITLES[walk.screen]), "bold")
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
