"""`make lab-vm`: files that `fix --persist` installs are found by a real boot of systemd, before the cluster starts.

A guest whose process 1 is Debian's systemd, on a disk of its own above this machine's root. Its bridge0 is made by
systemd-networkd, by NetworkManager, by ifupdown or by a unit of the site; beside that its /etc holds what is rendered for
the interface with a MAC of its own and for br_netfilter's switches. k0scontroller.service writes down what it finds at its
start. Then br_netfilter is loaded and cni0 made, late; the switch is set back; and the commands that uninstall must leave
nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from hairpin_doctor.fixes.changes import (
    BridgeNetfilter,
    Change,
    FdbEntry,
    InterfaceAddress,
    LinkState,
    MacvlanLink,
    RouteEntry,
    Sysctl,
)
from hairpin_doctor.fixes.own_mac_interface import BEHIND_OTHERS
from hairpin_doctor.fixes.persistence.choose import persist
from hairpin_doctor.fixes.persistence.persistence import Persistence
from probes.questions.configuration import Manager, NetworkFile, NetworkSetup
from scripts.after_a_reboot_files import FILES, MANAGERS, MASKED, PREPARE, VIP, VIP6
from scripts.guest_disk import boots_well, new_disk
from scripts.virtual_machine import modules_of, unpacked_kernel

GOOD = "LAB-VM: it lasts"
MAC = "02:1c:73:00:53:01"
RECIPE: tuple[Change, ...] = (
    MacvlanLink("metallb0", "bridge0", MAC, 1500),
    Sysctl("net/ipv4/conf/metallb0/arp_ignore", 1),
    Sysctl("net/ipv4/conf/metallb0/rp_filter", 2),
    InterfaceAddress("169.254.7.9/32", "metallb0"),
    LinkState("metallb0"),
    FdbEntry(MAC, "bridge0"),
    RouteEntry("2001:db8::/64", "metallb0", metric=BEHIND_OTHERS),
)
CURE = (BridgeNetfilter("bridge0", False, False), Sysctl("net/bridge/bridge-nf-call-iptables", 0, 1))
MANAGED: dict[str, tuple[Manager, ...]] = {
    "systemd-networkd": ("systemd-networkd",),
    "NetworkManager": ("NetworkManager",),
    "ifupdown": ("ifupdown",),
    "unit": (),
}


def run_with_reboot(manager: str) -> bool:
    """Boot; what the guest says goes to the terminal as it comes. `manager`: a key of MANAGERS."""
    with tempfile.TemporaryDirectory(prefix="hairpin-doctor-vm-") as folder:
        room = Path(folder)
        return boots_well(_job(manager), room, new_disk(room), GOOD)


def _lasting(manager: str) -> tuple[Persistence, ...]:
    files = (NetworkFile("bridge0", "/etc/systemd/network/10-bridge0.network"),)
    networkd = files if manager == "systemd-networkd" else ()
    interfaces = ("bridge0",) if manager == "ifupdown" else ()
    setup = NetworkSetup(MANAGED[manager], False, networkd, interfaces, True, ("k0scontroller.service",))
    return persist("hd104", RECIPE, setup), persist("hd303", CURE, setup)


def _job(manager: str) -> str:
    """A script for busybox: everything that the guest finds in its /etc."""
    modules, lasting = modules_of(unpacked_kernel()), _lasting(manager)
    ours = chain.from_iterable(found.files for found in lasting)
    files = {**FILES, **MANAGERS[manager], **{file.path.lstrip("/"): file.text for file in ours}}
    written = [
        f"mkdir -p $(dirname /new/{path})\ncat > /new/{path} <<'END-OF-FILE'\n{text}END-OF-FILE\n"
        f"chmod {_mode(path, text):o} /new/{path}"
        for path, text in files.items()
    ]
    words = {
        "@FILES@": "\n".join((*written, *_enabled(lasting))),
        "@UNINSTALL@": "\n".join(chain.from_iterable(found.uninstall for found in lasting)),
        "@MANAGERS@": MANAGERS[manager]["etc/lab-vm/managers"].split()[0],
        "@MODULES@": str(modules),
        "@RELEASE@": modules.name,
        "@MASKED@": " ".join(MASKED),
        "@VIP@": VIP,
        "@VIP6@": VIP6,
        "@MAC@": MAC,
    }
    text = PREPARE
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _mode(path: str, text: str) -> int:
    """NetworkManager reads no keyfile that others can read."""
    if path.endswith(".nmconnection"):
        return 0o600
    return 0o755 if text.startswith("#!") else 0o644


def _enabled(lasting: tuple[Persistence, ...]) -> Iterator[str]:
    """What `systemctl enable` would do."""
    texts = {Path(file.path).name: file.text for found in lasting for file in found.files}
    for unit in (each.unit for found in lasting for each in found.units):
        for target in texts[unit].rpartition("WantedBy=")[2].split():
            folder = f"'/new/etc/systemd/system/{target}.wants'"
            yield f"mkdir -p {folder} && ln -s /etc/systemd/system/{unit} {folder}/"
