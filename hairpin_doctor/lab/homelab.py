"""The homelab of the origin story, healthy.

    LAN client .100 ─┐                                    ┌─ vnet1 ── VM .10
      router .1 ─────┼─ switch ── eno1 ─┤ bridge0 .246 ├──┘
        │            ┘                  (host "n5")       └─ cni0 10.244.0.1 ── pods: DNS .83, HTTP .84
      remote client                     enp197s0 ── second switch ── printer (another L2 segment)

VIP .53 port 53 tcp+udp and VIP .50 ports 80, 443 are DNATed to the pods by kube-proxy's rules; the announcer answers for
both on bridge0. Names and addresses are those of `Names`; the drawing shows Names.story().
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_interface, ip_network
from typing import Literal

from hairpin_doctor.lab.ip import IPTABLES, Address, anywhere
from hairpin_doctor.lab.kube_proxy import (
    Cluster,
    Endpoint,
    Service,
    ServicePort,
    iptables_rules,
    nftables_rules,
)
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer, dns_server, http_server
from hairpin_doctor.lab.topology import (
    Bridge,
    Cable,
    CableEnd,
    End,
    Interface,
    Machine,
    Route,
    Ruleset,
    Topology,
)

SWITCH_BRIDGE = "sw0"
ROUTER_WAN = "eth1"


@dataclass(frozen=True)
class Variant:
    """How the host's kernel and kube-proxy are set up; every case can be built in each variant it allows."""

    kube_proxy: Literal["iptables", "nftables"] = "iptables"
    call_iptables: Literal[0, 1] = 1


def homelab(names: Names, variant: Variant) -> Topology:
    """The healthy homelab: every client reaches every VIP."""
    machines = (
        switch(names.switch, "switch", ("router", "laptop", "host")),
        switch(names.second_switch, "second_switch", ("printer", "host")),
        router(names),
        laptop(names),
        remote(names),
        _printer(names),
        _host(names, variant),
        _vm(names),
        pod("dns_pod", names.dns_pod, names, 83),
        pod("web_pod", names.web_pod, names, 84),
    )
    return with_servers(Topology(machines, _cables(names)), names)


def _cables(names: Names) -> tuple[Cable, ...]:
    pairs = (
        ("switch", port("router"), "router", names.lan_nic),
        ("switch", port("laptop"), "laptop", names.lan_nic),
        ("switch", port("host"), "host", names.uplink),
        ("second_switch", port("printer"), "printer", names.lan_nic),
        ("second_switch", port("host"), "host", names.second_nic),
        ("router", ROUTER_WAN, "remote", names.lan_nic),
        ("host", names.tap, "vm", names.vm_nic),
        ("host", pod_port(names.dns_pod), "dns_pod", "eth0"),
        ("host", pod_port(names.web_pod), "web_pod", "eth0"),
    )
    return tuple(Cable(End(a, x), End(b, y)) for a, x, b, y in pairs)


def port(role: str) -> str:
    """The switch's port towards `role`."""
    return f"to-{role}"[:15]


def pod_port(pod: Address) -> str:
    """The host's end of the veth of `pod`, named as CNI plugins do."""
    return f"veth{int(pod) & 0xFFFFFFFF:08x}"


def switch(name: str, role: str, towards: tuple[str, ...]) -> Machine:
    """A learning switch with a port towards each of these roles."""
    ports = (CableEnd(name=port(other), master=SWITCH_BRIDGE) for other in towards)
    return Machine(role=role, name=name, interfaces=(Bridge(name=SWITCH_BRIDGE), *ports))


def station(role: str, name: str, nic: CableEnd, gateway: Address | None) -> Machine:
    """A machine with one cable and, perhaps, a default route."""
    routes = (Route(anywhere(gateway), gateway),) if gateway else ()
    return Machine(role=role, name=name, interfaces=(nic,), routes=routes)


def _vm(names: Names) -> Machine:
    nic = CableEnd(name=names.vm_nic, mac=names.vm_mac, addresses=(names.on_lan(names.vm_ip),))
    return station("vm", names.vm, nic, names.router_ip)


def laptop(names: Names) -> Machine:
    """A client on the LAN."""
    nic = CableEnd(name=names.lan_nic, mac=names.laptop_mac, addresses=(names.on_lan(names.laptop_ip),))
    return station("laptop", names.laptop, nic, names.router_ip)


def remote(names: Names) -> Machine:
    """A client in another subnet, behind the router."""
    address = ip_interface((names.remote_lan[5], names.remote_lan.prefixlen))
    nic = CableEnd(name=names.lan_nic, mac=names.remote_mac, addresses=(address,))
    return station("remote", names.remote, nic, names.remote_lan[1])


def _printer(names: Names) -> Machine:
    """On the other segment, with the VIPs as on-link routes: it asks for them by ARP there."""
    address = ip_interface((names.second_lan[20], names.second_lan.prefixlen))
    nic = CableEnd(name=names.lan_nic, mac=names.printer_mac, addresses=(address,))
    vips = tuple(Route(ip_network(vip), device=names.lan_nic) for vip in names.vips)
    return replace(station("printer", names.printer, nic, None), routes=vips)


