"""Something on the way to the VIP carries less than the client sends, and says nothing.

laptop ── switch ── eno1 ─┤ bridge0 (answers for .53 and .50) ├─ vnet1 ── VM
              ↑                                                    ↑ MTU 1400 in one case
              └ MTU 1400 in the other: on no machine that anybody scans
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, target
from hairpin_doctor.lab.checks import Check, Tcp
from hairpin_doctor.lab.faults import Fault, interface
from hairpin_doctor.lab.homelab import port
from hairpin_doctor.lab.names import Names

NARROW = 1400
FILLER = 1400
"""Bytes, so that the request fills one segment, and not two, of an MTU of 1500."""


def _only_large_requests_hang(client: str, other: str) -> Callable[[Names], tuple[Check, ...]]:
    def symptom(names: Names) -> tuple[Check, ...]:
        large = Tcp(names.web_vip, 80, FILLER)
        return (
            *all_served(names, client, other),
            Check(client, large, ("stalled",)),
            Check(other, large, ("served",)),
        )

    return symptom


def _tap(names: Names) -> Fault:
    return interface("host", names.tap, lambda nic: replace(nic, mtu=NARROW))


def _switch_port(_: Names) -> Fault:
    return interface("switch", port("laptop"), lambda nic: replace(nic, mtu=NARROW))


_TAP = Case(
    name="mtu-black-hole",
    title="The VM's tap carries 1400 bytes, the VM sends 1500, and nobody tells it.",
    codes=("HD407",),
    fault=_tap,
    symptom=_only_large_requests_hang("vm", "laptop"),
    targets=lambda names: (target(names.web_vip, 80, "tcp"),),
)

CASES = (
    _TAP,
    replace(
        _TAP,
        name="mtu-black-hole-elsewhere",
        title="A switch port on the laptop's way carries 1400 bytes, and nobody who is scanned knows it.",
        fault=_switch_port,
        symptom=_only_large_requests_hang("laptop", "vm"),
        client="laptop",
    ),
)
