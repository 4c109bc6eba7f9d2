"""Walks through recorded lab cases, and a terminal that exists on paper."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hairpin_doctor.recording import Recording
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.report.page import Look
from hairpin_doctor.scan import judge
from hairpin_doctor.walkthrough.state import Walk

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"
CASES = ("bgp-same-subnet", "vip-on-port-mac", "hairpin-off-on-port", "healthy", "unknown-pod-filters")


def recorded(case: str) -> tuple[Recording, ...]:
    report = parse(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
    return tuple(decode_recording(each) for each in report["recordings"])


@pytest.fixture(scope="session")
def walks() -> dict[str, Walk]:
    """A walk through each of the cases, at the answer."""
    return {case: Walk(case, "answer", report=judge(recorded(case)).report) for case in CASES}


@pytest.fixture
def recordings_of() -> Callable[[str], tuple[Recording, ...]]:
    """What the machines of a recorded case answered."""
    return recorded


@dataclass
class PaperTerminal:
    """Presses the given keys, one whenever `ready` says so, and keeps every frame."""

    keys: Iterator[str]
    rows: int = 24
    look: Look = field(default_factory=lambda: Look(unicode=True, colour=False, width=80))
    frames: list[list[str]] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    waits: tuple[str, ...] = ("Looking", "Working")

    def pressed(self, seconds: float) -> str | None:
        import time

        if self.frames and any(self.frames[-1][0].endswith(each) for each in self.waits):
            time.sleep(0.01)
            return None
        return next(self.keys)

    def size(self) -> tuple[Look, int]:
        return self.look, self.rows

    def paint(self, lines: list[str]) -> None:
        self.frames.append(lines)

    def clipboard(self, text: str) -> None:
        self.copied.append(text)


@pytest.fixture
def paper() -> Callable[..., PaperTerminal]:
    """`paper("enter", "q")`: a terminal on which these keys are pressed."""
    return lambda *keys: PaperTerminal(iter(keys))