def router(names: Names) -> Machine:
    """The gateway of the LAN and of the remote subnet."""
    wan = ip_interface((names.remote_lan[1], names.remote_lan.prefixlen))
    interfaces = (
        CableEnd(name=names.lan_nic, mac=names.router_mac, addresses=(names.on_lan(names.router_ip),)),
        CableEnd(name=ROUTER_WAN, addresses=(wan,)),
    )
    redirects = {f"net.ipv4.conf.{group}.send_redirects": 1 for group in ("all", "default")}
    sysctls: dict[str, int | str] = {"net.ipv4.ip_forward": 1, **redirects}
    internet = Route(
        anywhere(names.router_ip), kind="blackhole"
    )  # what is sent there gets no answer, not even an error
    return Machine(
        role="router", name=names.router, interfaces=interfaces, sysctls=sysctls, routes=(internet,)
    )


def _host(names: Names, variant: Variant) -> Machine:
    second = ip_interface((names.second_lan[2], names.second_lan.prefixlen))
    gateway = ip_interface((names.host_pods[1], names.host_pods.prefixlen))
    interfaces = (
        Bridge(name=names.bridge, mac=names.bridge_mac, addresses=(names.on_lan(names.host_ip),)),
        CableEnd(name=names.uplink, mac=names.uplink_mac, master=names.bridge),
        CableEnd(name=names.tap, mac=names.tap_mac, master=names.bridge),
        CableEnd(name=names.second_nic, mac=names.second_nic_mac, addresses=(second,)),
        Bridge(name=names.pod_bridge, addresses=(gateway,)),
        CableEnd(name=pod_port(names.dns_pod), master=names.pod_bridge),
        CableEnd(name=pod_port(names.web_pod), master=names.pod_bridge),
    )
    return kubernetes_node(names, variant, interfaces)


def kubernetes_node(names: Names, variant: Variant, interfaces: tuple[Interface, ...]) -> Machine:
    """The host, with these interfaces: it forwards, and kube-proxy has programmed the cluster's Services."""
    redirects = {f"net.ipv4.conf.{group}.send_redirects": 1 for group in ("all", "default")}
    sysctls: dict[str, int | str] = {
        "net.ipv4.ip_forward": 1,
        "net.bridge.bridge-nf-call-iptables": variant.call_iptables,
        **redirects,
    }
    rules = kube_proxy_ruleset(cluster_services(names), names, variant)
    routes = (Route(anywhere(names.router_ip), names.router_ip),)
    return Machine(
        role="host", name=names.host, interfaces=interfaces, sysctls=sysctls, routes=routes, rulesets=(rules,)
    )


def pod(role: str, address: Address, names: Names, number: int) -> Machine:
    """A pod behind the CNI's bridge."""
    nic = CableEnd(name="eth0", addresses=(ip_interface((address, names.host_pods.prefixlen)),))
    return station(role, f"{role.replace('_', '-')}-{number}", nic, names.host_pods[1])


def with_servers(topology: Topology, names: Names, announced_on: str | None = None) -> Topology:
    """`topology` with the servers in the pods and the announcer on an interface of the host, else on its bridge."""
    dns = dns_server(names.dns_pod, {names.dns_record: names.vm_ip})
    web = http_server(names.web_pod, (8080, 8443))
    announcer = Announcer(vips=names.vips, interfaces=(announced_on or names.bridge,)).daemon()
    topology = topology.change("dns_pod", lambda pod: pod.with_daemon(dns))
    topology = topology.change("web_pod", lambda pod: pod.with_daemon(web))
    return topology.change("host", lambda host: host.with_daemon(announcer))


def cluster_services(names: Names) -> tuple[Service, ...]:
    """The Services of the cluster: the two with a VIP, and those that every cluster has."""
    return (
        Service(
            name="dns",
            namespace="home",
            cluster_ip=names.services[2053],
            vip=names.dns_vip,
            ports=(
                ServicePort("dns-tcp", 53, "tcp", 53, 30053),
                ServicePort("dns-udp", 53, "udp", 53, 30053),
            ),
            endpoints=(Endpoint(names.dns_pod),),
        ),
        Service(
            name="web",
            namespace="home",
            cluster_ip=names.services[2080],
            vip=names.web_vip,
            ports=(
                ServicePort("http", 80, "tcp", 8080, 30080),
                ServicePort("https", 443, "tcp", 8443, 30443),
            ),
            endpoints=(Endpoint(names.web_pod),),
        ),
        *_every_cluster(names),
    )


def _every_cluster(names: Names) -> tuple[Service, ...]:
    dns_ports = (
        ServicePort("dns", 53, "udp", 53),
        ServicePort("dns-tcp", 53, "tcp", 53),
        ServicePort("metrics", 9153, "tcp", 9153),
    )
    pods = tuple(Endpoint(names.host_pods[number]) for number in (2, 3))
    api, https = (Endpoint(names.host_ip),), (ServicePort("https", 443, "tcp", 6443),)
    return (
        Service(name="kubernetes", cluster_ip=names.services[1], ports=https, endpoints=api),
        Service(
            name="kube-dns",
            namespace="kube-system",
            cluster_ip=names.services[10],
            ports=dns_ports,
            endpoints=pods,
        ),
    )


def kube_proxy_ruleset(services: tuple[Service, ...], names: Names, variant: Variant) -> Ruleset:
    """kube-proxy's rules for `services`, in the mode of `variant`."""
    cluster = Cluster(names.pods, names.services, names.host_ip)
    if variant.kube_proxy == "iptables":
        return Ruleset(IPTABLES[names.lan.version], iptables_rules(services, cluster))
    return Ruleset("nft", nftables_rules(services, cluster))
