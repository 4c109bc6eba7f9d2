"""Plans that do the same for several VIPs as one plan, so that one run mends all of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from hairpin_doctor.mending.plan import Option, Plan, Stage


def together(found: Iterable[Plan]) -> tuple[Plan, ...]:
    """In the same order; a plan joins the first of its cause that has the same options on the same machines."""
    joined: list[Plan] = []
    for plan in found:
        same = next((each for each in joined if _alike(each, plan)), None)
        if same is None:
            joined.append(plan)
        else:
            joined[joined.index(same)] = _join(same, plan)
    return tuple(joined)


def _alike(one: Plan, other: Plan) -> bool:
    """Only what one run on a machine mends: what the cluster is told, and what is prose alone, stays apart per VIP."""
    stages = [stage for option in one.options for stage in option.stages]
    carried_out = any(each.changes for each in stages) and all(
        each.place in ("host", "client") for each in stages
    )
    return carried_out and one.code == other.code and _shape(one) == _shape(other)


def _shape(plan: Plan) -> str:
    """What its options are, whatever the VIP."""
    shape = str(
        [
            (
                option.fix.title,
                option.fix.cautions,
                [
                    (s.place, s.machine, s.here, [(step.why, step.instructions) for step in s.steps])
                    for s in option.stages
                ],
            )
            for option in plan.options
        ]
    )
    return _named(plan.vips).sub("VIP", shape)


def _named(vips: tuple[str, ...]) -> re.Pattern[str]:
    """The VIPs as a plan names all of them, and not as a part of a longer address."""
    return re.compile(rf"(?<![\w.:]){re.escape(', '.join(vips))}(?!\w|[.:]\w)")


def _join(one: Plan, other: Plan) -> Plan:
    vips = (*one.vips, *(vip for vip in other.vips if vip not in one.vips))

    def of_all(text: str) -> str:
        return _named(one.vips).sub(", ".join(vips), text)

    options = tuple(_option(a, b, of_all) for a, b in zip(one.options, other.options, strict=True))
    because = tuple(dict.fromkeys((*one.because, f"{other.summary}.", *other.because)))
    return replace(one, vips=vips, because=because, options=options)


def _option(first: Option, second: Option, of_all: Callable[[str], str]) -> Option:
    check = "; ".join(dict.fromkeys((first.fix.check, second.fix.check)))
    cautions = tuple(map(of_all, first.fix.cautions))
    fix = replace(first.fix, title=of_all(first.fix.title), check=check, cautions=cautions)
    stages = tuple(_stage(a, b, of_all) for a, b in zip(first.stages, second.stages, strict=True))
    return replace(first, fix=fix, stages=stages)


def _stage(one: Stage, other: Stage, of_all: Callable[[str], str]) -> Stage:
    """Each step does what both did; what both did alike, once."""
    steps = tuple(
        replace(
            a,
            why=of_all(a.why),
            instructions=of_all(a.instructions) if a.instructions else None,
            changes=tuple(dict.fromkeys((*a.changes, *b.changes))),
        )
        for a, b in zip(one.steps, other.steps, strict=True)
    )
    return replace(one, steps=steps)
