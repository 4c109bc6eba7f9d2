"""How pods hang on a node: behind the CNI's bridge (flannel's shape), or each on a routed veth (Calico's shape).

    by bridge:  pod 10.244.0.83/24 ── veth ─┤ cni0 10.244.0.1/24 │ node
    by route:   pod 10.244.0.83/32 ── cali… (no address, proxy ARP for 169.254.1.1) node: 10.244.0.83/32 dev cali…

Calico gives every cali interface the MAC ee:ee:ee:ee:ee:ee and lets it answer ARP for everything at once (proxy_delay 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network

from hairpin_doctor.lab.homelab import pod, pod_port
from hairpin_doctor.lab.ip import Address, anywhere
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Bridge, Cable, CableEnd, End, Interface, Machine, Port, Route

CALICO_GATEWAY = ip_address("169.254.1.1")
CALICO_MAC = "ee:ee:ee:ee:ee:ee"
ROLES = ("dns_pod", "web_pod")


@dataclass(frozen=True)
class PodNetwork:
    """The node's interfaces and routes towards its pods, and the pods; `cables` join them to the role of the node."""

    interfaces: tuple[Interface, ...]
    routes: tuple[Route, ...]
    pods: tuple[Machine, ...]

    def cables(self, node: str = "host") -> tuple[Cable, ...]:
        """One for each pod."""
        ends = [link.name for link in self.interfaces if isinstance(link, CableEnd)]
        pairs = zip(ends, self.pods, strict=True)
        return tuple(Cable(End(node, end), End(machine.role, "eth0")) for end, machine in pairs)


def by_bridge(names: Names) -> PodNetwork:
    """Both pods behind the CNI's bridge, with hairpin mode on (its `hairpinMode`): a pod reaches its own Service."""
    gateway = ip_interface((names.host_pods[1], names.host_pods.prefixlen))
    ports = (
        CableEnd(name=pod_port(address), master=names.pod_bridge, port=Port(hairpin=True))
        for address in _addresses(names)
    )
    pods = tuple(
        pod(role, address, names, 83) for role, address in zip(ROLES, _addresses(names), strict=True)
    )
    return PodNetwork((Bridge(name=names.pod_bridge, addresses=(gateway,)), *ports), (), pods)


def by_route(names: Names) -> PodNetwork:
    """Each pod on a veth of its own, with a /32 and no subnet."""
    ends = tuple(_cali(address) for address in _addresses(names))
    routes = tuple(
        Route(ip_network(address), device=end.name)
        for address, end in zip(_addresses(names), ends, strict=True)
    )
    pods = tuple(_routed_pod(role, address) for role, address in zip(ROLES, _addresses(names), strict=True))
    return PodNetwork(ends, routes, pods)


def _addresses(names: Names) -> tuple[Address, Address]:
    return (names.dns_pod, names.web_pod)


def _cali(address: Address) -> CableEnd:
    name = f"cali{int(address) & 0xFFFFFFFF:011x}"
    return CableEnd(name=name, mac=CALICO_MAC, conf={"proxy_arp": 1}, neigh={"proxy_delay": 0})


def _routed_pod(role: str, address: Address) -> Machine:
    gateway = Route(ip_network(CALICO_GATEWAY), device="eth0")
    nic = CableEnd(name="eth0", addresses=(ip_interface(address),))
    routes = (gateway, Route(anywhere(CALICO_GATEWAY), CALICO_GATEWAY))
    return Machine(role=role, name=f"{role.replace('_', '-')}-0", interfaces=(nic,), routes=routes)
