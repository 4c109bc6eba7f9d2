"""A node with one plain NIC: no bridge towards the LAN, no VM.

laptop .100 ─┐
  router .1 ─┼─ switch ── eno1 .246 (host "n5") ── pods: DNS .83, HTTP .84
    │        ┘            announces .53 and .50
  remote client
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.homelab import (
    ROUTER_WAN,
    Variant,
    kubernetes_node,
    laptop,
    port,
    remote,
    router,
    switch,
    with_servers,
)
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topologies.pod_network import PodNetwork, by_bridge, by_route
from hairpin_doctor.lab.topology import Cable, CableEnd, End, Topology


def plain_nic(names: Names, variant: Variant, pods: Callable[[Names], PodNetwork] = by_bridge) -> Topology:
    """Every client reaches every VIP, and so do the node itself and its pods."""
    network = pods(names)
    nic = CableEnd(name=names.uplink, mac=names.uplink_mac, addresses=(names.on_lan(names.host_ip),))
    host = kubernetes_node(names, variant, (nic, *network.interfaces))
    host = replace(host, routes=(*host.routes, *network.routes))
    machines = (
        switch(names.switch, "switch", ("router", "laptop", "host")),
        router(names),
        laptop(names),
        remote(names),
        host,
        *network.pods,
    )
    topology = Topology(machines, (*lan_cables(names), *network.cables()))
    return with_servers(topology, names, announced_on=names.uplink)


def routed_pods(names: Names, variant: Variant) -> Topology:
    """The same with Calico's shape of pod network."""
    return plain_nic(names, variant, by_route)


def lan_cables(names: Names) -> tuple[Cable, ...]:
    """Router, laptop and host at the switch, and the remote client behind the router."""
    pairs = (
        ("switch", port("router"), "router", names.lan_nic),
        ("switch", port("laptop"), "laptop", names.lan_nic),
        ("switch", port("host"), "host", names.uplink),
        ("router", ROUTER_WAN, "remote", names.lan_nic),
    )
    return tuple(Cable(End(a, x), End(b, y)) for a, x, b, y in pairs)
