"""State -> the lines of a terminal of a given size: title, body with its window, message, keys. Pure."""

from __future__ import annotations

import io
from collections.abc import Callable

from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.walkthrough.keys import keys_of
from hairpin_doctor.walkthrough.screens import TITLES, show
from hairpin_doctor.walkthrough.state import Walk

NARROWEST, LOWEST = 40, 10


def frame(walk: Walk, look: Look, rows: int) -> list[str]:
    """Exactly the lines to paint, never more than `rows`; a body that is longer has a window that up and down move."""
    header = _lines(look, lambda page: _header(walk, page))
    footer = _lines(look, lambda page: _footer(walk, page))
    body = _lines(look, lambda page: show(walk, page))
    if walk.screen == "copy":
        return [*body[: rows - len(footer)], *footer]
    space = max(LOWEST, rows) - len(header) - len(footer)
    if len(body) > space:
        body = _window(body, space - 1, walk.offset, look)
    return [*header, *body, *([""] * (space - len(body))), *footer]


def _window(body: list[str], space: int, offset: int, look: Look) -> list[str]:
    start = min(offset, len(body) - space)
    left = len(body) - space - start
    sign = ("↓", "↑") if look.unicode else ("down", "up")
    said = [f"{left} more below ({sign[0]})"] if left else []
    said += [f"{start} above ({sign[1]})"] if start else []
    return [*body[start : start + space], f"-- {', '.join(said)}"]


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
