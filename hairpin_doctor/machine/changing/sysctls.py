"""Kernel settings. Turning forwarding on resets others, which the undo puts back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hairpin_doctor.fixes.changes import Change, Sysctl
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found, NoInterface

PROC = Path("/proc/sys")
FORWARDING = {
    "net/ipv4/ip_forward": "net/ipv4/conf",
    "net/ipv4/conf/all/forwarding": "net/ipv4/conf",
    "net/ipv6/conf/all/forwarding": "net/ipv6/conf",
}
"""The switches of forwarding, and where the settings of interfaces are which they write too."""


def find_sysctl(change: Sysctl) -> Found:
    """The value, and those that the kernel changes along with it."""
    value = _read(change.name)
    if value == change.value:
        return SO
    side_effects = _forwarding_settings(FORWARDING[change.name]) if change.name in FORWARDING else ()
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


def _forwarding_settings(interfaces: str) -> Iterator[Sysctl]:
    """Every interface's forwarding, and for IPv4 accept_redirects of `all`.

    By inet_forward_change (net/ipv4/devinet.c) and addrconf_forward_change (net/ipv6/addrconf.c).
    """
    if interfaces.startswith("net/ipv4/"):
        yield Sysctl(f"{interfaces}/all/accept_redirects", _read(f"{interfaces}/all/accept_redirects"))
    for path in sorted((PROC / interfaces).iterdir()):
        if path.name != "all":
            name = f"{interfaces}/{path.name}/forwarding"
            yield Sysctl(name, _read(name))


def set_sysctl(change: Sysctl) -> None:
    """Write it."""
    try:
        (PROC / change.name).write_text(f"{change.value}\n")
    except OSError as error:
        raise CannotChange(f"{change.name} cannot be set to {change.value}: {error.strerror}") from None
