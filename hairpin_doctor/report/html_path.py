"""The path picture as SVG: one box per hop, from the client down to the way back, with a sign and a word in each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hairpin_doctor.report.html_text import Markup, element, joined
from hairpin_doctor.report.page import MARKS as SIGNS
from hairpin_doctor.report.path_picture import MARKS, WORDS, chosen, told, words
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.service_path import Hop, ServicePath

WIDTH, LINE, GAP, PADDING = 680, 20, 18, 10
WAY, ASIDE = 30, 60  # where the way runs, and how far a hop beside it stands out of it
WORD, LETTERS = 120, 60  # width of the word, and how many letters fit beside it


@dataclass(frozen=True)
class Box:
    """A hop with its lines of text, each with its style, and where its left edge is."""

    hop: Hop
    lines: tuple[tuple[str, str], ...]
    left: int

    @property
    def height(self) -> int:
        """In the picture's units."""
        return 2 * PADDING + LINE * len(self.lines)


def path_pictures(report: Report) -> Iterator[Markup]:
    """The paths worth showing, each as a figure; none where the report holds no path."""
    causes = {each.code: each.slug for each in report.diagnoses}
    for path in chosen(report):
        name = f"The path from {path.client or 'a client'} to {path.vip}"
        yield element("section", element("h2", name), element("figure", _picture(path, name, causes)))


def _picture(path: ServicePath, name: str, causes: Mapping[str, str]) -> Markup:
    """The way runs from box to box, and past those that stand beside it."""
    parts: list[Markup] = []
    bottom, way_from = 1, 0
    for box in (_box(hop, path, causes) for hop in path.hops):
        top = bottom + GAP if parts else bottom
        if way_from and not box.hop.beside:
            parts.append(_way(way_from, top))
        parts.append(_drawn(box, top))
        bottom = top + box.height
        way_from = way_from if box.hop.beside else bottom
    spoken = "; ".join((name, *(f"{_word(hop)}: {words(hop, path)}" for hop in path.hops)))
    size = {"viewBox": f"0 0 {WIDTH} {bottom + 1}", "width": str(WIDTH)}
    return element("svg", *parts, role="img", aria_label=spoken, **size)


def _box(hop: Hop, path: ServicePath, causes: Mapping[str, str]) -> Box:
    left = ASIDE if hop.beside else 1
    letters = LETTERS - left // 8
    lines = [(line, "name") for line in textwrap.wrap(words(hop, path), letters)]
    lines += [(line, "said") for said in told(hop, causes) for line in textwrap.wrap(said, letters)]
    return Box(hop, tuple(lines), left)


def _drawn(box: Box, top: int) -> Markup:
    frame = element(
        "rect",
        x=str(box.left),
        y=str(top),
        width=str(WIDTH - box.left - 1),
        height=str(box.height),
        rx="5",
        class_="frame",
    )
    mark = MARKS[box.hop.state]
    sign = _text(box.left + 12, top, 0, f"{SIGNS[mark].sign} {_word(box.hop)}", "state")
    lines = (
        _text(box.left + 12 + WORD, top, row, line, style) for row, (line, style) in enumerate(box.lines)
    )
    look = " breaks" if box.hop.state == "broken" else " beside" if box.hop.beside else ""
    return element("g", frame, sign, *lines, class_=f"{mark}{look}")


def _text(left: int, top: int, row: int, text: str, style: str) -> Markup:
    return element("text", text, x=str(left), y=str(top + PADDING + LINE * row + 15), class_=style)


def _way(start: int, end: int) -> Markup:
    """An arrow down."""
    return joined(
        element("line", x1=str(WAY), y1=str(start), x2=str(WAY), y2=str(end - 2), class_="way"),
        element("path", d=f"M{WAY - 4} {end - 7}L{WAY} {end - 1}L{WAY + 4} {end - 7}", class_="way"),
    )


def _word(hop: Hop) -> str:
    return WORDS.get(hop.state, hop.state)
