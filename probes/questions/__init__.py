"""Every question that a probe can ask, as frozen dataclasses, one file per layer. `ALL`: what a recording holds."""

from __future__ import annotations

from typing import Any

from probes.host import Question
from probes.questions.configuration import NetworkConfiguration
from probes.questions.directed import DirectedExchanges
from probes.questions.firewall import (
    IngressPrograms,
    IptablesRules,
    NftRuleset,
    TrackedConnections,
    VirtualServers,
)
from probes.questions.links import ForwardingDatabase, Links
from probes.questions.machine import Counters, KernelLog, MachineIdentity, Sysctl
from probes.questions.neighbours import ArpSweep, KernelResolution, Neighbours
from probes.questions.routing import ConnectedPrefixes, RouteTo, RoutingRules
from probes.questions.sockets import PacketSockets, TcpConnections
from probes.questions.traffic import Datagrams, DnsExchanges, Echoes, Handshakes, RoutedEchoes

ALL: tuple[type[Question[Any]], ...] = (
    MachineIdentity,
    Sysctl,
    Counters,
    KernelLog,
    Links,
    ForwardingDatabase,
    Neighbours,
    ArpSweep,
    KernelResolution,
    RouteTo,
    RoutingRules,
    ConnectedPrefixes,
    Echoes,
    Handshakes,
    Datagrams,
    DnsExchanges,
    RoutedEchoes,
    DirectedExchanges,
    IptablesRules,
    NftRuleset,
    TrackedConnections,
    VirtualServers,
    IngressPrograms,
    PacketSockets,
    TcpConnections,
    NetworkConfiguration,
)

__all__ = [
    "ALL",
    "ArpSweep",
    "ConnectedPrefixes",
    "Counters",
    "Datagrams",
    "DirectedExchanges",
    "DnsExchanges",
    "Echoes",
    "ForwardingDatabase",
    "Handshakes",
    "IngressPrograms",
    "IptablesRules",
    "KernelLog",
    "KernelResolution",
    "Links",
    "MachineIdentity",
    "Neighbours",
    "NetworkConfiguration",
    "NftRuleset",
    "PacketSockets",
    "RouteTo",
    "RoutedEchoes",
    "RoutingRules",
    "Sysctl",
    "TcpConnections",
    "TrackedConnections",
    "VirtualServers",
]
