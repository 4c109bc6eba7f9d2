"""The table of connection tracking: /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack (in hex, a line per CPU)."""

from __future__ import annotations

from pathlib import Path

from probes.linux.procfs import NET
from probes.questions.firewall import ConnectionTable, ConnectionTableState

SETTINGS = Path("/proc/sys/net/netfilter")


def connection_table(_: ConnectionTable) -> ConnectionTableState:
    """Read both; without the right to see counters they are None and 0."""
    entries, maximum = (int((SETTINGS / f"nf_conntrack_{each}").read_text()) for each in ("count", "max"))
    try:
        dropped, insert_failed = _counted((NET / "stat" / "nf_conntrack").read_text())
    except PermissionError:  # mode 0440
        return ConnectionTableState(entries, maximum, None, 0)
    return ConnectionTableState(entries, maximum, dropped, insert_failed)


def _counted(text: str) -> tuple[int, int]:
    """(drop, insert_failed) of all CPUs, found by the names in the head: kernels differ in columns."""
    names, *lines = (line.split() for line in text.splitlines() if line.strip())
    columns = names.index("drop"), names.index("insert_failed")
    dropped, failed = (sum(int(line[column], 16) for line in lines) for column in columns)
    return dropped, failed
