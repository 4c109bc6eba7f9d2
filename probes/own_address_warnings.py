"""Has the kernel seen frames with one of this machine's own MACs as their source ("own address as source address")?

net/bridge/br_fdb.c logs it, rate limited, when another station uses a bridge's or port's own MAC, and also when frames
loop back. The log is that of the whole machine and forgets; its absence proves nothing. Needs CAP_SYSLOG.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.machine import KernelLog

WITHIN_SECONDS = 60
MESSAGE = "with own address as source address"
FORM = re.compile(r"received packet on (\S+) with own address as source address \(addr:([0-9a-f:]{17})")


@dataclass(frozen=True)
class OwnAddressWarning:
    """The port on which such a frame came in, the MAC, and how long ago the newest such frame was logged."""

    port: str
    mac: str
    seconds_ago: float


@dataclass(frozen=True)
class OwnAddressWarningFacts:
    """Distinct warnings in the kernel's log."""

    warnings: tuple[OwnAddressWarning, ...]


@probe(Layer.BRIDGE, Phase.AFTER)
def own_address_warnings(host: Host, _: Scope) -> OwnAddressWarningFacts:
    """Search the kernel log."""
    newest: dict[tuple[str, str], float] = {}
    for line in host.ask(KernelLog(MESSAGE, WITHIN_SECONDS)):
        match = FORM.search(line.text)
        if match:
            newest[match[1], match[2]] = min(
                line.seconds_ago, newest.get((match[1], match[2]), line.seconds_ago)
            )
    return OwnAddressWarningFacts(tuple(OwnAddressWarning(*key, ago) for key, ago in newest.items()))
