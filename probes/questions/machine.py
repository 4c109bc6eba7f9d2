"""Questions about the machine as a whole: who it is, its sysctls, its kernel counters and log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from probes.host import Question


@dataclass(frozen=True)
class Identity:
    """Who answers: names for people, `boot_id` and `network_namespace` (inode) to tell two vantage points apart.

    `machine`: the same through reboots, derived from machine-id(5); None where there is none, or an older version asked.
    """

    hostname: str
    boot_id: str
    network_namespace: int
    kernel: str
    root: bool
    machine: str | None = None


@dataclass(frozen=True)
class MachineIdentity(Question[Identity]):
    """Which machine and network namespace is this? Needs no right."""


@dataclass(frozen=True)
class Sysctl(Question[int]):
    """A numeric kernel setting in dotted form; an interface name with dots is kept whole after `conf/`.

    `name` is the path below /proc/sys with slashes, e.g. `net/ipv4/conf/eth0.10/rp_filter`, since interface names may
    contain dots. Raises Absent where the file is missing (module not loaded).
    """

    name: str


class Moment(StrEnum):
    """When, relative to the probing traffic, a state was read."""

    BEFORE = "before"
    AFTER_TRAFFIC = "after the traffic"
    AFTER = "after"


@dataclass(frozen=True)
class Counters(Question[Mapping[str, int]]):
    """Kernel counters of /proc/net/netstat and /proc/net/snmp, keyed `TcpExt.IPReversePathFilter` and so on."""

    moment: Moment


@dataclass(frozen=True)
class LogLine:
    """A line of the kernel's log, and how long ago it was written."""

    seconds_ago: float
    text: str


@dataclass(frozen=True)
class KernelLog(Question[tuple[LogLine, ...]]):
    """Recent lines of the kernel's ring buffer (/dev/kmsg) that contain the text; the buffer is the whole machine's."""

    containing: str
    within_seconds: int
