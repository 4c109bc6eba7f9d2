"""The DNS pod runs on the other node, and the pod network between the two does not carry what is sent to it.

laptop ── switch ── n5 (scanned: announces .53, DNAT to 10.244.1.83)
             └───── n6 (10.244.1.0/24) ── DNS pod
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

from hairpin_doctor.lab.cases.case import Case, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, Ping, Tcp
from hairpin_doctor.lab.faults import Fault, sysctls
from hairpin_doctor.lab.filters import ruleset
from hairpin_doctor.lab.ip import Network
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topologies.two_nodes import distant_pod, two_nodes
from hairpin_doctor.lab.topology import Machine, Topology

DEAF_POD = """table inet policer {
    chain seen {
        type filter hook input priority 0; policy drop;
        iifname "lo" accept
        ct state established,related accept
    }
}
"""


FORWARDING = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}


def _pods_there(names: Names) -> Network:
    return ip_network((distant_pod(names), names.host_pods.prefixlen), strict=False)


def _fails(names: Names) -> tuple[Check, ...]:
    """The other VIP, whose pod is on the announcing node, is served."""
    return (
        *dns_is("laptop", names.dns_vip, "silent", "unreachable"),
        Check("laptop", Tcp(names.web_vip, 80), ("served",)),
        Check("laptop", Arp(names.dns_vip), (names.uplink_mac,)),
    )


def _renumbered(names: Names) -> Fault:
    """The route to the other node's pods leads to an address that nobody has any more."""

    def reroute(host: Machine) -> Machine:
        nobody = names.vm_ip  # there is no VM in this network
        routes = (replace(r, via=nobody) if r.destination == _pods_there(names) else r for r in host.routes)
        return replace(host, routes=tuple(routes))

    def fault(topology: Topology) -> Topology:
        return topology.change("host", reroute)

    return fault


def _reroute(names: Names) -> tuple[str, str]:
    return "host", f"ip route replace {_pods_there(names)} via {names.other_node_ip}"


_NOT_FORWARDED = Case(
    name="cross-node-not-forwarded",
    title="The other node does not forward: what is sent to its pods is lost there, and it answers ping itself.",
    codes=("HD508",),
    network=two_nodes("Cluster"),
    fault=lambda _: sysctls("other_node", {"net.ipv4.ip_forward": 0}),  # and by IPv6 (lab/render.py)
    symptom=lambda names: (*_fails(names), Check("host", Ping(names.other_node_ip), ("reply",))),
    client="laptop",
    targets=dns_targets,
    by_hand=lambda names: ("other_node", f"sysctl -qw {FORWARDING[names.lan.version]}=1"),
)

CASES = (
    _NOT_FORWARDED,
    replace(
        _NOT_FORWARDED,
        name="cross-node-wrong-next-hop",
        title="The route to the other node's pods leads to an address that nobody has.",
        fault=_renumbered,
        symptom=_fails,
        by_hand=_reroute,
    ),
    replace(
        _NOT_FORWARDED,
        name="cross-node-pod-filters",
        title="The pod on the other node drops everything: the network between the nodes is well.",
        codes=(),
        fault=lambda _: ruleset(DEAF_POD, role="dns_pod"),
        symptom=_fails,
        by_hand=None,
    ),
)
