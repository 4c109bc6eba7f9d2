"""A second node of the cluster on the LAN: kube-proxy's rules, an announcer, and no pods of its own."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface, ip_network

from hairpin_doctor.lab.faults import Fault, on_switch
from hairpin_doctor.lab.homelab import cluster_services, station
from hairpin_doctor.lab.ip import IPTABLES, Address
from hairpin_doctor.lab.kube_proxy import Cluster, Endpoint, Service, iptables_rules, nftables_rules
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer
from hairpin_doctor.lab.topology import CableEnd, Loopback, Machine, Route, Ruleset, Topology


def second_node(names: Names, endpoint: Address | None = None, *, holds_vips: bool = False) -> Fault:
    """A node that reaches the pods by the first one, and announces the VIPs as well.

    `endpoint`: where its rules send the DNS Service instead. `holds_vips`: the VIPs are addresses of its loopback
    interface, for which its kernel answers, and no announcer runs (as kube-proxy in IPVS mode holds them).
    """

    def services(service: Service) -> Service:
        ends = tuple(replace(each, local=False) for each in service.endpoints)
        if endpoint is not None and service.vip == names.dns_vip:
            ends = (Endpoint(endpoint, local=False),)
        return replace(service, endpoints=ends)

    def fault(topology: Topology) -> Topology:
        cluster = Cluster(names.pods, names.services, names.other_node_ip)
        chosen = tuple(services(service) for service in cluster_services(names))
        if any(rules.tool == "nft" for rules in topology.machine("host").rulesets):
            rules = Ruleset("nft", nftables_rules(chosen, cluster))
        else:
            rules = Ruleset(IPTABLES[names.lan.version], iptables_rules(chosen, cluster))
        return on_switch(_node(names, rules, holds_vips=holds_vips))(topology)

    return fault


def _node(names: Names, rules: Ruleset, *, holds_vips: bool) -> Machine:
    nic = CableEnd(
        name=names.lan_nic, mac=names.other_node_mac, addresses=(names.on_lan(names.other_node_ip),)
    )
    bare = station("other_node", names.other_node, nic, names.router_ip)
    to_pods = Route(ip_network(names.host_pods), names.host_ip)
    node = replace(
        bare,
        routes=(*bare.routes, to_pods),
        sysctls={"net.ipv4.ip_forward": 1},
        rulesets=(rules,),
    )
    if holds_vips:
        return node.with_interface(Loopback(addresses=tuple(ip_interface(vip) for vip in names.vips)))
    return node.with_daemon(Announcer(vips=names.vips, interfaces=(names.lan_nic,)).daemon())
