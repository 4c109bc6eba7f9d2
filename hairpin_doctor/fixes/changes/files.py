"""Files and units that make a fix outlive a reboot: what stood there is put back, what was edited is left alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import Literal

from hairpin_doctor.fixes.changes.change import Change

OURS = "Written by hairpin-doctor"
"""Stands in the first lines of every file of ours."""
Manager = Literal["nobody", "systemd", "NetworkManager"]


@dataclass(frozen=True)
class ConfigFile(Change):
    """The file at this absolute path holds the text, which says in its first lines who wrote it.

    `told`: who reads it anew once it is taken away. `over`: the SHA-256 of the only other text that it may be written over;
    None where that is any file of ours.
    """

    path: str
    text: str
    mode: int = 0o644
    told: Manager = "nobody"
    over: str | None = None

    def commands(self) -> tuple[str, ...]:
        """install, from a text that the shell leaves as it is."""
        end = "" if self.text.endswith("\n") else "\n"
        return (f"install -D -m {self.mode:04o} /dev/stdin {quote(self.path)} <<'EOF'\n{self.text}{end}EOF",)

    def undo(self) -> tuple[str, ...]:
        """rm."""
        return (f"rm -f {quote(self.path)}",)


@dataclass(frozen=True)
class RemovedFile(Change):
    """The file is gone that was written with a text of this SHA-256; `told`: who reads its folder anew then."""

    path: str
    digest: str
    told: Manager = "nobody"

    def commands(self) -> tuple[str, ...]:
        """rm."""
        return (f"rm -f {quote(self.path)}",)

    def undo(self) -> tuple[str, ...]:
        """Only ever an undo itself."""
        return ()


@dataclass(frozen=True)
class RemovedFolder(Change):
    """The folder that was made for a file is gone, if nothing else lies in it."""

    path: str

    def commands(self) -> tuple[str, ...]:
        """rmdir."""
        return (f"rmdir {quote(self.path)}",)

    def undo(self) -> tuple[str, ...]:
        """Only ever an undo itself."""
        return ()


@dataclass(frozen=True)
class EnabledUnit(Change):
    """systemd starts the unit at boot, and with `running` has started it; or (`enabled` False) neither: it is stopped."""

    unit: str
    enabled: bool = True
    running: bool = False

    def commands(self) -> tuple[str, ...]:
        """systemctl enable, which reads all units anew; or disable."""
        return (self._command(self.enabled),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.enabled),)

    @property
    def words(self) -> tuple[str, ...]:
        """What systemctl is told to do with the unit."""
        if not self.enabled:
            return ("disable", "--now")
        return ("enable", "--now") if self.running else ("enable",)

    def _command(self, enabled: bool) -> str:
        return f"systemctl {' '.join(replace(self, enabled=enabled).words)} {quote(self.unit)}"
