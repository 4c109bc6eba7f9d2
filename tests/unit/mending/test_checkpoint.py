"""A checkpoint is read back exactly as it was written, and nothing else is taken for one."""

from __future__ import annotations

import json
import typing
from dataclasses import fields, replace
from typing import Any

import pytest

from hairpin_doctor.fixes.changes import KINDS, Change, ResourceRef
from hairpin_doctor.mending.checkpoint import Checkpoint, checkpoint_of

CHECKPOINT = Checkpoint(
    id="20261126T010203-ab12",
    title="Announce",
    code="HD104",
    vips=("192.0.2.53",),
    machine="n5",
    context=None,
    kubeconfig=None,
    made_at="2026-11-26T01:02:03+00:00",
    boot_id="boot",
    doctor=1,
    doctor_started=2,
    deadline=3.5,
    phase="applying",
)


def example(kind: type[Change]) -> Change:
    """One of that kind; every field holds something of its type."""
    hints = typing.get_type_hints(kind)
    return kind(**{field.name: value(hints[field.name]) for field in fields(kind)})


def value(hint: Any) -> Any:
    known = {str: "x", int: 7, bool: True, ResourceRef: ResourceRef("service", "home", "dns")}
    if hint in known:
        return known[hint]
    first = next(each for each in typing.get_args(hint) if each is not type(None))
    return first if isinstance(first, str) else value(first)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_change_is_read_back_as_it_was_written(kind: type[Change]) -> None:
    written = replace(CHECKPOINT, changes=(example(kind),), undo=(example(kind), example(kind)), said=("a",))
    assert checkpoint_of(written.to_json()) == written


@pytest.mark.parametrize(
    "damage",
    [
        {"phase": "kept"},
        {"doctor": "1"},
        {"undo": [{"kind": "Shell", "command": "reboot"}]},
        {"undo": [{"kind": "Sysctl", "name": "x", "value": "1"}]},
        {"undo": None},
    ],
    ids=str,
)
def test_what_is_no_checkpoint_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        checkpoint_of(json.dumps(json.loads(CHECKPOINT.to_json()) | damage))


@pytest.mark.parametrize(
    ("phase", "pending"),
    [
        ("applying", True),
        ("awaiting-confirmation", True),
        ("rollback-incomplete", True),
        ("confirmed", False),
        ("rolled-back", False),
    ],
)
def test_a_run_that_has_not_come_to_an_end_is_pending(phase: Any, pending: bool) -> None:
    assert replace(CHECKPOINT, phase=phase).pending is pending
