"""Answers about what configures the network here, from the files that its managers leave for everybody to read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from probes.questions.configuration import (
    CLUSTER_UNITS,
    Manager,
    NetworkConfiguration,
    NetworkFile,
    NetworkSetup,
)

UNIT_FOLDERS = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")


def network_configuration(_: NetworkConfiguration) -> NetworkSetup:
    """How this machine comes up again."""
    return read_setup(Path("/"))


def read_setup(root: Path) -> NetworkSetup:
    """Look at /run/systemd/netif, /run/NetworkManager, /etc/network, /etc/netplan and the unit files below `root`."""
    files = tuple(_network_files(root))
    found: dict[Manager, int] = {"systemd-networkd": len(files)}
    found["NetworkManager"] = sum(
        "managed=1" in text or "managed=true" in text for text in _network_manager(root)
    )
    interfaces = text_of(root / "etc/network/interfaces")
    stanzas = [
        line.split()[1]
        for line in interfaces.splitlines()
        if line.split()[:1] == ["iface"] and line.split()[1:]
    ]
    directory = any(line.startswith(("source", "source-directory")) for line in interfaces.splitlines())
    found["ifupdown"] = len([name for name in stanzas if name != "lo"])
    return NetworkSetup(
        managers=tuple(
            sorted((name for name, count in found.items() if count), key=lambda name: -found[name])
        ),
        netplan=any(
            listed(root / folder, "*.yaml") for folder in ("etc/netplan", "run/netplan", "lib/netplan")
        ),
        network_files=files,
        interfaces_directory=directory and "/etc/network/interfaces.d" in interfaces,
        systemd=(root / "run/systemd/system").is_dir(),
        cluster_units=tuple(
            unit for unit in CLUSTER_UNITS if any((root / at / unit).exists() for at in UNIT_FOLDERS)
        ),
    )


def _network_files(root: Path) -> Iterator[NetworkFile]:
    """/run/systemd/netif/links/INDEX names the .network file, and sysfs the interface of that index."""
    names = {text_of(path / "ifindex").strip(): path.name for path in listed(root / "sys/class/net", "*")}
    for state in listed(root / "run/systemd/netif/links", "*"):
        values = dict(line.split("=", 1) for line in text_of(state).splitlines() if "=" in line)
        if values.get("NETWORK_FILE") and state.name in names:
            yield NetworkFile(names[state.name], values["NETWORK_FILE"])


def _network_manager(root: Path) -> list[str]:
    return [text_of(path) for path in listed(root / "run/NetworkManager/devices", "*")]


def listed(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def text_of(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
