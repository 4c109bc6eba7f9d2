"""Announced on the wrong interface, or not at all.

                  ┌─ eno1: a bridge port, hears nothing
laptop ── switch ─┤
             n5 ──┤ bridge0 ── vnet1 ── VM: asks here
                  └─ enp197s0 ── second switch ── printer: another L2 segment
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is
from hairpin_doctor.lab.checks import Arp, Check, Ping
from hairpin_doctor.lab.faults import Fault, announcer, no_announcer
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import Announcer


def _bound_to(interface: Callable[[Names], str]) -> Callable[[Names], Fault]:
    """Sockets on that interface only, enslaved or not."""
    return lambda names: announcer(
        lambda old: replace(old, interfaces=(interface(names),), habit="bound", listen_enslaved=True)
    )


def _speaker_on(interface: Callable[[Names], str]) -> Callable[[Names], Fault]:
    """As real MetalLB: sockets on every suitable interface, answers on that one only."""
    return lambda names: announcer(lambda old: replace(old, interfaces=(interface(names),), habit="speaker"))


def _unanswered(names: Names) -> tuple[Check, ...]:
    checks: list[Check] = []
    for role in ("vm", "laptop"):
        checks += [
            *dns_is(role, names.dns_vip, "unreachable"),
            Check(role, Ping(names.dns_vip), ("unreachable",)),
        ]
        checks.append(Check(role, Arp(names.dns_vip), ("nobody",)))
    return tuple(checks)


def _only_the_printer(names: Names) -> tuple[Check, ...]:
    asked = Check("printer", Arp(names.dns_vip), (names.second_nic_mac,))
    return (*_unanswered(names), *all_served(names, "printer"), asked)


_ON_PORT = Case(
    name="l2-on-eno1",
    title="Announced on a bridge port: the bridge takes the frames before the announcer could hear them.",
    codes=("HD104",),
    fault=_bound_to(lambda names: names.uplink),
    symptom=_unanswered,
    targets=all_targets,
)
_ON_SECOND_NIC = replace(
    _ON_PORT,
    name="l2-on-enp197s0",
    title="Announced on a NIC of another segment: clients there succeed, the VM gets no answer.",
    codes=("HD105",),
    fault=_bound_to(lambda names: names.second_nic),
    symptom=_only_the_printer,
)

CASES = (
    _ON_PORT,
    replace(
        _ON_PORT,
        name="l2-on-eno1-real-speaker",
        title="Announced on a bridge port, by a speaker that listens everywhere else and answers nowhere.",
        fault=_speaker_on(lambda names: names.uplink),
    ),
    _ON_SECOND_NIC,
    replace(
        _ON_SECOND_NIC,
        name="l2-on-enp197s0-real-speaker",
        title="Announced on a NIC of another segment, by a speaker that listens on the bridge too.",
        fault=_speaker_on(lambda names: names.second_nic),
    ),
    replace(
        _ON_PORT,
        name="nobody-announces",
        title="No announcer runs and no BGP either: ARP for the VIPs stays without an answer.",
        codes=("HD201",),
        fault=lambda _: no_announcer,
        repair=lambda names: ("host", Announcer(vips=names.vips, interfaces=(names.bridge,)).daemon()),
    ),
)
