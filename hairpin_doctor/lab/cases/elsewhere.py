"""Networks other than the homelab, all healthy: the doctor must find nothing wrong with any of them.

Each is drawn in lab/topologies/. Every client of a case is served on every port; no false alarm is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.faults import Fault, announcer, bgp, compose, nothing, own_mac_interface
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer
from hairpin_doctor.lab.topologies.docker import docker_beside
from hairpin_doctor.lab.topologies.floating_address import keepalived, kube_vip
from hairpin_doctor.lab.topologies.macvtap import macvtap
from hairpin_doctor.lab.topologies.plain_nic import plain_nic, routed_pods
from hairpin_doctor.lab.topologies.two_nics import two_nics
from hairpin_doctor.lab.topologies.two_nodes import two_nodes
from hairpin_doctor.lab.topology import Topology

RECIPE = {"rp_filter": 2, "arp_ignore": 1}


def served(*roles: str) -> Callable[[Names], tuple[Check, ...]]:
    """Every port of both VIPs is served to each of `roles`."""
    return lambda names: all_served(names, *roles)


def _listens_too(role: str, interface: str, process: str) -> Fault:
    """One more process with an ARP socket, as DHCP clients and monitors have; it never answers."""
    listener = Announcer(
        vips=(), interfaces=(interface,), habit="bound", listen_enslaved=True, process=process
    )
    daemon = replace(listener.daemon(), name=process)
    return lambda topology: topology.change(role, lambda m: m.with_daemon(daemon))


def _listeners(names: Names) -> Fault:
    """A DHCP client on the bridge's port and a monitor on the NIC of the other segment."""
    return compose(
        _listens_too("host", names.uplink, "dhcpcd"), _listens_too("host", names.second_nic, "addrwatch")
    )


def _one_vip_each(names: Names) -> Fault:
    """The DNS VIP on the bridge, the web VIP on an interface with a MAC of its own."""
    recipe = own_mac_interface(names, values=RECIPE, addressed=True, in_fdb=True)
    second = Announcer(vips=(names.web_vip,), interfaces=(names.own_mac_interface,))
    daemon = replace(second.daemon(), name="announcer-2")

    def speak(topology: Topology) -> Topology:
        return topology.change("host", lambda m: m.with_daemon(daemon))

    only_dns = announcer(lambda old: replace(old, vips=(names.dns_vip,), interfaces=(names.bridge,)))
    return compose(recipe, only_dns, speak)


def _one_mac_each(names: Names) -> tuple[Check, ...]:
    asked = ((names.dns_vip, names.bridge_mac), (names.web_vip, names.own_mac))
    return (*all_served(names, "vm", "laptop"), *(Check("vm", Arp(vip), (mac,)) for vip, mac in asked))


def _only_dns(names: Names) -> tuple[Check, ...]:
    return (*dns_is("vm", names.dns_vip, "served"), Check("vm", Arp(names.web_vip), ("nobody",)))


_PLAIN = Case(
    name="plain-nic",
    title="A node with one plain NIC and no bridge towards the LAN; pods behind the CNI's bridge.",
    codes=(),
    network=plain_nic,
    fault=lambda _: nothing,
    symptom=served("laptop", "remote", "host", "web_pod"),
    client="laptop",
    every_variant=True,
    targets=all_targets,
)
_ROUTED = replace(
    _PLAIN,
    name="routed-pods",
    title="A plain NIC, and each pod on a routed veth, as Calico does it.",
    network=routed_pods,
)
_HOMELAB = Case(
    name="homelab-from-the-lan",
    title="The homelab, looked at by a client on the LAN.",
    codes=("HD002",),
    fault=lambda _: nothing,
    symptom=served("vm", "laptop", "remote"),
    client="laptop",
    every_variant=True,
    targets=all_targets,
)

