"""Two nodes: the DNS pod runs on the second one, the HTTP pod on the first; each routes to the other's pods.

    laptop .100 ─┐           ┌─ eno1 .246 (host "n5")      ── web pod 10.244.0.84
      router .1 ─┼─ switch ──┤
        │        ┘           └─ eth0 .247 (other node "n6") ── DNS pod 10.244.1.83
      remote client

Under policy Cluster the first node announces both VIPs and masquerades what it sends on. Under policy Local each VIP is
announced, as MetalLB does it, by the node that has an endpoint; the other node has a drop rule for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_interface, ip_network
from typing import Literal

from hairpin_doctor.lab.homelab import (
    Variant,
    cluster_services,
    kube_proxy_ruleset,
    kubernetes_node,
    laptop,
    pod_port,
    port,
    remote,
    router,
    station,
    switch,
)
from hairpin_doctor.lab.ip import Address, Network
from hairpin_doctor.lab.kube_proxy import Endpoint, Service
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer, dns_server, http_server
from hairpin_doctor.lab.topologies.plain_nic import lan_cables
from hairpin_doctor.lab.topology import Bridge, Cable, CableEnd, End, Interface, Machine, Route, Topology

Policy = Literal["Cluster", "Local"]


def two_nodes(policy: Policy) -> Callable[[Names, Variant], Topology]:
    """Every client reaches every VIP."""
    return lambda names, variant: _two_nodes(names, variant, policy)


def _two_nodes(names: Names, variant: Variant, policy: Policy) -> Topology:
    there = (names.dns_vip,) if policy == "Local" else ()
    here = tuple(vip for vip in names.vips if vip not in there)
    first = _node(names, variant, policy, names.host_ip)
    second = _node(names, variant, policy, names.other_node_ip)
    dns = dns_server(distant_pod(names), {names.dns_record: names.vm_ip})
    web = http_server(names.web_pod, (8080, 8443))
    machines = (
        switch(names.switch, "switch", ("router", "laptop", "host", "other_node")),
        router(names),
        laptop(names),
        remote(names),
        first.with_daemon(Announcer(vips=here, interfaces=(names.uplink,)).daemon()),
        second.with_daemon(Announcer(vips=there, interfaces=(names.lan_nic,)).daemon()),
        _pod("dns_pod", distant_pod(names)).with_daemon(dns),
        _pod("web_pod", names.web_pod).with_daemon(web),
    )
    more = (
        ("switch", port("other_node"), "other_node", names.lan_nic),
        ("other_node", pod_port(distant_pod(names)), "dns_pod", "eth0"),
        ("host", pod_port(names.web_pod), "web_pod", "eth0"),
    )
    return Topology(machines, (*lan_cables(names), *(Cable(End(a, x), End(b, y)) for a, x, b, y in more)))


def distant_pod(names: Names) -> Address:
    """The DNS pod, from the second node's part of the pod range."""
    return names.pods[256 + 83]


def _node(names: Names, variant: Variant, policy: Policy, own: Address) -> Machine:
    """The first or the second node; `own` is its address on the LAN."""
    is_first = own == names.host_ip
    pods = _pods_of(names, first=is_first)
    local_pod = names.web_pod if is_first else distant_pod(names)
    nic, mac = (names.uplink, names.uplink_mac) if is_first else (names.lan_nic, names.other_node_mac)
    interfaces: tuple[Interface, ...] = (
        CableEnd(name=nic, mac=mac, addresses=(names.on_lan(own),)),
        Bridge(name=names.pod_bridge, addresses=(ip_interface((pods[1], pods.prefixlen)),)),
        CableEnd(name=pod_port(local_pod), master=names.pod_bridge),
    )
    services = tuple(_as_seen(service, names, policy, pods) for service in cluster_services(names))
    node = kubernetes_node(names, variant, interfaces)
    peer = names.other_node_ip if is_first else names.host_ip
    return replace(
        node,
        role="host" if is_first else "other_node",
        name=names.host if is_first else names.other_node,
        routes=(*node.routes, Route(_pods_of(names, first=not is_first), peer)),
        rulesets=(kube_proxy_ruleset(services, names, variant),),
    )


def _pods_of(names: Names, *, first: bool) -> Network:
    return names.host_pods if first else ip_network((names.pods[256], names.host_pods.prefixlen))


def _as_seen(service: Service, names: Names, policy: Policy, pods: Network) -> Service:
    """The Service as kube-proxy sees it on the node that hands out `pods`."""
    if service.vip is None:
        return service
    address = distant_pod(names) if service.vip == names.dns_vip else names.web_pod
    return replace(service, traffic_policy=policy, endpoints=(Endpoint(address, local=address in pods),))


def _pod(role: str, address: Address) -> Machine:
    subnet = ip_network((address, address.max_prefixlen - 8), strict=False)
    nic = CableEnd(name="eth0", addresses=(ip_interface((address, subnet.prefixlen)),))
    return station(role, f"{role.replace('_', '-')}-1", nic, subnet[1])
