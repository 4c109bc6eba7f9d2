"""What a walk does outside of its screens: look, apply, take back, save; for this machine, for a file, for a lab."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hairpin_doctor.recording import Recording, RememberingHost
from hairpin_doctor.report.compose import with_recordings
from hairpin_doctor.report.files import BadReport, save
from hairpin_doctor.report.report import Diagnosis, Fix, Report, Step
from hairpin_doctor.scan import NoTarget, Request, Scanned, judge, scan
from hairpin_doctor.walkthrough.state import Progress
from probes.catalogue import CATALOGUE as PROBES
from probes.host import Host
from probes.probe import Layer, Scope
from probes.target import BadTarget

Tell = Callable[[str], None]
Tick = Callable[[Progress], None]
FILE = "hairpin-doctor-walk.json"
DRAW_EVERY = 0.4


class Trouble(Exception):
    """What went wrong, in one sentence for people; the walk goes on."""


@dataclass(frozen=True)
class Applied:
    """What applying came to. `changed`: a fix is in force. `must_confirm`: it is taken back unless a person says yes.

    `note`: how long it holds, or what else there is to say, for people. `taken_back`: it is in force no more.
    """

    report: Report
    changed: bool
    must_confirm: bool
    note: str | None = None
    taken_back: bool = False


class Doings(Protocol):
    """One kind of walk."""

    def look(self, typed: str, tick: Tick) -> Report:
        """Look, or look again. Raises Trouble."""

    def cannot_apply(self, diagnosis: Diagnosis, fix: Fix) -> str | None:
        """Why a fix can only be shown; None where it can be applied."""

    def left_to_people(self, diagnosis: Diagnosis, fix: Fix) -> tuple[Step, ...]:
        """The steps that applying it leaves to people, because they belong elsewhere."""

    def apply(self, diagnosis: Diagnosis, fix: Fix, tell: Tell) -> Applied:
        """Carry it out and look again. Raises Trouble."""

    def seconds_left(self) -> float | None:
        """Until what was applied is taken back by itself; None once it awaits no answer any more."""

    def settle(self, tell: Tell) -> Applied:
        """What became of it without an answer from here. Raises Trouble."""

    def keep(self) -> None:
        """Confirm what awaits it. Raises Trouble."""

    def undo(self, tell: Tell) -> Applied:
        """Take back what was applied and look again; the note is for people. Raises Trouble."""

    def save(self) -> str:
        """Write the report; the sentence that says where. Raises Trouble."""

    def close(self, tell: Tell) -> None:
        """Leave nothing open behind; says what that takes."""


def watched(host: Host, request: Request, tick: Tick, others: tuple[Recording, ...] = ()) -> Scanned:
    """A scan that tells how far it is, layer by layer, with the path as far as it shows. Raises Trouble."""
    count = Counter(probe.layer for probe in request.probes)
    done: Counter[Layer] = Counter()
    layers = {probe.id: probe.layer for probe in PROBES}
    targets = request.targets or tuple(dict.fromkeys(t for each in others for t in each.scope.targets))
    watching, drawn = RememberingHost(host), 0.0
    paths = ()

    def progress(name: str) -> None:
        nonlocal drawn, paths
        done[layers[name]] += 1
        now = time.monotonic()
        if targets and now - drawn > DRAW_EVERY:
            so_far = Recording("this machine", "1970-01-01T00:00:00+00:00", Scope(targets), watching.asked())
            paths = judge((so_far, *others)).report.paths  # type: ignore[assignment]
            drawn = time.monotonic()
        found = tuple((str(layer), done[layer], count[layer]) for layer in Layer if count[layer])
        tick(Progress(found, paths))

    try:
        return scan(watching, request, progress)
    except (BadTarget, NoTarget) as error:
        raise Trouble(str(error)) from None


def saved(scanned: Scanned) -> str:
    """Save the report into the working directory; the sentence that says so. Raises Trouble."""
    try:
        save(with_recordings(scanned.report, scanned.recordings), FILE)
    except BadReport as error:
        raise Trouble(str(error)) from None
    return f"saved to {os.path.join(os.getcwd(), FILE)}"  # noqa: PTH118, PTH109 - text for people


class Confirmed:
    """A kind of walk in which nothing that was applied awaits an answer."""

    def seconds_left(self) -> float | None:
        """Nothing awaits one."""
        return None

    def settle(self, tell: Tell) -> Applied:  # noqa: ARG002
        """There is nothing to settle."""
        raise Trouble("nothing awaits an answer")

    def keep(self) -> None:
        """There is nothing to confirm."""

    def close(self, tell: Tell) -> None:
        """Nothing is open."""


class Replay(Confirmed):
    """A saved report: everything can be seen, nothing is touched."""

    def __init__(self, recordings: tuple[Recording, ...]) -> None:
        self._recordings = recordings
        self._scanned: Scanned | None = None

    def look(self, typed: str, tick: Tick) -> Report:  # noqa: ARG002 - a file has its targets
        """Judge the file anew."""
        self._scanned = judge(self._recordings)
        runs = self._scanned.report.probes
        layers = dict.fromkeys(run.layer for run in runs)
        counts = Counter(run.layer for run in runs)
        tick(
            Progress(tuple((each, counts[each], counts[each]) for each in layers), self._scanned.report.paths)
        )
        return self._scanned.report

    def cannot_apply(self, diagnosis: Diagnosis, fix: Fix) -> str | None:  # noqa: ARG002
        """Never."""
        return "this is a saved report: run hairpin-doctor walk on the machine itself to apply a fix"

    def left_to_people(self, diagnosis: Diagnosis, fix: Fix) -> tuple[Step, ...]:  # noqa: ARG002
        """Nothing is applied."""
        return ()

    def apply(self, diagnosis: Diagnosis, fix: Fix, tell: Tell) -> Applied:  # noqa: ARG002
        """Never."""
        raise Trouble(str(self.cannot_apply(diagnosis, fix)))

    def undo(self, tell: Tell) -> Applied:  # noqa: ARG002
        """There is nothing to take back."""
        raise Trouble("nothing was applied")

    def save(self) -> str:
        """A copy of the file, judged by this version."""
        return saved(self._scanned or judge(self._recordings))
