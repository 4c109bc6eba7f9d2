"""Vantage points that come together: the same one twice, or two machines of one name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from hairpin_doctor.recording import Recording
from hairpin_doctor.vantage_point import STAND_IN
from probes.questions.machine import Identity


def not_shown_by(names: Iterable[str], vips: Iterable[object]) -> tuple[str, ...]:
    """A sentence for each stand-in client about what it cannot show, and how that is seen."""
    scan = f"hairpin-doctor scan {' '.join(map(str, vips))}"
    return tuple(
        f"{name} is no VM: what is wrong in one VM itself (its firewall, routes, neighbour cache, address or bridge port) "
        f"cannot show here. If a VM still fails, in it: {scan} --save vm.json; then here: --with vm.json"
        for name in names
        if name.startswith(STAND_IN)
    )


def identity_of(recording: Recording) -> tuple[str, int] | None:
    """Boot and network namespace: what makes two recordings the same vantage point; None where not recorded."""
    for each in recording.asked:
        if isinstance(each.answer, Identity):
            return each.answer.boot_id, each.answer.network_namespace
    return None


def newest_of_each(recordings: Iterable[Recording]) -> tuple[tuple[Recording, ...], tuple[str, ...]]:
    """Each vantage point once, the newest of it, under names that differ; and a sentence for each left out."""
    kept: list[Recording] = []
    said: list[str] = []
    for recording in sorted(recordings, key=lambda each: datetime.fromisoformat(each.taken_at), reverse=True):
        me = identity_of(recording)
        if me is not None and any(identity_of(each) == me for each in kept):
            name, when = recording.vantage_point, recording.taken_at
            said.append(f"{name} was scanned more than once: the older scan of {when} is left out")
            continue
        name = unique_name(recording.vantage_point, [each.vantage_point for each in kept])
        kept.append(replace(recording, vantage_point=name))
    return tuple(kept), tuple(said)


def unique_name(name: str, taken: Collection[str]) -> str:
    """`name`, or `name-2` and so on where another vantage point has it."""
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
