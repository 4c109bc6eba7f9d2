"""Faults that no rule describes: a rule, a filter, a route or an entry that swallows packets and leaves no name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

from hairpin_doctor.lab.daemon import Daemon, ReadyLine
from hairpin_doctor.lab.faults import Fault, compose, interface, neighbour, services
from hairpin_doctor.lab.filters import firewall
from hairpin_doctor.lab.homelab import pod_port
from hairpin_doctor.lab.kube_proxy import Service
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Machine, Route, Ruleset

INGRESS = """table netdev policer {{
    chain seen {{
        type filter hook ingress device "{device}" priority 0; policy accept;
        ip daddr {vip} {match} drop
    }}
}}
"""
BRIDGE = """table bridge policer {{
    chain seen {{
        type filter hook {hook} priority 0; policy accept;
        ip daddr {vip} drop
    }}
}}
"""
POD = """table inet policer {
    chain seen {
        type filter hook input priority 0; policy accept;
        iifname "eth0" meta l4proto { tcp, udp } th dport 53 drop
    }
}
"""
UNTRACKED = """table ip policer {{
    chain seen {{
        type filter hook prerouting priority raw; policy accept;
        ip daddr {vip} notrack
    }}
}}
"""
ALTERED = """table ip policer {{
    chain seen {{
        type filter hook prerouting priority {priority}; policy accept;
        ip daddr {vip} {statement}
    }}
}}
"""
ARP_LOST = """table bridge policer {{
    chain seen {{
        type filter hook forward priority 0; policy accept;
        arp daddr ip {vip} drop
        arp saddr ip {vip} drop
    }}
}}
"""
HANGING = """
import socket, sys, threading
kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
sockets = [socket.socket(socket.AF_INET, kind) for kind in kinds]
for each in sockets:
    each.bind((sys.argv[1], 53))
sockets[1].listen()
print("listening", flush=True)
threading.Event().wait()
"""
ANSWERS_LOST = """
table bridge swallowing {{
    chain lose {{
        type filter hook output priority 0; policy accept;
        oifname "{device}" arp operation reply arp saddr ip {vip} drop
    }}
}}
"""
DROP_ALL = "filter add dev {device} ingress protocol ip bpf da bytecode '1,6 0 0 2'"
"""One classic BPF instruction: return TC_ACT_SHOT (2)."""


def _on(role: str, how: Callable[[Machine], Machine]) -> Fault:
    return lambda topology: topology.change(role, how)


def _rules(role: str, text: str) -> Fault:
    ruleset = Ruleset("nft", text)
    return _on(role, lambda m: replace(m, rulesets=(*m.rulesets, ruleset)))


def tap_ingress(names: Names) -> Fault:
    """An nftables ingress rule on the VM's tap drops UDP to the DNS VIP."""
    return _rules("host", INGRESS.format(device=names.tap, vip=names.dns_vip, match="udp dport 53"))


def uplink_ingress(names: Names) -> Fault:
    """An nftables ingress rule on the uplink drops TCP to it."""
    return _rules("host", INGRESS.format(device=names.uplink, vip=names.dns_vip, match="tcp dport 53"))


def bridge_input(names: Names) -> Fault:
    """A bridge-family rule drops what the host should take in."""
    return _rules("host", BRIDGE.format(hook="input", vip=names.dns_vip))


def bridge_prerouting(names: Names) -> Fault:
    """A bridge-family rule drops every frame to the VIP as it enters the bridge."""
    return _rules("host", BRIDGE.format(hook="prerouting", vip=names.dns_vip))


def switch_drops(names: Names) -> Fault:
    """The LAN's switch drops packets to the VIP; ARP passes."""
    return _rules("switch", BRIDGE.format(hook="forward", vip=names.dns_vip))


def tap_tc(names: Names) -> Fault:
    """A tc filter on the VM's tap drops every IP packet; ARP passes."""
    lines = (f"qdisc add dev {names.tap} clsact", DROP_ALL.format(device=names.tap))
    return _on("host", lambda m: replace(m, traffic_control=lines))


def untracked(names: Names) -> Fault:
    """Packets to the VIP are not tracked, and so never translated."""
    return _rules("host", UNTRACKED.format(vip=names.dns_vip))


def pod_cut_off(names: Names) -> Fault:
    """The pod's veth is down on the host."""
    return interface("host", pod_port(names.dns_pod), lambda nic: replace(nic, up=False))


def pod_hangs(names: Names) -> Fault:
    """The server in the pod listens and never answers."""
    hanging = Daemon("dns", ("python3", "-c", HANGING, str(names.dns_pod)), ready=(ReadyLine("listening"),))
    return _on("dns_pod", lambda m: m.with_daemon(hanging))


def pod_misrouted(names: Names) -> Fault:
    """A leftover /32, as a removed CNI leaves one behind."""
    leftover = Route(ip_network(names.dns_pod), kind="blackhole")
    return _on("host", lambda m: replace(m, routes=(*m.routes, leftover)))


def pod_filters(_: Names) -> Fault:
    """A packet filter inside the pod drops the queries."""
    return _rules("dns_pod", POD)


def policy(names: Names) -> Fault:
    """A policy rule on the host discards what the pod sends."""
    return _on("host", lambda m: replace(m, policies=(f"from {names.dns_pod} pref 100 blackhole",)))


def host_misled(names: Names) -> Fault:
    """The host believes that the VM is at a MAC that nobody has: answers go there."""
    return neighbour("host", names.bridge, names.vm_ip, names.stranger_mac, "permanent")


def tap_deaf(names: Names) -> Fault:
    """Nothing at all leaves by the tap: the VM hears nobody."""
    return _on("host", lambda m: replace(m, traffic_control=(f"qdisc add dev {names.tap} root blackhole",)))


def arp_lost(names: Names) -> Fault:
    """The switch loses ARP requests for the VIPs and nothing else."""
    return _rules("switch", ARP_LOST.format(vip=names.dns_vip))


def arp_answers_lost(names: Names) -> Fault:
    """The host's bridge keeps the announcer's ARP answers from the VM's tap; the router's questions are answered."""
    return _rules("host", ANSWERS_LOST.format(device=names.tap, vip=names.dns_vip))


def last_hop(names: Names) -> Fault:
    """A rule on the host lets packets to the VIP live for one hop more: it forwards none of them to the pod."""
    return _rules("host", ALTERED.format(priority="mangle", vip=names.dns_vip, statement="ip ttl set 1"))


def zoned(names: Names) -> Fault:
    """Packets to the VIP are tracked in a zone of their own, and the answers are not looked for there."""
    return _rules("host", ALTERED.format(priority="raw", vip=names.dns_vip, statement="ct zone set 7"))


def used_up(names: Names) -> Fault:
    """A firewall on the host drops what goes to the pod beyond a quota, which is used up."""
    return firewall(f"ip daddr {names.dns_pod} quota over 1 bytes drop")


def pod_without_gateway(names: Names) -> Fault:
    """The pod has no default route, and under policy Local it answers the client itself."""

    def local(service: Service) -> Service:
        return replace(service, traffic_policy="Local") if service.vip == names.dns_vip else service

    return compose(services(names, local), _on("dns_pod", lambda pod: replace(pod, routes=())))
