"""Packet filters that other programs put on a machine beside kube-proxy's rules."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface
from typing import Literal

from hairpin_doctor.lab.faults import Fault, compose
from hairpin_doctor.lab.ip import Network
from hairpin_doctor.lab.topology import Bridge, Ruleset

Tool = Literal["nft", "iptables", "iptables-legacy", "ip6tables-legacy"]
DOCKER_BRIDGE = Bridge(name="docker0", addresses=(ip_interface("172.31.255.1/24"),))
DOCKER = """*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-USER - [0:0]
-I FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.31.255.0/24 ! -o docker0 -j MASQUERADE
COMMIT
"""
"""What dockerd writes when it starts (libnetwork, iptables backend): the policy of FORWARD becomes DROP.

By ip6tables it writes the same, its networks' IPv6 prefixes in place of the IPv4 ones (there since Docker 27).
"""


def ruleset(text: str, tool: Tool = "nft", role: str = "host") -> Fault:
    """These rules on a machine, loaded after those it has."""
    rules = Ruleset(tool, text)
    return lambda t: t.change(role, lambda m: replace(m, rulesets=(*m.rulesets, rules)))


def docker(
    tool: Literal["iptables", "iptables-legacy", "ip6tables-legacy"] = "iptables", *, icmp: bool = False
) -> Fault:
    """Docker on the host, with a bridge and no container. `icmp`: somebody accepts ICMP before all else."""
    text = (
        DOCKER.replace("-j DOCKER-USER\n", "-j DOCKER-USER\n-I FORWARD -p icmp -j ACCEPT\n", 1)
        if icmp
        else DOCKER
    )
    if tool.startswith("ip6"):
        text = text.replace("172.31.255.0/24", "fd00:d0c::/64")
    bridge: Fault = lambda t: t.change("host", lambda m: m.with_interface(DOCKER_BRIDGE))  # noqa: E731
    return compose(bridge, ruleset(text, tool))


def firewall(*rules: str, hook: str = "forward", policy: str = "accept", priority: str = "filter") -> Fault:
    """A firewall of the host's own, in a table of its own: `table inet firewall`."""
    lines = "\n        ".join((f"type filter hook {hook} priority {priority}; policy {policy};", *rules))
    return ruleset(f"table inet firewall {{\n    chain {hook} {{\n        {lines}\n    }}\n}}\n")


def pods_of(network: Network) -> str:
    """What selects packets to the pods."""
    return f"ip daddr {network}"
