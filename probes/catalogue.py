"""Every probe, lowest layer first: the order in which results are shown, however they ran.

It stands apart from `probes/__init__.py` because a probe's function has its module's name and would hide it there.
"""

from __future__ import annotations

from typing import Any

from probes.announcers import announcers
from probes.answering_machines import answering_machines
from probes.arp import arp
from probes.arp_rules import arp_rules
from probes.bgp_daemon import bgp_daemon
from probes.bgp_sessions import bgp_sessions
from probes.br_netfilter import br_netfilter
from probes.br_netfilter_at_boot import br_netfilter_at_boot
from probes.bypassed_subnets import bypassed_subnets
from probes.client_links import client_links
from probes.cluster_nodes import cluster_nodes
from probes.cluster_services import cluster_services
from probes.connection_table import connection_table
from probes.connections import connections
from probes.dns import dns
from probes.dns_servers import dns_servers
from probes.endpoints import endpoints
from probes.forward_chain import forward_chain
from probes.forwarding_database import forwarding_database
from probes.hops import hops
from probes.icmp import icmp
from probes.ingress_programs import ingress_programs
from probes.interface_sysctls import interface_sysctls
from probes.interfaces import interfaces
from probes.kernel_counters import kernel_counters
from probes.load_balancer_controllers import load_balancer_controllers
from probes.machine import machine
from probes.metallb import metallb
from probes.multicast import multicast
from probes.neighbour_discovery import neighbour_discovery
from probes.neighbours import neighbours
from probes.other_controllers import other_controllers
from probes.own_address_warnings import own_address_warnings
from probes.pod_paths import pod_paths
from probes.probe import Probe
from probes.resolvers import resolvers
from probes.routed_path import routed_path
from probes.routes import routes
from probes.service_rules import service_rules
from probes.speaker import speaker
from probes.stray_flows import stray_flows
from probes.tcp import tcp
from probes.udp import udp
from probes.ways_back import ways_back

CATALOGUE: tuple[Probe[Any], ...] = (
    machine,
    kernel_counters,
    interfaces,
    interface_sysctls,
    br_netfilter,
    br_netfilter_at_boot,
    forwarding_database,
    own_address_warnings,
    multicast,
    neighbours,
    arp,
    client_links,
    answering_machines,
    neighbour_discovery,
    bypassed_subnets,
    routes,
    routed_path,
    hops,
    icmp,
    tcp,
    udp,
    dns,
    dns_servers,
    service_rules,
    endpoints,
    resolvers,
    pod_paths,
    forward_chain,
    ingress_programs,
    connections,
    stray_flows,
    connection_table,
    ways_back,
    arp_rules,
    announcers,
    bgp_sessions,
    bgp_daemon,
    speaker,
    cluster_services,
    cluster_nodes,
    load_balancer_controllers,
    other_controllers,
    metallb,
)
