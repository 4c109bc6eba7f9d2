"""Repeating something and keeping how long it took."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """Times in milliseconds."""

    name: str
    times: tuple[float, ...]

    @property
    def median(self) -> float:
        """What is quoted: a shared machine makes single figures and means unfair."""
        return statistics.median(self.times)

    @property
    def lowest(self) -> float:
        """The fastest."""
        return min(self.times)

    @property
    def highest(self) -> float:
        """The slowest."""
        return max(self.times)


def timed(work: Callable[[], object]) -> float:
    """How long it took, in milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def measured(name: str, work: Callable[[], object], times: int, warm_up: int = 1) -> Figure:
    """Do it `times` times, after some that do not count."""
    for _ in range(warm_up):
        work()
    return Figure(name, tuple(timed(work) for _ in range(times)))
