"""A fix for an IPv4 VIP and one for an IPv6 VIP, of the same cause: each keeps its files, whoever configures the network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.cli.persisting import lasting_changes
from hairpin_doctor.fixes.changes import (
    BridgeNetfilter,
    BridgeNetfilterIpv6,
    Change,
    ConfigFile,
    FdbEntry,
    InterfaceAddress,
    IptablesRule,
    LinkState,
    MacvlanLink,
    RemovedFile,
    RemovedFolder,
    Sysctl,
)
from hairpin_doctor.fixes.persistence.persistence import name_of
from hairpin_doctor.machine.changing.config_files import (
    find_file,
    find_removed_file,
    find_removed_folder,
    remove_file,
    remove_folder,
    write_file,
)
from hairpin_doctor.machine.changing.found import Found
from hairpin_doctor.mending.checkpoint import Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import Store
from hairpin_doctor.report.page import Page
from probes.questions.configuration import NetworkFile, NetworkSetup

VIPS = ("192.0.2.53", "2001:db8::53")
UNITS = ("k3s.service",)
SETUPS = {
    "systemd-networkd": NetworkSetup(
        ("systemd-networkd",),
        False,
        tuple(NetworkFile(f"br{n}", f"/etc/systemd/network/br{n}.network") for n in (0, 1)),
        (),
        True,
        UNITS,
    ),
    "netplan": NetworkSetup(
        ("systemd-networkd",),
        True,
        tuple(NetworkFile(f"br{n}", f"/run/systemd/network/10-netplan-br{n}.network") for n in (0, 1)),
        (),
        True,
        UNITS,
    ),
    "NetworkManager": NetworkSetup(("NetworkManager",), False, (), (), True, UNITS),
    "ifupdown": NetworkSetup(("ifupdown",), False, (), ("br0", "br1"), True, UNITS),
    "unit": NetworkSetup((), False, (), (), True, UNITS),
}


def own_mac(number: int) -> tuple[Change, ...]:
    """Two bridges, one per family: two interfaces."""
    name, base, mac = f"metallb{number}", f"br{number}", f"02:00:00:00:00:0{number}"
    return (
        MacvlanLink(name, base, mac, 1500),
        Sysctl(f"net/ipv4/conf/{name}/arp_ignore", 1),
        Sysctl(f"net/ipv4/conf/{name}/rp_filter", 2),
        InterfaceAddress(f"169.254.7.{number + 1}/32", name),
        LinkState(name),
        FdbEntry(mac, base),
    )


PAIRS: dict[str, tuple[tuple[Change, ...], tuple[Change, ...]]] = {
    "HD104": (own_mac(0), own_mac(1)),
    "HD404": ((Sysctl("net/ipv4/ip_forward", 1, 0),), (Sysctl("net/ipv6/conf/all/forwarding", 1, 0),)),
    "HD303": (
        (BridgeNetfilter("br0", False, False), Sysctl("net/bridge/bridge-nf-call-iptables", 0, 1)),
        (BridgeNetfilterIpv6("br0", False, False), Sysctl("net/bridge/bridge-nf-call-ip6tables", 0, 1)),
    ),
    "HD305": (
        (IptablesRule("iptables", "filter", "FORWARD", "-m physdev --physdev-is-bridged -j ACCEPT"),),
        (IptablesRule("ip6tables", "filter", "FORWARD", "-m physdev --physdev-is-bridged -j ACCEPT"),),
    ),
}
BY_FILE: dict[type[Change], Any] = {
    ConfigFile: (find_file, write_file),
    RemovedFile: (find_removed_file, remove_file),
    RemovedFolder: (find_removed_folder, remove_folder),
}


@dataclass
class Hands:
    """Files go below `root`; everything else is remembered only."""

    root: Path
    done: list[Change] = field(default_factory=list)

    def find(self, change: Change) -> Found:
        if type(change) not in BY_FILE:
            return Found(change in self.done, ())
        found = BY_FILE[type(change)][0](self._below(change))
        return Found(found.so, tuple(map(self._above, found.undo)))

    def do(self, change: Change) -> None:
        if type(change) in BY_FILE:
            BY_FILE[type(change)][1](self._below(change))
        self.done.append(change)

    def _below(self, change: Any) -> Any:
        return (
            replace(change, path=f"{self.root}{change.path}", told="nobody")
            if hasattr(change, "told")
            else replace(change, path=f"{self.root}{change.path}")
        )

    def _above(self, change: Any) -> Any:
        return replace(change, path=change.path.removeprefix(str(self.root)))


def files(root: Path) -> dict[str, str]:
    return {str(each.relative_to(root)): each.read_text() for each in root.rglob("*") if each.is_file()}


@pytest.mark.parametrize("setup", SETUPS)
@pytest.mark.parametrize("code", PAIRS)
@pytest.mark.parametrize("first_to_go", [0, 1])
def test_each_keeps_its_files_and_one_is_uninstalled_without_the_other(
    setup: str, code: str, first_to_go: int, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    engine = Engine(Store(tmp_path / "state"), Hands(root), watch=lambda store, run: "nobody")
    stand: list[dict[str, str]] = []
    for vip, changes in zip(VIPS, PAIRS[code], strict=True):
        before = files(root)
        lasting = lasting_changes(name_of(code, (vip,)), changes, SETUPS[setup], engine, Page())
        engine.apply(Work("Mend", code, (vip,), "n5", changes, lasting=lasting), {}, dict, must_mend=False)
        assert engine.confirm().installed
        assert before.items() <= files(root).items()
        stand.append({path: text for path, text in files(root).items() if path not in before})
    assert not stand[0].keys() & stand[1].keys()
    assert engine.uninstall(VIPS[first_to_go]).phase == "rolled-back"
    assert files(root) == stand[1 - first_to_go]
    assert engine.uninstall(VIPS[1 - first_to_go]).phase == "rolled-back"
    assert files(root) == {}
