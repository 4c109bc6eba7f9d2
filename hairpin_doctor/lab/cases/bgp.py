"""BGP mode with the VIPs inside the clients' own subnet: the client asks by ARP, and nobody answers.

    VM .10, laptop .100 ── "who has .53?" ── silence        remote ── udm .1 ── .53 via .246 ── works
                            udm .1  <── BGP: .53/32, .50/32 ── n5 .246

The second case adds what makes ping work and TCP fail: the router answers by proxy ARP and forwards, the node
answers straight to the client, and the router's firewall sees half of the connection. It needs call-iptables 0:
with 1 the host's own DNAT catches the VM's frames on their way across the bridge to the router, and TCP works.
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, all_served, all_targets, dns_is, dns_targets
from hairpin_doctor.lab.checks import Arp, Check, Ping, Tcp, Udp
from hairpin_doctor.lab.faults import (
    Fault,
    bgp,
    compose,
    no_announcer,
    router_drops_invalid,
    router_proxy_arp,
    vips_local,
)
from hairpin_doctor.lab.names import Names


def _same_subnet(names: Names) -> Fault:
    return compose(no_announcer, bgp(names))


def _unreachable(names: Names) -> tuple[Check, ...]:
    checks = list(all_served(names, "remote"))
    for role in ("vm", "laptop"):
        checks += [*dns_is(role, names.dns_vip, "unreachable"), Check(role, Arp(names.dns_vip), ("nobody",))]
        checks.append(Check(role, Ping(names.dns_vip), ("unreachable",)))
    return tuple(checks)


def _stateful(names: Names) -> Fault:
    return compose(_same_subnet(names), router_proxy_arp(names), router_drops_invalid, vips_local(names))


def _half_seen(names: Names) -> tuple[Check, ...]:
    return (
        Check("vm", Ping(names.dns_vip), ("reply",)),
        Check("vm", Udp(names.dns_vip), ("served",)),
        Check("vm", Tcp(names.dns_vip, 53), ("stalled",)),
        Check("vm", Tcp(names.web_vip, 80), ("stalled",)),
        Check("vm", Arp(names.dns_vip), (names.router_mac,)),
    )


_BGP = Case(
    name="bgp-same-subnet",
    title="BGP mode with the VIPs in the clients' own subnet: nobody answers ARP for them.",
    codes=("HD601",),
    fault=_same_subnet,
    symptom=_unreachable,
    targets=all_targets,
)

CASES = (
    _BGP,
    replace(
        _BGP,
        name="bgp-same-subnet-proxy-arp-stateful",
        title="The same, and a stateful router with proxy ARP: ping and UDP work, TCP stalls after its handshake.",
        codes=("HD601", "HD403"),
        fault=_stateful,
        symptom=_half_seen,
        call_iptables=0,
        targets=dns_targets,
    ),
)
