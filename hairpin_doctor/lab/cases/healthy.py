"""The healthy homelab: the VIPs answer with the bridge's own MAC, and that works.

laptop .100 ── switch ── eno1 ─┤ bridge0 .246 (announces .53 and .50) ├─ vnet1 ── VM .10
"""

from __future__ import annotations

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets
from hairpin_doctor.lab.checks import Arp, Check
from hairpin_doctor.lab.faults import Fault, announcer, nothing
from hairpin_doctor.lab.names import Names


def _symptom(names: Names) -> tuple[Check, ...]:
    asked = (Check(role, Arp(names.dns_vip), (names.bridge_mac,)) for role in ("vm", "laptop"))
    return (*all_served(names, "vm", "laptop", "remote"), *asked)


def _bound(names: Names) -> Fault:
    return announcer(lambda old: type(old)(vips=names.vips, interfaces=(names.bridge,), habit="bound"))


CASES = (
    Case(
        name="healthy",
        title="Every client reaches every VIP; the speaker answers ARP on the bridge only.",
        codes=("HD002",),
        fault=lambda _: nothing,
        symptom=_symptom,
        every_variant=True,
        targets=all_targets,
    ),
    Case(
        name="l2-on-bridge0",
        title="L2 announcement on the bridge itself shares the bridge's MAC and works all the same.",
        codes=("HD002",),
        fault=_bound,
        symptom=_symptom,
        every_variant=True,
        targets=all_targets,
    ),
)