CASES = (
    _PLAIN,
    replace(_PLAIN, name="client-behind-router", title="A client in another subnet.", client="remote"),
    replace(_PLAIN, name="client-is-a-pod", title="A pod of the node is the client.", client="web_pod"),
    replace(_PLAIN, name="client-is-the-node", title="The node itself is the client.", client="host"),
    _ROUTED,
    replace(
        _ROUTED,
        name="client-is-a-routed-pod",
        title="A pod on a routed veth is the client; its gateway has no subnet.",
        client="web_pod",
    ),
    _HOMELAB,
    replace(
        _HOMELAB,
        name="homelab-from-behind-router",
        title="The homelab, looked at by a client in another subnet.",
        client="remote",
    ),
    replace(
        _HOMELAB,
        name="homelab-from-a-pod",
        title="The homelab, looked at by a pod of the host.",
        client="web_pod",
        symptom=lambda names: dns_is("web_pod", names.dns_vip, "served"),
        targets=dns_targets,
    ),
    replace(
        _PLAIN,
        name="two-nodes-cluster",
        title="One node announces, the endpoint is on the other, policy Cluster.",
        network=two_nodes("Cluster"),
        symptom=served("laptop", "remote", "host", "other_node"),
    ),
    replace(
        _PLAIN,
        name="source-address-hidden",
        title="The same, of one VIP: the pod sees the announcing node's address and not the laptop's.",
        codes=("HD509",),
        network=two_nodes("Cluster"),
        symptom=lambda names: dns_is("laptop", names.dns_vip, "served"),
        targets=dns_targets,
    ),
    replace(
        _PLAIN,
        name="two-nodes-endpoint-node",
        title="The same, with the report of the node that has the endpoint and does not announce.",
        network=two_nodes("Cluster"),
        symptom=served("laptop", "remote"),
        host="other_node",
    ),
    replace(
        _PLAIN,
        name="two-nodes-local",
        title="Policy Local: each VIP is announced by the node that has its endpoint.",
        network=two_nodes("Local"),
        symptom=served("laptop", "remote", "host", "other_node"),
        host="other_node",
        targets=dns_targets,
    ),
    replace(
        _PLAIN,
        name="two-nodes-local-other-node",
        title="Policy Local, with the report of the node that neither announces nor has an endpoint.",
        network=two_nodes("Local"),
        symptom=served("laptop", "remote"),
        targets=dns_targets,
    ),
    replace(
        _PLAIN,
        name="two-nics-in-one-lan",
        title="Two NICs in one LAN, each answering for itself; announced on the first.",
        network=two_nics(),
        symptom=served("laptop", "remote"),
    ),
    replace(
        _PLAIN,
        name="two-nics-announced-on-second",
        title="Two NICs in one LAN; announced on the second, answers leave by the first.",
        network=two_nics(announced_on_second=True),
        symptom=served("laptop", "remote"),
    ),
    replace(
        _PLAIN,
        name="macvtap-beside-sibling",
        title="A guest on a macvtap of the NIC; node and announcer live on a sibling macvlan.",
        network=macvtap,
        symptom=served("vm", "laptop", "remote"),
        client="vm",
    ),
    replace(
        _HOMELAB,
        name="kube-vip",
        title="The VIPs are addresses of the bridge, put there by kube-vip; the kernel answers ARP for them.",
        network=kube_vip,
        symptom=served("vm", "laptop", "remote"),
        client="vm",
    ),
    replace(
        _PLAIN,
        name="keepalived",
        title="The VIP is an address of the host, put there by keepalived; no Kubernetes anywhere.",
        network=keepalived,
        symptom=lambda names: dns_is("laptop", names.dns_vip, "served"),
        targets=dns_targets,
    ),
    replace(
        _HOMELAB,
        name="docker-on-the-host",
        title="Docker on the host: FORWARD drops by default, and the accept rules are complete.",
        network=docker_beside,
        client="vm",
    ),
    replace(
        _PLAIN,
        name="bgp-beside-l2",
        title="A BGP session with the router, as Calico holds one, and L2 announcement of the VIPs.",
        fault=lambda names: bgp(names, advertised=()),
        symptom=served("laptop", "remote"),
    ),
    replace(
        _PLAIN,
        name="bgp-and-l2-for-one-vip",
        title="The VIPs are announced by L2 and advertised by BGP: near clients use one, far ones the other.",
        fault=bgp,
        symptom=served("laptop", "remote"),
    ),
    replace(
        _HOMELAB,
        name="arp-listeners-beside-announcer",
        title="A DHCP client and a monitor also hold ARP sockets, one on a bridge port.",
        fault=_listeners,
        client="vm",
    ),
    replace(
        _HOMELAB,
        name="one-interface-per-vip",
        title="Each VIP is announced on an interface of its own: the bridge and a macvlan on it.",
        fault=_one_vip_each,
        symptom=_one_mac_each,
        client="vm",
    ),
    replace(
        _HOMELAB,
        name="one-vip-unannounced",
        title="Two VIPs on one interface; one is announced and served, nobody answers for the other.",
        codes=("HD201",),
        fault=lambda names: announcer(lambda old: replace(old, vips=(names.dns_vip,))),
        symptom=_only_dns,
        client="vm",
    ),
)
