"""What makes changes outlive a reboot: files, what brings them into force, and what takes them away again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hairpin_doctor.fixes.changes import Change, ConfigFile, EnabledUnit
from hairpin_doctor.fixes.changes.files import OURS

SETTINGS = "sysctl.d"


@dataclass(frozen=True)
class Persistence:
    """`files`, then `activate` for a root shell; `uninstall` takes both back, what runs included. `remarks`: for people.

    `units`: what systemd has to start at boot, and of it at once what has to run from now on.
    """

    manager: str
    files: tuple[ConfigFile, ...]
    activate: tuple[str, ...]
    uninstall: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    units: tuple[EnabledUnit, ...] = ()

    def __add__(self, other: Persistence) -> Persistence:
        """Both; of two managers the first is named, which settings beside it are not."""
        return Persistence(
            other.manager if self.manager == SETTINGS else self.manager,
            (*self.files, *other.files),
            tuple(dict.fromkeys((*self.activate, *other.activate))),
            tuple(dict.fromkeys((*self.uninstall, *other.uninstall))),
            tuple(dict.fromkeys((*self.remarks, *other.remarks))),
            (*self.units, *other.units),
        )

    @property
    def installation(self) -> tuple[Change, ...]:
        """The files and what has to be enabled, for a machine on which all of it runs already: nothing is started anew."""
        return (*self.files, *self.units)


def name_of(code: str, vips: Sequence[str]) -> str:
    """What the files of a fix are called by: its cause and the first of its VIPs, so that no two fixes share a file.

    The other family's fix of the same cause is another fix; a ":" would part paths in some tools.
    """
    return f"{code.lower()}-{vips[0].replace(':', '-')}" if vips else code.lower()


def header(purpose: str, comment: str = "#") -> str:
    """The first lines of a file of ours."""
    return f"{comment} {OURS}: {purpose}.\n"
