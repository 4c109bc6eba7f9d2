"""Which of the kernel's drop counters rose while this scan ran?

Counters are the namespace's, not a flow's: other traffic moves them too, so they corroborate and never decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.machine import Counters, Moment

REVERSE_PATH = "TcpExt.IPReversePathFilter"


@dataclass(frozen=True)
class KernelCounterFacts:
    """Counters that rose between the first and the last moment of the scan, and the totals since boot."""

    risen: Mapping[str, int]
    reverse_path_drops_ever: int


@probe(Layer.MACHINE, Phase.AFTER, asks_first=(Counters(Moment.BEFORE),))
def kernel_counters(host: Host, _: Scope) -> KernelCounterFacts:
    """Subtract the counters of the first moment from those of the last."""
    before, after = host.ask(Counters(Moment.BEFORE)), host.ask(Counters(Moment.AFTER))
    risen = {key: value - before.get(key, 0) for key, value in after.items() if value > before.get(key, 0)}
    return KernelCounterFacts(risen, after.get(REVERSE_PATH, 0))
