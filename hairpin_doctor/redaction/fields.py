"""How each text in a question or an answer is redacted. A text that is not listed here is not let out (see `answers`).

Addresses and prefixes need no line, being types of their own; numbers, flags and enumerations stay as they are.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from probes import questions as q
from probes.questions import (
    bgp,
    cluster,
    configuration,
    directed,
    firewall,
    labels,
    links,
    machine,
    metallb,
    neighbours,
    other_controllers,
    routing,
    sockets,
    speaker,
    traffic,
)


class How(Enum):
    """TEXT: word by word. NAME: the same, of an interface or a machine. MAC: a MAC. KEY: never more than a token of it.

    VERSION: the numbers of it. SYSCTL: the interface in its path. COUNTERS: the kernel's names of its own counters.
    NFT: the JSON of nft.
    """

    TEXT = auto()
    NAME = auto()
    MAC = auto()
    TOKEN = auto()
    VERSION = auto()
    SYSCTL = auto()
    COUNTERS = auto()
    NFT = auto()


WHOLE = ""  # in place of a field: the answer itself is a text
FIELDS: dict[tuple[type[Any], str], How] = {
    (machine.Identity, "hostname"): How.NAME,
    (machine.Identity, "boot_id"): How.TOKEN,
    (machine.Identity, "kernel"): How.VERSION,
    (machine.Identity, "machine"): How.TOKEN,
    (machine.Sysctl, "name"): How.SYSCTL,
    (machine.Counters, WHOLE): How.COUNTERS,
    (machine.LogLine, "text"): How.TEXT,
    (machine.KernelLog, "containing"): How.TEXT,
    (links.Link, "name"): How.NAME,
    (links.Link, "kind"): How.TEXT,
    (links.Link, "mac"): How.MAC,
    (links.Link, "permanent_mac"): How.MAC,
    (links.Link, "macvlan_mode"): How.TEXT,
    (links.PortSettings, "state"): How.TEXT,
    (links.LinkAddress, "state"): How.TEXT,
    (links.FdbEntry, "mac"): How.MAC,
    (neighbours.Neighbour, "mac"): How.MAC,
    (neighbours.Neighbour, "state"): How.TEXT,
    (neighbours.ArpReply, "mac"): How.MAC,
    (neighbours.ArpReply, "frame_source"): How.MAC,
    (neighbours.ArpSweep, "interface"): How.NAME,
    (neighbours.ArpSweep, "unicast"): How.MAC,
    (neighbours.Solicited, "stations"): How.MAC,
    (neighbours.NeighbourSolicitations, "interface"): How.NAME,
    (neighbours.NeighbourSolicitations, "macs"): How.MAC,
    (routing.Route, "type"): How.TEXT,
    (routing.Route, "interface"): How.NAME,
    (routing.RouteTo, "incoming"): How.NAME,
    (routing.HoldingRoute, "type"): How.TEXT,
    (routing.HoldingRoute, "interface"): How.NAME,
    (routing.RoutingRule, "text"): How.TEXT,
    (routing.ConnectedPrefix, "interface"): How.NAME,
    (sockets.PacketSocket, "process"): How.TEXT,
    (sockets.TcpConnection, "state"): How.TEXT,
    (bgp.BgpSession, "daemon"): How.TEXT,
    (bgp.BgpSession, "name"): How.TEXT,
    (bgp.BgpSession, "state"): How.TEXT,
    (bgp.BgpSession, "last_error"): How.TEXT,
    (speaker.Announced, "namespace"): How.NAME,
    (speaker.Announced, "service"): How.NAME,
    (speaker.SpeakerSession, "peer"): How.TEXT,
    (traffic.EchoAnswer, "error"): How.TEXT,
    (traffic.TcpFrame, "source_mac"): How.MAC,
    (traffic.TcpFrame, "destination_mac"): How.MAC,
    (traffic.TcpFrame, "flags"): How.TEXT,
    (traffic.HandshakeAnswer, "error"): How.TEXT,
    (traffic.DatagramAnswer, "error"): How.TEXT,
    (traffic.DnsAnswer, "error"): How.TEXT,
    (traffic.DnsAnswer, "rcode"): How.TEXT,
    (traffic.DnsServerAnswer, "by_itself"): How.TEXT,
    (traffic.DnsServerAnswer, "localhost"): How.TEXT,
    (traffic.RoutedEchoes, "interface"): How.NAME,
    (traffic.RoutedEchoes, "gateway_mac"): How.MAC,
    (directed.Directed, "mac"): How.MAC,
    (directed.DirectedPort, "answered_by"): How.MAC,
    (directed.DirectedExchanges, "interface"): How.NAME,
    (directed.DirectedExchanges, "claims"): How.MAC,
    (firewall.TrackedConnection, "tcp_state"): How.TEXT,
    (configuration.SettingAtBoot, "setting"): How.SYSCTL,
    (configuration.SettingAtBoot, "module"): How.TEXT,
    (configuration.SettingFile, "path"): How.TEXT,
    (configuration.BootSetting, "units"): How.TEXT,
    (configuration.NetworkFile, "interface"): How.NAME,
    (configuration.NetworkFile, "path"): How.TEXT,
    (configuration.NetworkSetup, "interfaces"): How.TEXT,
    (configuration.NetworkSetup, "cluster_units"): How.TEXT,
    (firewall.IngressProgram, "name"): How.TEXT,
    (q.ApiGroups, WHOLE): How.TEXT,
    (cluster.LoadBalancerService, "namespace"): How.NAME,
    (cluster.LoadBalancerService, "name"): How.NAME,
    (cluster.LoadBalancerService, "labels"): How.TEXT,
    (cluster.LoadBalancerService, "load_balancer_class"): How.TEXT,
    (cluster.LoadBalancerService, "pool"): How.NAME,
    (cluster.LoadBalancerService, "marks"): How.TEXT,
    (cluster.ServiceEndpoints, "namespace"): How.NAME,
    (cluster.ServiceEndpoints, "name"): How.NAME,
    (cluster.SliceEndpoint, "node"): How.NAME,
    (cluster.ClusterNode, "name"): How.NAME,
    (cluster.ClusterNode, "labels"): How.TEXT,
    (cluster.Workload, "namespace"): How.NAME,
    (cluster.Workload, "name"): How.NAME,
    (cluster.Workload, "image"): How.TEXT,
    (cluster.Workload, "labels"): How.TEXT,
    (cluster.Workload, "arguments"): How.TEXT,
    (cluster.Workload, "settings"): How.TEXT,
    (cluster.PodsOf, "namespace"): How.NAME,
    (cluster.PodsOf, "selector"): How.TEXT,
    (cluster.Pod, "name"): How.NAME,
    (cluster.Pod, "node"): How.NAME,
    (cluster.Pod, "waiting"): How.TEXT,
    (cluster.ProxyConfiguration, "mode"): How.TEXT,
    (other_controllers.CiliumL2Policy, "name"): How.NAME,
    (other_controllers.CiliumBgpSelection, "kind"): How.TEXT,
    (other_controllers.CiliumBgpSelection, "name"): How.NAME,
    (other_controllers.CiliumL2Lease, "lease_namespace"): How.NAME,
    (other_controllers.CiliumL2Lease, "namespace"): How.NAME,
    (other_controllers.CiliumL2Lease, "name"): How.NAME,
    (q.CiliumL2Lease, WHOLE): How.NAME,
    (labels.Requirement, "key"): How.TEXT,
    (labels.Requirement, "operator"): How.TEXT,
    (labels.Requirement, "values"): How.TEXT,
    (labels.Selector, "match_labels"): How.TEXT,
    (metallb.AddressPool, "namespace"): How.NAME,
    (metallb.AddressPool, "name"): How.NAME,
    (metallb.AddressPool, "labels"): How.TEXT,
    (metallb.Advertisement, "namespace"): How.NAME,
    (metallb.Advertisement, "name"): How.NAME,
    (metallb.Advertisement, "pools"): How.NAME,
    (metallb.Advertisement, "interfaces"): How.NAME,
    (metallb.Advertisement, "peers"): How.NAME,
    (metallb.BgpPeer, "namespace"): How.NAME,
    (metallb.BgpPeer, "name"): How.NAME,
    (metallb.BgpPeer, "interface"): How.NAME,
    (metallb.BgpPeer, "vrf"): How.NAME,
    (metallb.L2Status, "namespace"): How.NAME,
    (metallb.L2Status, "service"): How.NAME,
    (metallb.L2Status, "node"): How.NAME,
    (metallb.L2Status, "interfaces"): How.NAME,
    (metallb.BgpStatus, "namespace"): How.NAME,
    (metallb.BgpStatus, "service"): How.NAME,
    (metallb.BgpStatus, "node"): How.NAME,
    (metallb.BgpStatus, "peers"): How.NAME,
    (metallb.BgpSession, "node"): How.NAME,
    (metallb.BgpSession, "peer"): How.TEXT,
    (metallb.BgpSession, "vrf"): How.NAME,
    (metallb.BgpSession, "state"): How.TEXT,
    (q.IptablesRules, WHOLE): How.TEXT,
    (q.NftRuleset, WHOLE): How.NFT,
}
