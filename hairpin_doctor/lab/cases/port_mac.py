"""The VIPs answer with a bridge port's MAC: fine by that port, dropped as PACKET_OTHERHOST by every other.

laptop ── switch ── eno1 (its MAC answers) ─┤ bridge0 ├─ vnet1 ── VM
          works                                          dropped
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.faults import Fault, announcer
from hairpin_doctor.lab.names import Names


def _fault(names: Names) -> Fault:
    return announcer(lambda old: replace(old, answer_with={names.bridge: names.uplink_mac}))


def _symptom(names: Names) -> tuple[Check, ...]:
    asked = Check("vm", Arp(names.dns_vip), (names.uplink_mac,))
    return (asked, *dns_is("vm", names.dns_vip, "silent"), *all_served(names, "laptop"))


CASES = (
    Case(
        name="vip-on-port-mac",
        title="The VIPs answer with the uplink port's MAC: the LAN reaches them, the VM behind another port does not.",
        codes=("HD301",),
        fault=_fault,
        symptom=_symptom,
        call_iptables=0,
        targets=all_targets,
    ),
)
