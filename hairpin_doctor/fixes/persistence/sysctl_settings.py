"""sysctl.d: settings that systemd-sysctl or procps writes at boot, and udev again when an interface appears."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hairpin_doctor.fixes.changes import ConfigFile, Sysctl
from hairpin_doctor.fixes.persistence.persistence import SETTINGS, Persistence, header

CONNTRACK = "net/netfilter/nf_conntrack"


def sysctl_settings(name: str, settings: Iterable[Sysctl]) -> Persistence:
    """A file of its own (sysctl.d(5)). Those of interfaces to come begin with "-": they are absent at boot, which is fine.

    udev runs systemd-sysctl for every interface that appears (99-systemd.rules), which then finds them.
    """
    wanted = list(settings)
    path = f"/etc/sysctl.d/99-hairpin-doctor-{name}.conf"
    lines = [f"{'-' if each.interface else ''}{each.name} = {each.value}" for each in wanted]
    text = header("settings that a fix needs") + "".join(f"{line}\n" for line in lines)
    files = (ConfigFile(path, text), *_modules(name, wanted))
    back = [f"sysctl -w {each.name}={each.before}" for each in wanted if each.before is not None]
    return Persistence(
        SETTINGS,
        files,
        tuple(f"sysctl -w {each.name}={each.value}" for each in wanted if each.interface is None),
        (f"rm -f {' '.join(each.path for each in files)}", *back),
    )


def _modules(name: str, settings: Iterable[Sysctl]) -> Iterator[ConfigFile]:
    """modules-load.d(5) comes before sysctl.d(5): connection tracking has its settings once it is loaded, and not before."""
    if any(each.name.startswith(CONNTRACK) for each in settings):
        text = header("its settings are there once it is loaded") + "nf_conntrack\n"
        yield ConfigFile(f"/etc/modules-load.d/hairpin-doctor-{name}.conf", text)
