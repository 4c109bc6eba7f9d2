"""A machine of its own per run, and the doctor applying in a process that can be killed."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hairpin_doctor.lab.machine_state import differences, machine_state
from hairpin_doctor.machine.commands import Place, ip_batch
from hairpin_doctor.machine.namespaces import Namespaces
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.store import Store

NETWORK = (
    "link add bridge0 address 02:00:00:00:00:01 type bridge",
    "link add port0 type veth peer name far0",
    "link set port0 master bridge0 up",
    "link set far0 up",
    "link set bridge0 up",
    "link set lo up",
    "addr add 192.0.2.1/24 brd + dev bridge0",
)
APPLY = Path(__file__).with_name("apply_changes.py")
SETTLED_WITHIN_S = 20.0
numbers = itertools.count()


@dataclass(frozen=True)
class Machine:
    """A namespace with a bridge, the state before anything happened, and where checkpoints go."""

    name: str
    store: Store
    before: dict[str, list[str]]

    @property
    def place(self) -> Place:
        return Place(self.name, self.name)

    def apply(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The doctor as a process; it ends by itself or by what the arguments say."""
        argv = ["ip", "netns", "exec", self.name, sys.executable, str(APPLY), str(self.store.directory)]
        return subprocess.run([*argv, *arguments], capture_output=True, text=True, check=False, timeout=60)

    def settled(self) -> Checkpoint:
        """The last run, once it has come to its end and its watchdog is gone."""
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while time.monotonic() < deadline:
            last = self.store.history()[-1]
            if not last.pending and not self.store.is_watched(last.id):
                return last
            time.sleep(0.05)
        raise AssertionError(f"not settled: {self.store.history()[-1]}")

    def traces(self) -> list[str]:
        """What differs from before."""
        return differences(self.before, machine_state(self.place))


@pytest.fixture
def machine_of(tmp_path: Path) -> Iterator[Callable[[], Machine]]:
    made: list[Namespaces] = []

    def make() -> Machine:
        name = f"fix-{os.getpid()}-{next(numbers)}"
        namespace = Namespaces((name,))
        made.append(namespace)
        namespace.do()
        ip_batch(NETWORK, name)
        time.sleep(0.3)  # until the cable is noticed, so that the state before is not a passing one
        return Machine(name, Store(tmp_path / name), machine_state(Place(name, name)))

    yield make
    for namespace in made:
        namespace.undo()


@pytest.fixture
def machine(machine_of: Callable[[], Machine]) -> Machine:
    return machine_of()
