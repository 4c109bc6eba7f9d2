"""What a lab needs from the machine, asked before anything is built."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from hairpin_doctor.lab.init import INIT
from hairpin_doctor.lab.services import BGP
from hairpin_doctor.lab.topology import Topology
from hairpin_doctor.machine.commands import CommandFailed, run

PACKAGES = {
    "ip": "iproute2",
    "bridge": "iproute2",
    "tc": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "nft": "nftables",
    "iptables-nft-restore": "iptables",
    "ip6tables-nft-restore": "iptables",
    "iptables-legacy-restore": "iptables",
    "ip6tables-legacy-restore": "iptables",
    "conntrack": "conntrack",
    "dnsmasq": "dnsmasq-base",
    "bird": "bird2",
    "birdc": "bird2",
}
"""Command -> the Debian package that holds it."""
VIRTUAL_MACHINE_PACKAGES = {"ipvsadm": "ipvsadm"}
"""The same for what only cases of `make lab-vm` run."""


RESTORE = {
    "nft": "nft",
    "iptables": "iptables-nft-restore",
    "ip6tables": "ip6tables-nft-restore",
    "iptables-legacy": "iptables-legacy-restore",
    "ip6tables-legacy": "ip6tables-legacy-restore",
    "ipvs": "ipvsadm",
}


class CannotBuild(RuntimeError):
    """A right or a tool is missing; the message is one sentence for people."""


def require_root() -> None:
    """Raises CannotBuild unless we are root, who alone may make network namespaces."""
    if os.geteuid() != 0:
        raise CannotBuild("the lab builds network namespaces and needs root: run it with sudo")


def require_tools(topology: Topology) -> None:
    """Raises CannotBuild if a command that `topology` needs is missing, naming the package that has it."""
    for tool in sorted(tools(topology)):
        if shutil.which(tool) is None:
            package = {**PACKAGES, **VIRTUAL_MACHINE_PACKAGES}[tool]
            raise CannotBuild(f"the lab needs the command {tool}: apt-get install {package}")


def require_modules(names: Iterable[str]) -> None:
    """Raises CannotBuild if this kernel lacks a module: those are not on every machine, and namespaces share the kernel."""
    for name in names:
        if not (Path("/sys/module") / name).exists() and not _loaded(name):
            raise CannotBuild(
                f"this case needs the kernel module {name}; `make lab-vm` brings a kernel that has it"
            )


def _loaded(module: str) -> bool:
    if shutil.which("modprobe") is None:
        return False
    try:
        run(["modprobe", "-q", module])
    except CommandFailed:
        return False
    return True


def tools(topology: Topology) -> set[str]:
    """The commands that building `topology` runs."""
    needed = {"ip", "bridge", "unshare"}
    for machine in topology.machines:
        needed |= {"tc"} if machine.traffic_control else set()
        needed |= {"conntrack"} if machine.flows else set()
        needed |= {RESTORE[rules.tool] for rules in machine.rulesets}
        needed |= {daemon.argv[0] for daemon in machine.daemons if daemon.argv[0] in PACKAGES}
        needed |= {"birdc" for daemon in machine.daemons if daemon.name == BGP}
        needed |= {"nsenter" for daemon in machine.daemons if daemon.name == INIT}
    return needed
