"""What a built lab leaves on disk, so that `lab down` finds it even after a kill -9 of its builder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hairpin_doctor.machine.files import Directory, File
from hairpin_doctor.machine.namespaces import Namespaces
from hairpin_doctor.machine.processes import started

RUNTIME = Path("/run/hairpin-doctor/lab")


@dataclass(frozen=True)
class State:
    """One lab. `builder` is the process that made it; `kept` means that it may outlive that process."""

    tag: str
    namespaces: Mapping[str, str]
    hostnames: Mapping[str, str]
    builder: int
    builder_started: int
    kept: bool = False
    case: str = ""

    @property
    def directory(self) -> Path:
        """Where its sockets, configurations and logs are."""
        return RUNTIME / self.tag

    @property
    def file(self) -> File:
        """The state file, as a change."""
        return File(RUNTIME / f"{self.tag}.json", json.dumps(asdict(self), indent=1))

    def abandoned(self) -> bool:
        """True if the builder is gone, although the lab was not meant to outlive it."""
        return not self.kept and started(self.builder) != self.builder_started

    def remove(self) -> None:
        """Take away processes, namespaces and files; what is gone already is passed over."""
        Namespaces(tuple(self.namespaces.values())).undo()
        Directory(self.directory).undo()
        self.file.undo()


def this_process() -> tuple[int, int]:
    """(id, start time) of this process."""
    return os.getpid(), started(os.getpid())


def saved() -> Iterator[State]:
    """Every lab that has left its state on this machine."""
    for path in sorted(RUNTIME.glob("*.json")):
        try:
            yield State(**json.loads(path.read_text()))
        except FileNotFoundError:
            continue  # taken down meanwhile
