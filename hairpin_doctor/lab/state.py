"""What a built lab leaves on disk, so that `lab down` finds it even after a kill -9 of its builder."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import hairpin_doctor
from hairpin_doctor.machine.commands import Place
from hairpin_doctor.machine.files import Directory, File
from hairpin_doctor.machine.namespaces import Namespaces
from hairpin_doctor.machine.processes import started

RUNTIME = Path("/run/hairpin-doctor/lab")
MAKER = "made-by"


@dataclass(frozen=True)
class State:
    """One lab. `builder` is the process that made it; `kept` means that it may outlive that process.

    `mounts`: the mount namespaces, as files, of the machines that have one of their own.
    """

    tag: str
    namespaces: Mapping[str, str]
    hostnames: Mapping[str, str]
    builder: int
    builder_started: int
    kept: bool = False
    case: str = ""
    mounts: Mapping[str, str] = field(default_factory=dict)

    def place(self, role: str) -> Place:
        """Where commands of that machine run."""
        return Place(self.namespaces[role], self.hostnames[role], self.mounts.get(role, ""))

    @property
    def directory(self) -> Path:
        """Where its sockets, configurations and logs are."""
        return RUNTIME / self.tag

    @property
    def file(self) -> File:
        """The state file, as a change."""
        return File(RUNTIME / f"{self.tag}.json", json.dumps(asdict(self), indent=1))

    @property
    def maker_file(self) -> File:
        """Who makes it, as a change; beside the sockets, for the state file is read by other versions too."""
        return File(self.directory / MAKER, this_maker())

    @property
    def maker(self) -> str:
        """Who made it; empty where that was not written down."""
        try:
            return (self.directory / MAKER).read_text()
        except OSError:
            return ""

    def ours(self) -> bool:
        """Whether this user made it with this installation, or nobody has it any more."""
        return self.abandoned() or (self.kept and self.maker == this_maker())

    def abandoned(self) -> bool:
        """True if the builder is gone, although the lab was not meant to outlive it."""
        return not self.kept and started(self.builder) != self.builder_started

    def remove(self) -> None:
        """Take away processes, namespaces and files; what is gone already is passed over."""
        Namespaces(tuple(self.namespaces.values())).undo()
        Directory(self.directory).undo()
        self.file.undo()


FIELDS = frozenset(each.name for each in fields(State))


def this_process() -> tuple[int, int]:
    """(id, start time) of this process."""
    return os.getpid(), started(os.getpid())


def this_maker() -> str:
    """`alice with /home/alice/hairpin-doctor`: the person, behind sudo too, and where this very package is installed."""
    user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    return f"{user} with {Path(hairpin_doctor.__file__).parent.parent}"


def saved() -> Iterator[State]:
    """Every lab that has left its state on this machine."""
    for path in sorted(RUNTIME.glob("*.json")):
        try:
            found = json.loads(path.read_text())
            yield State(**{name: value for name, value in found.items() if name in FIELDS})
        except FileNotFoundError:
            continue  # taken down meanwhile
