"""Kernel settings as files set them at boot: sysctl.d(5), sysctl.conf(5), modules-load.d(5), modules(5)."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from probes.host import Absent
from probes.linux.configuration import listed, read_setup, text_of
from probes.questions.configuration import BootSetting, SettingAtBoot, SettingFile

FOLDERS = (
    "etc",
    "run",
    "usr/local/lib",
    "usr/lib",
    "lib",
)  # the first that has a file of a name hides the others
ONLY_IN_THE_FIRST = Path("proc/sys/net/core/netdev_max_backlog")
"""A setting that the kernel registers in init_net alone (net_core_table, net/core/sysctl_net_core.c)."""
NETWORK_OF_PROCESS_1 = Path("proc/1/ns/net")
NETWORK_HERE = Path("proc/thread-self/ns/net")


def setting_at_boot(question: SettingAtBoot) -> BootSetting:
    """Read the files of this machine."""
    return read_boot_setting(Path("/"), question)


def read_boot_setting(root: Path, question: SettingAtBoot) -> BootSetting:
    """The files below `root`. systemd reads /etc/sysctl.conf only by a link to it in sysctl.d, procps reads it last."""
    if not _for_this_network(root):
        raise Absent("the files of /etc are for another network namespace than this one")
    setup = read_setup(root)
    paths = list(_chosen(root, "sysctl.d"))
    if not setup.systemd:
        paths.append(root / "etc/sysctl.conf")
    found = [
        (exact, path, value) for path in paths for exact, value in _values(text_of(path), question.setting)
    ]
    exact = [each for each in found if each[0]] or found  # a pattern never overrides a name
    return BootSetting(
        files=tuple(SettingFile(f"/{path.relative_to(root)}", value) for _, path, value in exact),
        module_loaded=any(question.module in _words(text) for text in _modules(root)),
        units=setup.cluster_units,
    )


def _for_this_network(root: Path) -> bool:
    """Whether process 1, whose network the files are read for at boot, is in this one; so it is in LXC and in kind, too.

    Who may not look at process 1 (ptrace(2)) can only tell the machine's first network.
    """
    try:
        return (root / NETWORK_OF_PROCESS_1).readlink() == (root / NETWORK_HERE).readlink()
    except OSError:
        return (root / ONLY_IN_THE_FIRST).exists()


def _chosen(root: Path, folder: str) -> Iterator[Path]:
    """The files by name, each from the first folder that has it; a link to /dev/null hides it."""
    names: dict[str, Path] = {}
    for base in FOLDERS:
        for path in listed(root / base / folder, "*.conf"):
            names.setdefault(path.name, path)
    return (names[name] for name in sorted(names))


def _values(text: str, name: str) -> Iterator[tuple[bool, int]]:
    """Each assignment to the setting, and whether it names it exactly. The first separator decides which are meant."""
    for line in text.splitlines():
        key, equals, value = line.strip().removeprefix("-").partition("=")
        key = key.strip()
        slash, dot = key.find("/"), key.find(".")
        if dot >= 0 and (slash < 0 or dot < slash):
            key = key.translate(str.maketrans("./", "/."))
        if equals and fnmatchcase(name, key) and value.strip().lstrip("-").isdigit():
            yield key == name, int(value)


def _modules(root: Path) -> Iterator[str]:
    yield from (text_of(path) for path in _chosen(root, "modules-load.d"))
    yield text_of(root / "etc/modules")


def _words(text: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line.split()[0].replace("-", "_") for line in lines if line and not line.startswith(";")]
