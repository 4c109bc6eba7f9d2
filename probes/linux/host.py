"""LinuxHost: answers every question about this machine's network namespace; each layer's code loads when first asked."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from probes import questions as q
from probes.host import Absent, Denied, Question
from probes.linux.rights import right_for

A = TypeVar("A")

ANSWERED_BY: dict[type[Question[Any]], str] = {
    q.MachineIdentity: "procfs:identity",
    q.Sysctl: "procfs:sysctl",
    q.Counters: "procfs:counters",
    q.KernelLog: "kernel_log:kernel_log",
    q.Links: "netlink_links:links",
    q.ForwardingDatabase: "netlink_links:forwarding_database",
    q.Neighbours: "netlink_neighbours:neighbours",
    q.KernelResolution: "netlink_neighbours:kernel_resolution",
    q.ArpSweep: "arp:sweep",
    q.NeighbourSolicitations: "ndp:solicit",
    q.JoinedGroups: "multicast:joined_groups",
    q.MulticastForwarding: "multicast:multicast_forwarding",
    q.RouteTo: "netlink_routes:route_to",
    q.RoutesThatHold: "netlink_routes:routes_that_hold",
    q.RoutingRules: "netlink_routes:routing_rules",
    q.ConnectedPrefixes: "netlink_routes:connected_prefixes",
    q.Echoes: "icmp:echoes",
    q.Handshakes: "tcp:handshakes",
    q.Datagrams: "udp:datagrams",
    q.DnsExchanges: "dns:exchanges",
    q.DnsServers: "dns_servers:dns_servers",
    q.RoutedEchoes: "routed:routed_echoes",
    q.FirstHops: "hops:first_hops",
    q.HopsTowards: "hops:hops_towards",
    q.DirectedExchanges: "directed:directed_exchanges",
    q.IptablesRules: "rulesets:iptables_rules",
    q.NftRuleset: "rulesets:nft_ruleset",
    q.TrackedConnections: "conntrack:tracked_connections",
    q.ConnectionTable: "connection_table:connection_table",
    q.UsedFlows: "flows:used_flows",
    q.VirtualServers: "ipvs:virtual_servers",
    q.NetworkConfiguration: "configuration:network_configuration",
    q.SettingAtBoot: "boot_settings:setting_at_boot",
    q.IngressPrograms: "ebpf:ingress_programs",
    q.PacketSockets: "sockets:packet_sockets",
    q.BgpDaemonState: "bird:bgp_daemon_state",
    q.SpeakerMetrics: "speaker_metrics:speaker_metrics",
    q.TcpConnections: "sockets:tcp_connections",
}


class LinuxHost:
    """The machine (network namespace) that this process runs in."""

    def ask(self, question: Question[A]) -> A:
        """Answer, or raise Denied (a right is missing), Absent (no such thing here) or Silent."""
        module_name, _, function_name = ANSWERED_BY[type(question)].partition(":")
        module = importlib.import_module(f"probes.linux.{module_name}")
        answer = cast(Callable[[Question[A]], A], getattr(module, function_name))
        try:
            return answer(question)
        except PermissionError as error:
            raise Denied(right_for(question), f"{type(question).__name__}: {error}") from None
        except FileNotFoundError as error:
            raise Absent(f"{error.filename or error} does not exist here") from None
        except OSError as error:
            raise Absent(f"{type(question).__name__}: {error}") from None
