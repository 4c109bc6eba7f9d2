"""A run of the engine as it stands on disk: written before every change, so that any process can take it back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from hairpin_doctor.fixes.changes import KINDS, Change
from hairpin_doctor.machine.processes import boot_id
from hairpin_doctor.report.strict import WrongType, as_object, as_text, converter

Phase = Literal[
    "applying", "awaiting-confirmation", "installing", "confirmed", "rolled-back", "rollback-incomplete"
]
PENDING: tuple[Phase, ...] = ("applying", "awaiting-confirmation", "installing", "rollback-incomplete")
LISTS = ("changes", "undo", "lasting", "installed", "uninstall")
BY_NAME = {kind.__name__: kind for kind in KINDS}


@dataclass(frozen=True)
class Work:
    """What is to be done: the changes in order, for which cause and VIPs, on which machine, by which kubectl context.

    `lasting`: what is installed once they are confirmed, so that they outlive a reboot.
    """

    title: str
    code: str
    vips: tuple[str, ...]
    machine: str
    changes: tuple[Change, ...]
    context: str | None = None
    lasting: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Checkpoint:
    """One run. `undo` restores the state found, in this order; `deadline` is CLOCK_MONOTONIC in seconds.

    `doctor` and `doctor_started` are the applying process and its start in clock ticks since boot; `kubeconfig` is what
    KUBECONFIG was, for a watchdog without the user's environment. `lasting` waits for the confirmation; `installed` makes
    the run outlive a reboot, and `uninstall` takes that away again, before `undo`. `interfaces` are the indexes of all there
    were, by name, as somebody may rename one; `namespace` is the network namespace of them. `number` counts the runs of this
    machine: its clock may be set back between two of them.
    """

    id: str
    title: str
    code: str
    vips: tuple[str, ...]
    machine: str
    context: str | None
    kubeconfig: str | None
    made_at: str
    boot_id: str
    doctor: int
    doctor_started: int
    deadline: float
    phase: Phase
    changes: tuple[Change, ...] = ()
    undo: tuple[Change, ...] = ()
    said: tuple[str, ...] = field(default=())
    lasting: tuple[Change, ...] = ()
    installed: tuple[Change, ...] = ()
    uninstall: tuple[Change, ...] = ()
    number: int = 0
    interfaces: dict[str, int] = field(default_factory=dict)
    namespace: str = ""

    @property
    def pending(self) -> bool:
        """Whether it still can be, or has to be, taken back before another may begin."""
        return self.phase in PENDING

    @property
    def of_another_boot(self) -> bool:
        """Whether the machine was started anew since: nothing is left of what was set in its kernel."""
        return self.boot_id != boot_id()

    def is_called(self, name: str | None) -> bool:
        """Whether a person who says this means the run: by its cause, one of its VIPs, or its id; None means any."""
        return name is None or name.lower() in {each.lower() for each in (self.code, self.id, *self.vips)}

    def to_json(self) -> str:
        """As a file."""
        plain = asdict(self)
        plain |= {name: [each.to_json() for each in getattr(self, name)] for name in LISTS}
        return json.dumps(plain, indent=1) + "\n"


def checkpoint_of(text: str) -> Checkpoint:
    """Read it back. Raises ValueError, or cattrs' own errors, where the text is none."""
    found = as_object(json.loads(text), "a checkpoint")
    lists = {name: tuple(map(change_of, found.pop(name))) for name in LISTS if name in found}
    head = converter().structure({**found, "changes": [], "undo": []}, Checkpoint)
    return Checkpoint(**{**_fields(head), **lists})


def _fields(checkpoint: Checkpoint) -> dict[str, Any]:
    return {name: getattr(checkpoint, name) for name in checkpoint.__dataclass_fields__}


def change_of(value: object) -> Change:
    """A change from its `to_json()`. Raises ValueError, or cattrs' own errors, where the value is none."""
    found = as_object(value, "a change")
    kind = BY_NAME.get(as_text(found.get("kind"), "kind"))
    if kind is None:
        raise WrongType(f"{found.get('kind')!r} is no kind of change")
    change: Change = converter().structure(found, kind)
    return change
