"""An option of a plan -> the files of the folder: the machines' in their tree, the cluster's as YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hairpin_doctor.fixes.persistence.choose import CannotPersist, persist
from hairpin_doctor.fixes.persistence.persistence import Persistence, name_of
from hairpin_doctor.mending.handover.cluster import OutputFile, cluster_files
from hairpin_doctor.mending.plan import Option, Plan, Stage
from probes.questions.configuration import CLUSTER_UNITS, NetworkSetup

PLAIN = NetworkSetup((), False, (), (), True, CLUSTER_UNITS)
"""Any machine with systemd: units that are not installed there are named in vain, which systemd allows (systemd.unit(5))."""
SetupOf = Callable[[str], NetworkSetup | None]


@dataclass(frozen=True)
class Part:
    """A stage with what makes it last. `folder`: where its files lie, "" or "NAME/". `why_not`: there are no files, and why.

    `asked`: whether the machine itself said what configures its network; else the files are for any machine with systemd.
    """

    stage: Stage
    folder: str
    lasting: Persistence | None
    why_not: str
    asked: bool

    @property
    def files(self) -> tuple[OutputFile, ...]:
        """Those of a machine in its own tree, those of the cluster in a folder of that name."""
        if self.stage.place == "cluster":
            return cluster_files(self.stage)
        found = self.lasting.files if self.lasting else ()
        return tuple(OutputFile(self.folder + each.path.lstrip("/"), each.text, each.mode) for each in found)


def parts_of(plan: Plan, option: Option, setup_of: SetupOf) -> tuple[Part, ...]:
    """Every stage in its order. With files for more than one machine, each gets a folder of its name."""
    machines = dict.fromkeys(each.machine for each in option.stages if _is_machines(each))
    name = name_of(plan.code, plan.vips)
    return tuple(
        _part(name, stage, f"{folder_name(stage.machine)}/" if len(machines) > 1 else "", setup_of)
        for stage in option.stages
    )


def _is_machines(stage: Stage) -> bool:
    return stage.place in ("host", "client") and bool(stage.changes)


def _part(name: str, stage: Stage, folder: str, setup_of: SetupOf) -> Part:
    if not _is_machines(stage):
        return Part(stage, "", None, "", asked=False)
    setup = setup_of(stage.machine)
    try:
        return Part(stage, folder, persist(name, stage.changes, setup or PLAIN), "", setup is not None)
    except CannotPersist as error:
        return Part(stage, folder, None, str(error), setup is not None)


def folder_name(machine: str) -> str:
    """A machine's name as that of a folder."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", machine).lstrip(".") or "machine"


def files_of(parts: Sequence[Part]) -> Iterator[OutputFile]:
    """All of them, each once."""
    seen: set[str] = set()
    for part in parts:
        for file in part.files:
            if file.path not in seen:
                seen.add(file.path)
                yield file
