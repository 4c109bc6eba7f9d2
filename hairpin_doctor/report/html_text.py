"""HTML out of elements: every text and attribute is escaped here, so that nothing from a network becomes markup."""

from __future__ import annotations

import html
import re

from hairpin_doctor.report.printable import printable, printable_block

CODE = re.compile(r"`([^`]+)`")
BLOCKS = re.compile(
    "body|details|div|footer|h[1-3]|head|li|main|p|pre|section|summary|table|tbody|thead|title|tr|ul"
)
VOID = ("meta", "path", "rect", "line", "circle")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: str | None) -> Markup:
    """`element("p", "a < b", class_="x")`; text that is no Markup is escaped, attributes that are None are left out.

    An underscore at the end of an attribute's name is dropped, one inside it becomes a hyphen.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(printable(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Markup(f"<{tag}{given}/>")
    end = "\n" if BLOCKS.fullmatch(tag) else ""  # so that a page can be read and compared line by line
    return Markup(f"<{tag}{given}>{''.join(map(escaped, children))}</{tag}>{end}")


def escaped(text: str) -> Markup:
    """Markup as it is, any other text made harmless for page and terminal."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable_block(text)))


def prose(text: str) -> Markup:
    """A sentence in which what stands between backticks is code."""
    parts = CODE.split(printable(text))
    return joined(
        *(element("code", part) if index % 2 else escaped(part) for index, part in enumerate(parts))
    )


def joined(*parts: str) -> Markup:
    """One piece of HTML after the other."""
    return Markup("".join(map(escaped, parts)))
