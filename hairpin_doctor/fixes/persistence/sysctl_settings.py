"""sysctl.d: settings that systemd-sysctl or procps writes at boot, and udev again when an interface appears."""

from __future__ import annotations

from collections.abc import Iterable

from hairpin_doctor.fixes.changes import ConfigFile, Sysctl
from hairpin_doctor.fixes.persistence.persistence import SETTINGS, Persistence, header


def sysctl_settings(name: str, settings: Iterable[Sysctl]) -> Persistence:
    """A file of its own (sysctl.d(5)). Those of interfaces to come begin with "-": they are absent at boot, which is fine.

    udev runs systemd-sysctl for every interface that appears (99-systemd.rules), which then finds them.
    """
    wanted = list(settings)
    path = f"/etc/sysctl.d/99-hairpin-doctor-{name}.conf"
    lines = [f"{'-' if each.interface else ''}{each.name} = {each.value}" for each in wanted]
    text = header("settings that a fix needs", "#") + "".join(f"{line}\n" for line in lines)
    back = [f"sysctl -w {each.name}={each.before}" for each in wanted if each.before is not None]
    return Persistence(
        SETTINGS,
        (ConfigFile(path, text),),
        tuple(f"sysctl -w {each.name}={each.value}" for each in wanted if each.interface is None),
        (f"rm -f {path}", *back),
    )
