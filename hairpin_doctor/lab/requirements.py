"""What a lab needs from the machine, asked before anything is built."""

from __future__ import annotations

import os
import shutil

from hairpin_doctor.lab.services import BGP
from hairpin_doctor.lab.topology import Topology

PACKAGES = {
    "ip": "iproute2",
    "bridge": "iproute2",
    "tc": "iproute2",
    "unshare": "util-linux",
    "nft": "nftables",
    "iptables-nft-restore": "iptables",
    "iptables-legacy-restore": "iptables",
    "dnsmasq": "dnsmasq-base",
    "bird": "bird2",
    "birdc": "bird2",
}
"""Command -> the Debian package that holds it."""


RESTORE = {
    "nft": "nft",
    "iptables": "iptables-nft-restore",
    "iptables-legacy": "iptables-legacy-restore",
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
            raise CannotBuild(f"the lab needs the command {tool}: apt-get install {PACKAGES[tool]}")


def tools(topology: Topology) -> set[str]:
    """The commands that building `topology` runs."""
    needed = {"ip", "bridge", "unshare"}
    for machine in topology.machines:
        needed |= {"tc"} if machine.traffic_control else set()
        needed |= {RESTORE[rules.tool] for rules in machine.rulesets}
        needed |= {daemon.argv[0] for daemon in machine.daemons if daemon.argv[0] in PACKAGES}
        needed |= {"birdc" for daemon in machine.daemons if daemon.name == BGP}
    return needed
