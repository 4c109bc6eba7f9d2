"""A page for a terminal: marks with words, wrapped paragraphs, and blocks that can be pasted because nothing breaks them."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from hairpin_doctor.report.printable import ascii_only, printable, printable_block

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 100
COMMAND = re.compile(r"`[^`]+`|(?:sudo )?hairpin-doctor scan [^ ]+")  # never broken across lines
GLUE = "\x00"
PLAIN_TERMINALS = ("dumb", "vt100", "vt102", "vt220", "unknown")


@dataclass(frozen=True)
class Mark:
    """A sign, its ASCII stand-in, its colour, and the word that says the same."""

    sign: str
    ascii: str
    style: str


MARKS: Mapping[str, Mark] = {
    "good": Mark("√", "+", "green"),
    "bad": Mark("×", "x", "bold red"),
    "warn": Mark("‼", "!", "yellow"),
    "note": Mark("–", "-", "cyan"),
    "unknown": Mark("?", "?", "yellow"),
}


@dataclass(frozen=True)
class Look:
    """What the terminal can show. `width` in columns."""

    unicode: bool
    colour: bool
    width: int

    @classmethod
    def of(cls, stream: IO[str], environment: Mapping[str, str]) -> Look:
        """From the stream's encoding and TERM, NO_COLOR (no-color.org) and the terminal's size."""
        plain = environment.get("TERM", "") in PLAIN_TERMINALS
        encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
        colour = stream.isatty() and not plain and not environment.get("NO_COLOR")
        return cls(
            unicode=encoding.startswith("utf") and not plain, colour=colour, width=_width(stream, environment)
        )


def _width(stream: IO[str], environment: Mapping[str, str]) -> int:
    columns = environment.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


class Page:
    """Writes to one stream. All text is made harmless here, so that nothing from outside reaches a terminal raw."""

    def __init__(self, stream: IO[str] | None = None, look: Look | None = None) -> None:
        self._stream = stream or sys.stdout
        self.look = look or Look.of(self._stream, os.environ)
        self.width = max(40, min(self.look.width, WIDEST))
        self._console: Console | None = None

    def blank(self) -> None:
        """An empty line."""
        self._write("", None)

    def heading(self, text: str) -> None:
        """An underlined heading after an empty line."""
        lines = self._wrapped(text, self.width)
        self.blank()
        for line in lines:
            self._write(line, "bold")
        self._write(("─" if self.look.unicode else "-") * max(map(len, lines)), "dim")

    def marked(self, mark: str, word: str, text: str, indent: int = 0, *, pointed: bool = False) -> None:
        """`× diagnosed  text`, the text wrapped below itself; `pointed`: `>` stands before it, in its indent."""
        sign = MARKS[mark]
        before = ">".ljust(indent) if pointed else " " * indent
        first = f"{before}{sign.sign if self.look.unicode else sign.ascii} "
        lead = f"{first}{self._shown(word)}  "
        if len(lead) < self.width // 2:
            self._write_led(lead, sign.style, self._wrapped(text, self.width - len(lead)))
        elif len(lead) + len(self._shown(text)) <= self.width:
            self._write_led(lead, sign.style, [self._shown(text)])
        else:
            lines = self._wrapped(f"{word}  {text}", self.width - len(first))
            self._write_led(first, sign.style, lines, sign.style)

    def item(self, text: str, indent: int = 2, style: str | None = None) -> None:
        """A list item, wrapped."""
        lead = f"{' ' * indent}{'·' if self.look.unicode else '*'} "
        self._write_led(lead, "dim", self._wrapped(text, self.width - len(lead)), style)

    def led(self, lead: str, text: str, style: str | None = None) -> None:
        """A paragraph after `lead`, wrapped below itself."""
        self._write_led(lead, style, self._wrapped(text, self.width - len(lead)), style)

    def text(self, text: str, indent: int = 0, style: str | None = None) -> None:
        """A wrapped paragraph."""
        for line in self._wrapped(text, self.width - indent):
            self._write(" " * indent + line, style)

    def verbatim(self, text: str, style: str | None = "cyan") -> None:
        """Lines as they are, from the first column and however long: what is pasted must not be broken or indented."""
        for line in printable_block(text).rstrip("\n").split("\n"):
            self._write(line if self.look.unicode else ascii_only(line), style)

    def line(self, text: str, style: str | None = None) -> None:
        """One line as it is."""
        self._write(self._shown(text), style)

    def columns(self, rows: Iterable[tuple[str, tuple[str, ...]]], indent: int = 2) -> None:
        """Aligned columns after a mark; the last column is wrapped below itself."""
        found = [(mark, tuple(map(self._shown, cells))) for mark, cells in rows]
        if not found:
            return
        count = len(found[0][1])
        widths = [max(len(cells[i]) for _, cells in found) for i in range(count - 1)]
        for mark, cells in found:
            sign = MARKS[mark]
            cut = "  ".join(cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=True))
            lead = f"{' ' * indent}{sign.sign if self.look.unicode else sign.ascii} {cut}  "
            self._write_led(lead, sign.style, self._wrapped(cells[-1], max(20, self.width - len(lead))))

    def _write_led(
        self, lead: str, style: str | None, lines: list[str], text_style: str | None = None
    ) -> None:
        first, *rest = lines or [""]
        self._write_parts([(lead, style), (first, text_style)])
        for line in rest:
            self._write(" " * len(lead) + line, text_style)

    def _wrapped(self, text: str, width: int) -> list[str]:
        shown = COMMAND.sub(lambda found: found[0].replace(" ", GLUE), self._shown(text))
        lines = textwrap.wrap(shown, max(20, width), break_long_words=False, break_on_hyphens=False)
        return [line.replace(GLUE, " ") for line in lines]

    def _shown(self, text: str) -> str:
        clean = printable(text)
        return clean if self.look.unicode else ascii_only(clean)

    def _write(self, text: str, style: str | None) -> None:
        self._write_parts([(text, style)])

    def _write_parts(self, parts: list[tuple[str, str | None]]) -> None:
        if not self.look.colour:
            self._stream.write("".join(text for text, _ in parts).rstrip() + "\n")
            return
        from rich.text import Text

        if self._console is None:
            self._console = self._make_console()
        line = Text.assemble(*((text, style or "") for text, style in parts))
        line.rstrip()
        self._console.print(line, soft_wrap=True, highlight=False, markup=False, emoji=False)

    def _make_console(self) -> Console:
        from rich.console import Console

        return Console(file=self._stream, force_terminal=True, width=self.width, legacy_windows=False)
