"""From a judged scan to plans: which machine changes how, in which order, at what risk, and how success is seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import cast

from hairpin_doctor.diagnose import Judged, Judgement
from hairpin_doctor.fixes.changes import Change, ForgottenNeighbour, Look, commands_of, undo_of
from hairpin_doctor.fixes.fix import Fix, Place, Step
from hairpin_doctor.mending.risks import Risk, risk_of
from hairpin_doctor.rule import Diagnosis

ORDER: tuple[Place, ...] = ("host", "cluster", "router", "client")
CHECKS: dict[Place, str] = {
    "host": "every change is read back from the kernel, and nothing that worked from there may fail",
    "cluster": "the server accepts every object in a dry run first, and each is read back afterwards",
    "router": "a person looks",
    "client": "every change is read back from the kernel, and what failed from there must work",
}


@dataclass(frozen=True)
class Stage:
    """What happens in one place. `here`: this machine can carry it out; else somebody pastes it there."""

    place: Place
    machine: str
    steps: tuple[Step, ...]
    here: bool

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is carried out; commands that only look are left out."""
        return tuple(c for step in self.steps for c in step.changes if not isinstance(c, Look))

    @property
    def commands(self) -> tuple[str, ...]:
        """For people who paste, in order; a manifest is apart."""
        return commands_of([change for step in self.steps for change in step.changes])

    @property
    def undo(self) -> tuple[str, ...]:
        """What takes the commands back."""
        return undo_of([change for step in self.steps for change in step.changes])

    @property
    def risk(self) -> Risk:
        """What is at stake."""
        return risk_of(self.changes)

    @property
    def check(self) -> str:
        """The stage's own check; the end-to-end check comes after the last stage."""
        return CHECKS[self.place]


@dataclass(frozen=True)
class Option:
    """One way to mend the cause; `number` is its rank, from 1."""

    number: int
    fix: Fix
    stages: tuple[Stage, ...]

    @property
    def here(self) -> tuple[Stage, ...]:
        """The stages that are carried out from this machine."""
        return tuple(each for each in self.stages if each.here and each.changes)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All that is carried out from this machine, in order."""
        return tuple(change for stage in self.here for change in stage.changes)

    @property
    def elsewhere(self) -> tuple[Stage, ...]:
        """What others have to do."""
        return tuple(each for each in self.stages if each not in self.here)


@dataclass(frozen=True)
class Plan:
    """How one cause can be mended, the best way for this network first; `vips`: all that the same changes mend."""

    code: str
    summary: str
    vips: tuple[str, ...]
    because: tuple[str, ...]
    options: tuple[Option, ...]


def plans(
    judgement: Judgement, here: str | None = None, *, code: str | None = None, context: str | None = None
) -> tuple[Plan, ...]:
    """One plan per cause that has fixes, in the report's order; VIPs that the same changes mend share one.

    `here`: this machine's name among the vantage points; `context`: the kubectl context that may change the cluster.
    """
    wanted = (each for each in judgement.diagnoses if code is None or each.rule.code == code)
    found: dict[object, Plan] = {}
    for each in wanted:
        if cast(Diagnosis, each.verdict).fixes:
            plan = _plan(each, here, context)
            same = found.setdefault(_what(plan), plan)
            found[_what(plan)] = replace(same, vips=tuple(dict.fromkeys((*same.vips, *plan.vips))))
    return tuple(found.values())


def _what(plan: Plan) -> object:
    """What is done, whatever the VIP: one advertisement serves all of them."""
    stages = (stage for option in plan.options for stage in option.stages)
    steps = ((step.machine, step.changes, step.instructions) for stage in stages for step in stage.steps)
    return plan.code, tuple(steps)


def _plan(judged: Judged, here: str | None, context: str | None) -> Plan:
    verdict = cast(Diagnosis, judged.verdict)
    options = tuple(
        Option(number, fix, tuple(_stages(fix.steps, here, context)))
        for number, fix in enumerate(verdict.fixes, start=1)
    )
    return Plan(judged.rule.code, verdict.summary, (str(judged.vip),), verdict.because, options)


def _only_forgets(step: Step) -> bool:
    return bool(step.changes) and all(isinstance(each, ForgottenNeighbour) for each in step.changes)


def _stages(steps: Iterable[Step], here: str | None, context: str | None) -> Iterator[Stage]:
    """Host, cluster, router, client: an interface must be there before it is announced, and a client asks last.

    What was learned is forgotten once all else is done, or it is learned again.
    """
    ordered = sorted(steps, key=lambda step: (_only_forgets(step), ORDER.index(step.place)))
    for (place, machine), group in groupby(ordered, key=lambda step: (step.place, step.machine)):
        by_us = context is not None if place == "cluster" else place != "router" and machine == here
        yield Stage(place, machine, tuple(group), by_us)
