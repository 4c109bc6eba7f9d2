"""Where a walk stands: a value. Screens draw it, keys make the next one, and nothing in here touches a terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from hairpin_doctor.report.path_picture import chosen
from hairpin_doctor.report.report import Diagnosis, Fix, Report, Step
from hairpin_doctor.report.service_path import ServicePath

Screen = Literal[
    "ask", "rights", "look", "answer", "hops", "cause", "ruled out", "fixes", "plan", "apply", "keep", "end",
    "copy", "quit",
]  # fmt: skip
Act = Literal[
    "look", "apply", "keep", "keep and leave", "undo", "settle", "save", "copy", "become root", "leave"
]


@dataclass(frozen=True)
class Progress:
    """How far a look has come: done and all of each layer, in order; the path as far as it shows."""

    layers: tuple[tuple[str, int, int], ...] = ()
    paths: tuple[ServicePath, ...] = ()


@dataclass(frozen=True)
class Walk:
    """The whole state. `title`: what is walked through. `can_ask`: another target or report can be typed.

    `cannot_apply`: why the chosen fix is only shown, None where it is not; `left`: its steps that stay with people, and
    `to_do` those of the fix that was applied. `changed`: a fix is in force and could be taken back; `must_confirm`: it is
    taken back in `seconds_left` unless somebody says yes. `elapsed`: seconds of a look or a change so far.
    `said`: what was done, a sentence each. `typed`: so far.
    """

    title: str
    screen: Screen
    can_ask: bool = False
    before: tuple[Screen, ...] = ()
    report: Report | None = None
    progress: Progress = Progress()
    cannot_apply: str | None = None
    left: tuple[Step, ...] = ()
    to_do: tuple[Step, ...] = ()
    cause: int = 0
    fix: int = 0
    drawn: int = 0
    hop: int = 0
    more: bool = False
    offset: int = 0
    typed: str = ""
    message: str | None = None
    said: tuple[str, ...] = ()
    changed: bool = False
    must_confirm: bool = False
    seconds_left: int | None = None
    elapsed: int = 0
    note: str | None = None

    def to(self, screen: Screen) -> Walk:
        """On to another screen, from which `back` leads here."""
        return replace(
            self, screen=screen, before=(*self.before, self.screen), more=False, offset=0, message=None
        )

    def back(self) -> Walk:
        """The screen before; the first one stays."""
        if not self.before:
            return replace(self, message="this is the first screen")
        *earlier, last = self.before
        return replace(self, screen=last, before=tuple(earlier), more=False, offset=0, message=None)

    @property
    def causes(self) -> tuple[Diagnosis, ...]:
        """The causes to go through, each once: what breaks, then what lurks."""
        found = self.report.of_severity("broken", "latent") if self.report else ()
        return tuple({each.code: each for each in reversed(found)}.values())[::-1]

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The cause that is looked at."""
        return self.causes[self.cause] if self.cause < len(self.causes) else None

    @property
    def chosen_fix(self) -> Fix | None:
        """The fix that is looked at."""
        fixes = self.diagnosis.fixes if self.diagnosis else ()
        return fixes[self.fix] if self.fix < len(fixes) else None

    @property
    def paths(self) -> tuple[ServicePath, ...]:
        """All that can be drawn, those worth most first."""
        if self.report is None:
            return ()
        first = chosen(self.report)
        return (*first, *(each for each in self.report.paths if each not in first))

    @property
    def path(self) -> ServicePath | None:
        """The path that is drawn."""
        return self.paths[self.drawn] if self.drawn < len(self.paths) else None
