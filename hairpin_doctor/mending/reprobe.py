"""What worked before and what works now: whether a change may stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from hairpin_doctor.report.report import Report

States = Mapping[str, bool | None]
"""Target as people read it -> works from this machine; None is unknown."""
Probe = Callable[[], States]
TRIES, PAUSE_S = 4, 1.5


@dataclass(frozen=True)
class Comparison:
    """`broken`: worked before and does not now; `mended`: failed before and works; `failing`: failed and still does."""

    broken: tuple[str, ...]
    mended: tuple[str, ...]
    failing: tuple[str, ...]

    def good(self, *, must_mend: bool) -> bool:
        """Whether the change may stay; `must_mend`: what failed has to work now."""
        return not self.broken and not (must_mend and self.failing)

    def why_not(self, *, must_mend: bool) -> str:
        """In words, where it is not good."""
        said = []
        if self.broken:
            said.append(f"{', '.join(self.broken)} worked before and no longer does")
        if must_mend and self.failing:
            said.append(f"{', '.join(self.failing)} still fails")
        return " and ".join(said)


def states_here(report: Report) -> dict[str, bool | None]:
    """Every target as this machine, looked at in this run, experienced it."""
    live = {point.name for point in report.vantage_points if point.live}
    return {t.name: s.works for t, s in report.states() if s.vantage_point in live}


def must_work_from_here(report: Report, vips: Collection[str]) -> bool:
    """Whether the proof of a fix is to be had from this machine: one of the VIPs fails from it, and from nowhere else.

    What fails from elsewhere may fail from here by another way, which this fix does not promise to mend: a node whose own
    rules lead nowhere does not reach the VIP that another node serves, whatever it does for a VM behind it.
    """
    live = {point.name for point in report.vantage_points if point.live}
    failing = {s.vantage_point for t, s in report.states() if t.vip in vips and s.works is False}
    return bool(failing) and failing <= live


def fails_elsewhere(report: Report, vips: Collection[str]) -> tuple[str, ...]:
    """Who else said that one of the VIPs fails, before anything was changed: only they can say whether it works now."""
    live = {point.name for point in report.vantage_points if point.live}
    failing = (s.vantage_point for t, s in report.states() if t.vip in vips and s.works is False)
    return tuple(dict.fromkeys(each for each in failing if each not in live))


def compare(before: States, after: States, vips: Collection[str]) -> Comparison:
    """`failing` and `mended` speak of these VIPs alone, `broken` of everything."""
    ours = [name for name in before if name.split(" ")[0] in vips]
    return Comparison(
        broken=tuple(name for name in before if before[name] is True and after.get(name) is not True),
        mended=tuple(name for name in ours if before[name] is False and after.get(name) is True),
        failing=tuple(name for name in ours if before[name] is False and after.get(name) is not True),
    )


def probe_until_good(probe: Probe, before: States, vips: Collection[str], *, must_mend: bool) -> Comparison:
    """Announcements and service proxies take a moment: look a few times before it counts as failed."""
    found = compare(before, probe(), vips)
    for _ in range(TRIES - 1):
        if found.good(must_mend=must_mend):
            break
        time.sleep(PAUSE_S)
        found = compare(before, probe(), vips)
    return found
