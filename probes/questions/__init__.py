"""Every question that a probe can ask, as frozen dataclasses, one file per layer. `ALL`: what a recording holds."""

from __future__ import annotations

from typing import Any

from probes.host import Question
from probes.questions.bgp import BgpDaemonState
from probes.questions.cluster import (
    ApiGroups,
    ClusterNodes,
    KubeProxyConfiguration,
    LoadBalancerServices,
    LoadBalancerWorkloads,
    PodsOf,
    ServiceEndpoints,
)
from probes.questions.configuration import NetworkConfiguration, SettingAtBoot
from probes.questions.directed import DirectedExchanges
from probes.questions.firewall import (
    ConnectionTable,
    IngressPrograms,
    IptablesRules,
    NftRuleset,
    TrackedConnections,
    UsedFlows,
    VirtualServers,
)
from probes.questions.links import ForwardingDatabase, Links
from probes.questions.machine import Counters, KernelLog, MachineIdentity, Sysctl
from probes.questions.metallb import (
    AddressPools,
    BgpAdvertisements,
    BgpPeers,
    BgpSessionStates,
    L2Advertisements,
    ServiceBgpStatuses,
    ServiceL2Statuses,
)
from probes.questions.multicast import JoinedGroups, MulticastForwarding
from probes.questions.neighbours import ArpSweep, KernelResolution, Neighbours, NeighbourSolicitations
from probes.questions.routing import ConnectedPrefixes, RouteTo, RoutingRules
from probes.questions.sockets import PacketSockets, TcpConnections
from probes.questions.traffic import Datagrams, DnsExchanges, Echoes, FirstHops, Handshakes, RoutedEchoes

ALL: tuple[type[Question[Any]], ...] = (
    MachineIdentity,
    Sysctl,
    Counters,
    KernelLog,
    Links,
    ForwardingDatabase,
    Neighbours,
    ArpSweep,
    NeighbourSolicitations,
    JoinedGroups,
    MulticastForwarding,
    KernelResolution,
    RouteTo,
    RoutingRules,
    ConnectedPrefixes,
    Echoes,
    Handshakes,
    Datagrams,
    DnsExchanges,
    RoutedEchoes,
    FirstHops,
    DirectedExchanges,
    IptablesRules,
    NftRuleset,
    TrackedConnections,
    UsedFlows,
    ConnectionTable,
    VirtualServers,
    IngressPrograms,
    PacketSockets,
    TcpConnections,
    BgpDaemonState,
    NetworkConfiguration,
    SettingAtBoot,
    ApiGroups,
    LoadBalancerServices,
    ServiceEndpoints,
    ClusterNodes,
    LoadBalancerWorkloads,
    PodsOf,
    KubeProxyConfiguration,
    AddressPools,
    L2Advertisements,
    BgpAdvertisements,
    BgpPeers,
    ServiceL2Statuses,
    ServiceBgpStatuses,
    BgpSessionStates,
)

__all__ = [
    "ALL",
    "AddressPools",
    "ApiGroups",
    "ArpSweep",
    "BgpAdvertisements",
    "BgpDaemonState",
    "BgpPeers",
    "BgpSessionStates",
    "ClusterNodes",
    "ConnectedPrefixes",
    "ConnectionTable",
    "Counters",
    "Datagrams",
    "DirectedExchanges",
    "DnsExchanges",
    "Echoes",
    "FirstHops",
    "ForwardingDatabase",
    "Handshakes",
    "IngressPrograms",
    "IptablesRules",
    "JoinedGroups",
    "KernelLog",
    "KernelResolution",
    "KubeProxyConfiguration",
    "L2Advertisements",
    "Links",
    "LoadBalancerServices",
    "LoadBalancerWorkloads",
    "MachineIdentity",
    "MulticastForwarding",
    "NeighbourSolicitations",
    "Neighbours",
    "NetworkConfiguration",
    "NftRuleset",
    "PacketSockets",
    "PodsOf",
    "RouteTo",
    "RoutedEchoes",
    "RoutingRules",
    "ServiceBgpStatuses",
    "ServiceEndpoints",
    "ServiceL2Statuses",
    "SettingAtBoot",
    "Sysctl",
    "TcpConnections",
    "TrackedConnections",
    "UsedFlows",
    "VirtualServers",
]
