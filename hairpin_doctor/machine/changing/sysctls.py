"""Kernel settings. Turning forwarding on resets others, which the undo puts back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hairpin_doctor.fixes.changes import Change, Sysctl
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found, NoInterface

PROC = Path("/proc/sys")
FORWARDING = ("net/ipv4/ip_forward", "net/ipv4/conf/all/forwarding")
INTERFACES = "net/ipv4/conf"


def find_sysctl(change: Sysctl) -> Found:
    """The value, and those that the kernel changes along with it."""
    value = _read(change.name)
    if value == change.value:
        return SO
    side_effects = _forwarding_settings() if change.name in FORWARDING else ()
    back: tuple[Change, ...] = (Sysctl(change.name, value), *side_effects)
    return Found(False, back)


def _read(name: str) -> int:
    """Raises CannotChange where there is no such setting, or no number in it."""
    if ".." in name.split("/"):
        raise CannotChange(f"{name} is no kernel setting")
    try:
        return int((PROC / name).read_text())
    except FileNotFoundError:
        interface = Sysctl(name, 0).interface
        if interface is not None:
            raise NoInterface(f"there is no interface {interface}") from None
        raise CannotChange(f"this kernel has no setting {name}") from None
    except (OSError, ValueError) as error:
        raise CannotChange(f"{name} cannot be read: {error}") from None


def _forwarding_settings() -> Iterator[Sysctl]:
    """inet_forward_change (net/ipv4/devinet.c) sets every interface's forwarding, and accept_redirects of `all`."""
    yield Sysctl(f"{INTERFACES}/all/accept_redirects", _read(f"{INTERFACES}/all/accept_redirects"))
    for path in sorted((PROC / INTERFACES).iterdir()):
        if path.name != "all":
            yield Sysctl(
                f"{INTERFACES}/{path.name}/forwarding", _read(f"{INTERFACES}/{path.name}/forwarding")
            )


def set_sysctl(change: Sysctl) -> None:
    """Write it."""
    try:
        (PROC / change.name).write_text(f"{change.value}\n")
    except OSError as error:
        raise CannotChange(f"{change.name} cannot be set to {change.value}: {error.strerror}") from None
