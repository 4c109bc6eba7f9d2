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

IPV6_IS_OFF = "proc/sys/net/ipv6/conf/default/disable_ipv6"
"""Absent where the kernel has no IPv6 at all."""
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
    interfaces = tuple(_interfaces(root))
    found["ifupdown"] = len(interfaces)
    return NetworkSetup(
        managers=tuple(
            sorted((name for name, count in found.items() if count), key=lambda name: -found[name])
        ),
        netplan=any(
            listed(root / folder, "*.yaml") for folder in ("etc/netplan", "run/netplan", "lib/netplan")
        ),
        network_files=files,
        interfaces=interfaces,
        systemd=(root / "run/systemd/system").is_dir(),
        cluster_units=tuple(
            unit for unit in CLUSTER_UNITS if any((root / at / unit).exists() for at in UNIT_FOLDERS)
        ),
        ipv6=text_of(root / IPV6_IS_OFF).strip() == "0",
    )


def _network_files(root: Path) -> Iterator[NetworkFile]:
    """/run/systemd/netif/links/INDEX names the .network file, and sysfs the interface of that index."""
    names = {text_of(path / "ifindex").strip(): path.name for path in listed(root / "sys/class/net", "*")}
    for state in listed(root / "run/systemd/netif/links", "*"):
        values = dict(line.split("=", 1) for line in text_of(state).splitlines() if "=" in line)
        if values.get("NETWORK_FILE") and state.name in names:
            yield NetworkFile(names[state.name], values["NETWORK_FILE"])


def _interfaces(root: Path) -> Iterator[str]:
    """Those with a stanza in /etc/network/interfaces or the folder beside it (interfaces(5)), the loopback's aside."""
    folder = root / "etc/network"
    text = "\n".join(map(text_of, (folder / "interfaces", *listed(folder / "interfaces.d", "*"))))
    words = (line.split() for line in text.splitlines())
    names = dict.fromkeys(each[1] for each in words if each[:1] == ["iface"] and each[1:])
    return (name for name in names if name != "lo")


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
