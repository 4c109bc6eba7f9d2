"""The host's own routes swallow its answers: one that forbids, or a network of containers with the client's numbers.

remote ── router ─┐
laptop ───────────┴─ switch ── eno1 ─┤ bridge0 ├─ n5 ── cni0 ── pods
                                                  └─ br-5a0d1f (containers, with the remote client's numbers)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_interface, ip_network

from hairpin_doctor.lab.cases.case import Case, all_served, dns_is, dns_targets
from hairpin_doctor.lab.checks import Check
from hairpin_doctor.lab.faults import Fault
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Bridge, Route


def _banned(names: Names) -> Fault:
    """A ban by a route, as fail2ban sets one."""
    ban = Route(ip_network(names.laptop_ip), kind="blackhole")
    return lambda t: t.change("host", lambda m: replace(m, routes=(*m.routes, ban)))


def _container_network(names: Names) -> Fault:
    """Containers of the host have the numbers of the remote client's subnet; none runs now."""
    address = ip_interface((names.remote_lan[17], names.remote_lan.prefixlen))
    return lambda t: t.change(
        "host", lambda m: m.with_interface(Bridge(name="br-5a0d1f", addresses=(address,)))
    )


def _fails_for(role: str, *served: str) -> Callable[[Names], tuple[Check, ...]]:
    def symptom(names: Names) -> tuple[Check, ...]:
        return (*dns_is(role, names.dns_vip, "silent"), *all_served(names, *served))

    return symptom


_BANNED = Case(
    name="client-banned-by-route",
    title="A blackhole route on the host swallows every answer to the laptop.",
    codes=("HD410",),
    fault=_banned,
    symptom=_fails_for("laptop", "vm"),
    client="laptop",
    targets=dns_targets,
)

CASES = (
    _BANNED,
    replace(
        _BANNED,
        name="container-network-overlaps-clients",
        title="A network of containers on the host has the numbers of the remote client's subnet.",
        fault=_container_network,
        symptom=_fails_for("remote", "laptop"),
        client="remote",
    ),
)
