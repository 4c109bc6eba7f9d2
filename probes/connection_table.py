"""Has the kernel dropped packets for want of room in its table of connections meanwhile, and is that table full?

The limit (nf_conntrack_max) is the whole machine's, entries and drops are the network namespace's. The kernel also counts
as dropped what it could not insert because another packet of the same flow was faster; those are counted apart and taken
off. How much was dropped is shown to root only.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Absent, Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.firewall import ConnectionTable
from probes.questions.machine import Moment

NEARLY_FULL = (
    95  # percent; from there the kernel itself begins to make room (nf_conntrack_max95, nf_conntrack_core.c)
)


@dataclass(frozen=True)
class ConnectionTableFacts:
    """Entries at the end of the scan, the limit (0: none), and what was dropped for want of room meanwhile; None: unseen."""

    entries: int
    maximum: int
    dropped: int | None

    @property
    def is_full(self) -> bool:
        """Whether there is hardly any room."""
        return self.maximum > 0 and self.entries * 100 >= self.maximum * NEARLY_FULL


@probe(Layer.SERVICE, Phase.AFTER, asks_first=(ConnectionTable(Moment.BEFORE),))
def connection_table(host: Host, _: Scope) -> ConnectionTableFacts:
    """Subtract what had been dropped at the first moment from what it is at the last."""
    try:
        before, after = host.ask(ConnectionTable(Moment.BEFORE)), host.ask(ConnectionTable(Moment.AFTER))
    except Absent:
        return ConnectionTableFacts(0, 0, 0)  # no connection tracking, and so no table
    dropped = None
    if before.dropped is not None and after.dropped is not None:
        dropped = max(0, after.dropped - before.dropped - (after.insert_failed - before.insert_failed))
    return ConnectionTableFacts(after.entries, after.maximum, dropped)
