"""Text made safe for Markdown: names from a network can open no link, no tag, no table cell, and address nobody.

CommonMark with GitHub's extensions (tables, autolinks, mentions), https://github.github.com/gfm/. Text between single
backticks is code in all our sentences, and stays code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hairpin_doctor.report.printable import printable, printable_block

SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~$&]")
# Where a renderer would address a person, refer to an issue, or make a link by itself.
JOINED = re.compile(r"((?<!\w)@(?=\w)|#(?=\d)|\bwww(?=\.)|\w(?=://))")
BLOCK_START = re.compile(r"^\s*([-+=#]|\d+(?=[.)](?:\s|$)))")
CODE = re.compile(r"`([^`]+)`")
NOTHING = "<!-- -->"  # parts what a renderer would join, and shows nothing


def text(raw: str) -> str:
    """One line of prose; `code` in it stays code."""
    parts = CODE.split(printable(raw))  # prose, code, prose, ...
    line = "".join(_code(part) if index % 2 else _prose(part) for index, part in enumerate(parts))
    return BLOCK_START.sub(_escaped_start, line).strip()


def cell(raw: str) -> str:
    """Prose in a table: a bar inside code must be escaped as well, since cells are cut before code is recognised."""
    return re.sub(r"(?<!\\)\|", r"\\|", text(raw))


def row(cells: Iterable[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(map(cell, cells))} |"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table with its head."""
    titles = tuple(head)
    return "\n".join((row(titles), f"|{'---|' * len(titles)}", *(row(each) for each in rows)))


def fenced(raw: str, language: str = "") -> str:
    """A code block that nothing in it can end: the fence is longer than any run of backticks inside."""
    block = printable_block(raw).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{block}\n{fence}"


def _prose(part: str) -> str:
    escaped = SPECIAL.sub(lambda found: f"\\{found[0]}", part)
    return JOINED.sub(rf"\1{NOTHING}", escaped)


def _code(part: str) -> str:
    return f"`{part}`"


def _escaped_start(found: re.Match[str]) -> str:
    mark = found[1]
    return f"{mark}{NOTHING}" if mark.isdigit() else f"\\{mark}"
