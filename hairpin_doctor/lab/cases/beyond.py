"""Faults beyond the machines that are scanned, or on one that nobody suspects. What was scanned must not be blamed.

laptop ── switch ── n5 (scanned: announces and serves nothing of .53)
   │         └───── n6 (not scanned: announces and serves .53, and is at fault)
router (not scanned: a firewall, a stale entry) ── remote client
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.faults import Fault, neighbour
from hairpin_doctor.lab.filters import ruleset
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topologies.plain_nic import plain_nic
from hairpin_doctor.lab.topologies.two_nodes import distant_pod, two_nodes
from hairpin_doctor.lab.topology import Topology

FILTER = """table inet policer {{
    chain seen {{
        type filter hook {hook} priority 0; policy accept;
        {match} drop
    }}
}}
"""


def drops(role: str, hook: str, match: str) -> Fault:
    """A packet filter of this machine drops what matches."""
    return ruleset(FILTER.format(hook=hook, match=match), role=role)


def _dns_is(word: str, *roles: str) -> Callable[[Names], tuple[Check, ...]]:
    return lambda names: tuple(check for role in roles for check in dns_is(role, names.dns_vip, word))


def _still_announced(names: Names) -> tuple[Check, ...]:
    asked = Check("laptop", Arp(names.dns_vip), (names.other_node_mac,))
    return (*dns_is("laptop", names.dns_vip, "silent"), asked)


def _may_not_send(names: Names) -> tuple[Check, ...]:
    udp, _ = dns_is("laptop", names.dns_vip, "forbidden")
    _, tcp = dns_is("laptop", names.dns_vip, "silent")
    return (udp, tcp)


def _other_announcer_is_gone(topology: Topology) -> Topology:
    return topology.change("other_node", lambda node: node.without_daemon("announcer"))


_ELSEWHERE = Case(
    name="beyond-other-node-filters",
    title="The node that announces drops the queries; the other node, which has no endpoint, is scanned.",
    codes=(),
    network=two_nodes("Local"),
    fault=lambda names: drops("other_node", "forward", f"ip daddr {distant_pod(names)}"),
    symptom=_still_announced,
    client="laptop",
    targets=dns_targets,
)

CASES = (
    _ELSEWHERE,
    replace(
        _ELSEWHERE,
        name="beyond-other-node-does-not-announce",
        title="The node that has the endpoint announces nothing; the other node is scanned.",
        codes=("HD201",),
        fault=lambda _: _other_announcer_is_gone,
        symptom=_dns_is("unreachable", "laptop"),
    ),
    replace(
        _ELSEWHERE,
        name="beyond-router-filters",
        title="A firewall on the router drops what the remote client sends to the VIP.",
        network=plain_nic,
        fault=lambda names: drops("router", "forward", f"ip daddr {names.dns_vip}"),
        symptom=_dns_is("silent", "remote"),
        client="remote",
    ),
    replace(
        _ELSEWHERE,
        name="beyond-router-remembers-wrongly",
        title="The router holds a wrong entry for the VIP: whoever is behind it fails.",
        network=plain_nic,
        fault=lambda names: neighbour(
            "router", names.lan_nic, names.dns_vip, names.stranger_mac, "permanent"
        ),
        symptom=_dns_is("silent", "remote"),
        client="remote",
    ),
    replace(
        _ELSEWHERE,
        name="client-drops-answers",
        title="A packet filter on the client drops the answers.",
        codes=("HD405",),
        network=plain_nic,
        fault=lambda names: drops("laptop", "input", f"ip saddr {names.dns_vip}"),
        symptom=_dns_is("silent", "laptop"),
    ),
    replace(
        _ELSEWHERE,
        name="client-drops-queries",
        title="A packet filter on the client drops what it sends itself.",
        codes=("HD405",),
        network=plain_nic,
        fault=lambda names: drops("laptop", "output", f"ip daddr {names.dns_vip}"),
        symptom=_may_not_send,
    ),
    replace(
        _ELSEWHERE,
        name="beyond-client-address-doubled",
        title="Another station has the client's address, and the host sends the answers there.",
        network=plain_nic,
        fault=lambda names: neighbour("host", names.uplink, names.laptop_ip, names.stranger_mac, "permanent"),
        symptom=_dns_is("silent", "laptop"),
    ),
)
