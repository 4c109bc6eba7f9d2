"""What makes changes outlive a reboot: files, what brings them into force, and what takes them away again."""

from __future__ import annotations

from dataclasses import dataclass

SETTINGS = "sysctl.d"


@dataclass(frozen=True)
class ConfigFile:
    """A file by its absolute path. Every one of ours says in its first line who wrote it."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True)
class Persistence:
    """`files`, then `activate` for a root shell; `uninstall` takes both back, what runs included. `remarks`: for people."""

    manager: str
    files: tuple[ConfigFile, ...]
    activate: tuple[str, ...]
    uninstall: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    def __add__(self, other: Persistence) -> Persistence:
        """Both; of two managers the first is named, which settings beside it are not."""
        return Persistence(
            other.manager if self.manager == SETTINGS else self.manager,
            (*self.files, *other.files),
            tuple(dict.fromkeys((*self.activate, *other.activate))),
            tuple(dict.fromkeys((*self.uninstall, *other.uninstall))),
            tuple(dict.fromkeys((*self.remarks, *other.remarks))),
        )


def header(purpose: str, comment: str = "#") -> str:
    """The first lines of a file of ours."""
    return f"{comment} Written by hairpin-doctor: {purpose}.\n"
