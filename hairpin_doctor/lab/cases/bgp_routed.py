"""BGP mode and a client in another subnet: it asks its router, and the router has no route to the VIP.

remote ── router .1 ── "who has .53?" ── silence on the LAN ── n5 (announces nothing by ARP)
             └──────── BGP with n5: down, or without .53

Or the VIP is in a subnet of its own, and the client is the node's neighbour: its requests go by the router, and the answers
of the node come straight back.
"""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, dns_is, dns_targets
from hairpin_doctor.lab.cases.pools import vip_outside
from hairpin_doctor.lab.checks import Check, Tcp, Udp
from hairpin_doctor.lab.daemon import BirdLearned, Daemon
from hairpin_doctor.lab.faults import Fault, bgp, compose, no_announcer, router_drops_invalid
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import ROUTERS_BIRD, Session, bgp_router, bgp_speaker
from hairpin_doctor.lab.topologies.plain_nic import plain_nic
from hairpin_doctor.lab.topology import Topology


def _wrong_as(names: Names) -> Fault:
    """The node expects another AS number than the router has, so that both end the session again and again."""
    here = Session(names.host_ip, names.host_as, names.router_ip, names.router_as + 1)
    there = Session(names.router_ip, names.router_as, names.host_ip, names.host_as)
    speaker = bgp_speaker(here, names.vips, established=False)

    def fault(topology: Topology) -> Topology:
        speaking = topology.change("host", lambda host: host.with_daemon(speaker))
        return speaking.change("router", lambda m: m.with_daemon(bgp_router(there, None)))

    return fault


def _speaker(names: Names) -> tuple[str, Daemon]:
    session = Session(names.host_ip, names.host_as, names.router_ip, names.router_as)
    speaker = bgp_speaker(session, names.vips)
    return "host", replace(speaker, ready=(*speaker.ready, BirdLearned(ROUTERS_BIRD, names.vips)))


def _only_the_node_is_served(names: Names) -> tuple[Check, ...]:
    return (
        *dns_is("remote", names.dns_vip, "unreachable", "silent"),
        *dns_is("host", names.dns_vip, "served"),
    )


def _routed_by_a_stateful_router(names: Names) -> Fault:
    """The VIP is in a subnet of its own; the router knows it by BGP, and drops packets of connections it has not seen."""
    routed = bgp(names, advertised=(names.dns_vip,))
    return compose(no_announcer, routed, router_drops_invalid)


def _half_seen(names: Names) -> tuple[Check, ...]:
    """Whoever is beyond the router is served; in the node's own LAN, UDP alone."""
    return (
        *dns_is("remote", names.dns_vip, "served"),
        Check("laptop", Udp(names.dns_vip), ("served",)),
        Check("laptop", Tcp(names.dns_vip, 53), ("stalled",)),
    )


_DOWN = Case(
    name="bgp-session-down",
    title="The node expects another AS number than its router has: no session, no route.",
    codes=("HD602",),
    network=plain_nic,
    fault=lambda names: compose(no_announcer, _wrong_as(names)),
    symptom=_only_the_node_is_served,
    client="remote",
    targets=dns_targets,
    repair=_speaker,
)

CASES = (
    _DOWN,
    replace(
        _DOWN,
        name="bgp-not-advertised",
        title="The session is up, and no VIP is advertised in it.",
        codes=("HD603",),
        fault=lambda names: compose(no_announcer, bgp(names, advertised=())),
    ),
    replace(
        _DOWN,
        name="bgp-other-subnet-stateful",
        title="The VIP is routed in a subnet of its own; of the node's neighbours the stateful router sees requests only.",
        codes=("HD403",),
        network=lambda names, variant: plain_nic(vip_outside(names), variant),
        fault=lambda names: _routed_by_a_stateful_router(vip_outside(names)),
        symptom=lambda names: _half_seen(vip_outside(names)),
        client="laptop",
        targets=lambda names: dns_targets(vip_outside(names)),
        repair=None,
    ),
)
