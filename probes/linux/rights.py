"""Which right each question needs. Questions that are not listed need none."""

from __future__ import annotations

from typing import Any

from probes.host import Question
from probes.questions import (
    ArpSweep,
    DirectedExchanges,
    IngressPrograms,
    IptablesRules,
    KernelLog,
    NeighbourSolicitations,
    NftRuleset,
    RoutedEchoes,
    TrackedConnections,
    UsedFlows,
)

RIGHTS: dict[type[Question[Any]], str] = {
    ArpSweep: "CAP_NET_RAW",
    NeighbourSolicitations: "CAP_NET_RAW",
    RoutedEchoes: "CAP_NET_RAW",
    DirectedExchanges: "CAP_NET_RAW",
    IngressPrograms: "CAP_NET_ADMIN",
    IptablesRules: "CAP_NET_ADMIN",
    NftRuleset: "CAP_NET_ADMIN",
    TrackedConnections: "CAP_NET_ADMIN",
    UsedFlows: "CAP_NET_ADMIN",
    KernelLog: "CAP_SYSLOG",
}


def right_for(question: Question[Any]) -> str:
    """The capability (capabilities(7)) that the question needs, or "root" where the kernel decides otherwise."""
    return RIGHTS.get(type(question), "root")
