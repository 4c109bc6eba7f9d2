"""A kernel setting."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from hairpin_doctor.fixes.changes.change import Change


@dataclass(frozen=True)
class Sysctl(Change):
    """The setting `name` ("net/ipv4/ip_forward", slashes: interface names may hold dots) is `value`.

    `before`: what the scan found; None where the setting vanishes with its interface or was not seen.
    """

    name: str
    value: int
    before: int | None = None

    def commands(self) -> tuple[str, ...]:
        """sysctl -w."""
        return (f"sysctl -w {quote(self.name)}={self.value}",)

    def undo(self) -> tuple[str, ...]:
        """The value that was seen."""
        return () if self.before is None else (f"sysctl -w {quote(self.name)}={self.before}",)

    @property
    def interface(self) -> str | None:
        """That of net/ipv4/conf/IF/... and alike, but for `all` and `default`."""
        parts = self.name.split("/")
        name = parts[3] if len(parts) == 5 and parts[2] in ("conf", "neigh") else None
        return None if name in ("all", "default") else name
