"""Connection tracking on the node remembers what it should not, or has no room for more.

VM (asks from port 5300 for ever) ─ vnet1 ─┤ bridge0 (answers for .53) ├─ cni0 ── pod .83, and once pod .9, which is gone
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_targets, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, Ping, Tcp, Udp
from hairpin_doctor.lab.faults import Fault, compose
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import crowded_connections, dns_asker
from hairpin_doctor.lab.topology import TrackedFlow

FORWARDERS_PORT = 5300
"""The one port from which a program of the VM asks DNS, again and again."""


def _stuck_to_a_gone_pod(names: Names) -> Fault:
    """The flow began when the Service had a pod that is gone; its packets keep the entry alive."""
    flow = TrackedFlow(names.vm_ip, FORWARDERS_PORT, names.dns_vip, names.host_pods[9])
    asker = dns_asker(names.dns_vip, FORWARDERS_PORT)
    return compose(
        lambda t: t.change("host", lambda host: replace(host, flows=(*host.flows, flow))),
        lambda t: t.change("vm", lambda vm: vm.with_daemon(asker)),
    )


def _one_port_fails(names: Names) -> tuple[Check, ...]:
    stuck = Check("vm", Udp(names.dns_vip, source_port=FORWARDERS_PORT), ("silent", "unreachable"))
    return (stuck, *(check for role in ("vm", "laptop") for check in dns_is(role, names.dns_vip, "served")))


def _no_room(_: Names) -> Fault:
    return lambda t: t.change("host", lambda host: host.with_daemon(crowded_connections()))


def _all_silent(names: Names) -> tuple[Check, ...]:
    """The node's own address is silent too."""
    silent = (check for role in ("vm", "laptop") for check in dns_is(role, names.dns_vip, "silent"))
    web = Check("laptop", Tcp(names.web_vip, 80), ("silent",))
    return (
        *silent,
        web,
        Check("vm", Ping(names.host_ip), ("silent",)),
        Check("vm", Arp(names.dns_vip), (names.bridge_mac,)),
    )


CASES = (
    Case(
        name="stale-udp-conntrack",
        title="A program of the VM asks DNS from one port for ever, and its flow is stuck to a pod that is gone.",
        codes=("HD506",),
        fault=_stuck_to_a_gone_pod,
        symptom=_one_port_fails,
        targets=dns_targets,
    ),
    Case(
        name="conntrack-table-full",
        title="The node's table of connections is full, and what stands in it is not evicted.",
        codes=("HD408",),
        fault=_no_room,
        symptom=_all_silent,
        targets=all_targets,
        by_hand=lambda _: ("host", "conntrack -F"),
    ),
)
