"""Answers from /proc: identity, sysctls, counters."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from probes.host import Absent
from probes.linux.machine_id import machine_id
from probes.questions.machine import Counters, Identity, MachineIdentity, Sysctl

# /proc/net is that of the main thread; a thread may have entered another namespace.
NET = Path("/proc/thread-self/net")


def identity(_: MachineIdentity) -> Identity:
    """Read the machine's names; `network_namespace` is the inode that namespaces(7) says is unique."""
    namespace = Path("/proc/thread-self/ns/net").stat().st_ino
    return Identity(
        hostname=socket.gethostname(),
        boot_id=Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        network_namespace=namespace,
        kernel=os.uname().release,
        root=os.geteuid() == 0,
        machine=machine_id(namespace),
    )


def sysctl(question: Sysctl) -> int:
    """Read one integer below /proc/sys; raises Absent where the file is missing or holds no integer."""
    path = Path("/proc/sys") / question.name
    if ".." in Path(question.name).parts:
        raise Absent(f"{question.name!r} is not a sysctl name")
    try:
        return int(path.read_text().split()[0])
    except (ValueError, IndexError):
        raise Absent(f"{path} holds no number") from None


def counters(_: Counters) -> dict[str, int]:
    """Read /proc/net/netstat and /proc/net/snmp: pairs of lines, names then values (proc(5))."""
    found: dict[str, int] = {}
    for table in ("netstat", "snmp"):
        lines = (NET / table).read_text().splitlines()
        for header, row in zip(lines[::2], lines[1::2], strict=False):
            family, keys = header.split(":", 1)
            numbers = row.partition(":")[2]
            found.update(
                (f"{family}.{key}", int(number))
                for key, number in zip(keys.split(), numbers.split(), strict=False)
            )
    return found
