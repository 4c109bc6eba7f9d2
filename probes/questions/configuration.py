"""Questions about how a machine is configured to come up again: what manages its network, and which services start later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.host import Question

CLUSTER_UNITS = (
    "k0scontroller.service",
    "k0sworker.service",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
    "kubelet.service",
    "snap.microk8s.daemon-kubelite.service",
    "docker.service",
    "containerd.service",
)
"""Units that start Kubernetes, or containers on a machine of a cluster, by the distributions' own names."""

Manager = Literal["systemd-networkd", "NetworkManager", "ifupdown"]


@dataclass(frozen=True)
class NetworkFile:
    """The .network file by which systemd-networkd configures an interface."""

    interface: str
    path: str


@dataclass(frozen=True)
class NetworkSetup:
    """What configures the network after a reboot.

    `managers`: those that run (ifupdown: that has a configuration), the one that looks after the most interfaces first.
    `netplan`: whether one of them is told by netplan. `network_files`: of systemd-networkd. `interfaces`: those that
    ifupdown has a configuration of. `systemd`: whether it is the init system here.
    `cluster_units`: units of Kubernetes and of container engines that are installed. `ipv6`: whether a new interface gets
    IPv6, which it does unless that is turned off here.
    """

    managers: tuple[Manager, ...]
    netplan: bool
    network_files: tuple[NetworkFile, ...]
    interfaces: tuple[str, ...]
    systemd: bool
    cluster_units: tuple[str, ...]
    ipv6: bool = True


@dataclass(frozen=True)
class NetworkConfiguration(Question[NetworkSetup]):
    """How the machine's network is configured. Needs no right; what cannot be read counts as absent."""


@dataclass(frozen=True)
class SettingFile:
    """A file that sets a kernel setting at boot, and to what."""

    path: str
    value: int


@dataclass(frozen=True)
class BootSetting:
    """What is written at boot. `files`: those that name the setting, the last one wins. `units`: as `cluster_units`.

    `module_loaded`: whether the kernel module that the setting belongs to is loaded before the settings are written.
    """

    files: tuple[SettingFile, ...]
    module_loaded: bool
    units: tuple[str, ...]


@dataclass(frozen=True)
class SettingAtBoot(Question[BootSetting]):
    """What sysctl.d(5) and modules-load.d(5) say of a setting, named as in Sysctl. Needs no right.

    Raises Absent in any network namespace but the machine's first, which alone these files are for.
    """

    setting: str
    module: str
