"""Known faults on networks other than the homelab, or in another shape than the homelab's own case of them.

Each network is drawn in lab/topologies/.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab import swallowing
from hairpin_doctor.lab.cases.case import Case, dns_is, dns_targets
from hairpin_doctor.lab.checks import Check
from hairpin_doctor.lab.faults import (
    Fault,
    bgp,
    compose,
    conf,
    neighbour,
    no_announcer,
    sysctls,
)
from hairpin_doctor.lab.filters import firewall
from hairpin_doctor.lab.homelab import homelab
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topologies.plain_nic import plain_nic, routed_pods
from hairpin_doctor.lab.topologies.two_nics import two_nics
from hairpin_doctor.lab.topologies.two_nodes import two_nodes
from hairpin_doctor.lab.topology import Topology


def _routed(names: Names) -> Fault:
    return compose(no_announcer, bgp(names))


def _no_server(topology: Topology) -> Topology:
    return topology.change("dns_pod", lambda pod: pod.without_daemon("dns"))


def _dns_fails(*roles: str, says: tuple[str, ...]) -> Callable[[Names], tuple[Check, ...]]:
    return lambda names: tuple(check for role in roles for check in dns_is(role, names.dns_vip, *says))


def _strict(names: Names) -> Fault:
    """Strict reverse path filtering on the NIC that announces and is not the way back."""
    return conf("host", names.second_nic, {"rp_filter": 1})


_SILENT, _UNREACHABLE = ("silent",), ("unreachable",)
_PLAIN = Case(
    name="plain-nic-nobody-announces",
    title="A plain NIC, and nobody announces.",
    codes=("HD201",),
    network=plain_nic,
    fault=lambda _: no_announcer,
    symptom=_dns_fails("laptop", says=_UNREACHABLE),
    client="laptop",
    targets=dns_targets,
)

CASES = (
    _PLAIN,
    replace(
        _PLAIN,
        name="remote-nobody-announces",
        title="A client behind the router, and nobody announces: the router says Host Unreachable.",
        symptom=_dns_fails("remote", says=("unreachable", "silent")),
        client="remote",
    ),
    replace(
        _PLAIN,
        name="plain-nic-bgp-same-subnet",
        title="A plain NIC, and BGP mode with the VIP in the laptop's own subnet.",
        codes=("HD601",),
        fault=_routed,
    ),
    replace(
        _PLAIN,
        name="routed-pods-bgp-same-subnet",
        title="Routed pods, and BGP mode with the VIP in the laptop's own subnet.",
        codes=("HD601",),
        network=routed_pods,
        fault=_routed,
    ),
    replace(
        _PLAIN,
        name="calico-session-nobody-announces",
        title="Routed pods, a BGP session that advertises no VIP, and nobody announces by L2.",
        codes=("HD201",),
        network=routed_pods,
        fault=lambda names: compose(no_announcer, bgp(names, advertised=())),
    ),
    replace(
        _PLAIN,
        name="plain-nic-stale-neighbour",
        title="A plain NIC, and the laptop holds a permanent entry with a wrong MAC.",
        codes=("HD205",),
        fault=lambda names: neighbour(
            "laptop", names.lan_nic, names.dns_vip, names.stranger_mac, "permanent"
        ),
        symptom=_dns_fails("laptop", says=_SILENT),
    ),
    replace(
        _PLAIN,
        name="routed-pods-forwarding-off",
        title="Routed pods, and the host forwards nothing.",
        codes=("HD404",),
        network=routed_pods,
        fault=lambda _: sysctls("host", {"net.ipv4.ip_forward": 0}),
        symptom=_dns_fails("laptop", says=_SILENT),
    ),
    replace(
        _PLAIN,
        name="routed-pods-firewall",
        title="Routed pods, and a firewall on the host drops DNS to them.",
        codes=("HD405",),
        network=routed_pods,
        fault=lambda names: firewall(
            f"ip daddr {names.dns_pod} udp dport 53 drop", f"ip daddr {names.dns_pod} tcp dport 53 drop"
        ),
        symptom=_dns_fails("laptop", says=_SILENT),
    ),
    replace(
        _PLAIN,
        name="remote-client-backend-refuses",
        title="A client behind the router, and the pod does not listen.",
        codes=("HD503",),
        fault=lambda _: _no_server,
        symptom=_dns_fails("remote", says=("refused",)),
        client="remote",
    ),
    replace(
        _PLAIN,
        name="two-nodes-backend-refuses",
        title="The endpoint on the other node does not listen.",
        codes=("HD503",),
        network=two_nodes("Cluster"),
        fault=lambda _: _no_server,
        symptom=_dns_fails("laptop", says=("refused",)),
    ),
    replace(
        _PLAIN,
        name="two-nics-strict-filter",
        title="Two NICs in one LAN, announced on the one that is not the way back, with strict rp_filter.",
        codes=("HD401",),
        network=two_nics(announced_on_second=True),
        fault=_strict,
        symptom=_dns_fails("laptop", says=_SILENT),
    ),
    replace(
        _PLAIN,
        name="answers-discarded-by-policy",
        title="A policy rule on the host discards what the pod answers, by no route at all.",
        codes=("HD406",),
        network=homelab,
        fault=swallowing.policy,
        symptom=_dns_fails("vm", "laptop", says=_SILENT),
        client="vm",
    ),
    replace(
        _PLAIN,
        name="pod-behind-a-blackhole",
        title="A leftover blackhole route on the host swallows what should go to the pod.",
        codes=("HD508",),
        network=homelab,
        fault=swallowing.pod_misrouted,
        symptom=_dns_fails("vm", "laptop", says=_SILENT),
        client="vm",
    ),
)
