"""Prometheus' text format, as far as gauges and counters go (prometheus.io, "Exposition formats"); nothing is trusted."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]{0,199})(?:\{(?P<labels>.{0,1800})\})?"
    r"[ \t]+(?P<value>[0-9.eE+-]{1,40})(?:[ \t]+-?\d{1,20})?"
)
LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
LONGEST_LINE, MOST = 2000, 20_000
ESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@dataclass(frozen=True)
class Sample:
    """One line: the metric's name, its labels, its value (finite)."""

    name: str
    labels: dict[str, str]
    value: float


def samples(text: str, wanted: Collection[str]) -> Iterator[Sample]:
    """The samples of these metrics; lines that are none, are too long, or come after too many, are left out."""
    found = 0
    for line in text.splitlines():
        if found >= MOST:
            return
        match = SAMPLE.fullmatch(line.strip()) if len(line) <= LONGEST_LINE else None
        if match is None or match["name"] not in wanted:
            continue
        value, labels = _number(match["value"]), _labels(match["labels"] or "")
        if value is not None and labels is not None:
            found += 1
            yield Sample(match["name"], labels, value)


def _number(written: str) -> float | None:
    try:
        found = float(written)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _labels(written: str) -> dict[str, str] | None:
    """None where the text is no list of labels."""
    found: dict[str, str] = {}
    position = 0
    while position < len(written):
        match = LABEL.match(written, position)
        if match is None:
            return None
        found[match[1]] = re.sub(r"\\.", lambda each: ESCAPED.get(each[0], each[0]), match[2])
        position = match.end()
    return found
