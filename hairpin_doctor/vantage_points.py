"""Vantage points that come together: the same one twice, or two machines of one name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from hairpin_doctor.recording import Recording
from hairpin_doctor.vantage_point import STAND_IN
from probes.questions.links import Links
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
    found = _answer(recording, Identity)
    return (found.boot_id, found.network_namespace) if found else None


Answer = TypeVar("Answer")


def _answer(recording: Recording, kind: type[Answer]) -> Answer | None:
    return next((each.answer for each in recording.asked if isinstance(each.answer, kind)), None)


def newest_of_each(recordings: Iterable[Recording]) -> tuple[tuple[Recording, ...], tuple[str, ...]]:
    """Each vantage point once, the newest of it, under names that differ; and a sentence for each left out."""
    kept: list[Recording] = []
    said: list[str] = []
    for recording in sorted(recordings, key=lambda each: datetime.fromisoformat(each.taken_at), reverse=True):
        me = identity_of(recording)
        newer = next((each for each in kept if _is_the_same(recording, me, each)), None)
        if newer is not None:
            if recording.asked != newer.asked:
                when = recording.taken_at
                said.append(
                    f"{newer.vantage_point} was scanned more than once: the older scan of {when} is left out"
                )
            continue
        name = unique_name(recording.vantage_point, [each.vantage_point for each in kept])
        kept.append(replace(recording, vantage_point=name))
    return tuple(kept), tuple(said)


def _is_the_same(recording: Recording, me: tuple[str, int] | None, newer: Recording) -> bool:
    if me is not None and identity_of(newer) == me:
        return True
    return _was_rebooted(recording, newer)


def _was_rebooted(older: Recording, newer: Recording) -> bool:
    """One machine-id and one MAC at least, in two boots; clones share the first and not the second."""
    one, other = _answer(older, Identity), _answer(newer, Identity)
    if one is None or other is None or one.machine is None or one.boot_id == other.boot_id:
        return False
    return one.machine == other.machine and bool(_permanent_macs(older) & _permanent_macs(newer))


def _permanent_macs(recording: Recording) -> frozenset[str]:
    """Of network cards, a VM's too: what software made (bridges, veths) has none."""
    found = (each.answer for each in recording.asked if isinstance(each.question, Links))
    links = next((each for each in found if isinstance(each, tuple)), ())
    return frozenset(link.permanent_mac for link in links if link.permanent_mac)


def unique_name(name: str, taken: Collection[str]) -> str:
    """`name`, or `name-2` and so on where another vantage point has it."""
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
