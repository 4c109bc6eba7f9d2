"""Every case of the lab, in the order of the story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hairpin_doctor.lab import (
    expected_addresses,
    expected_datapath,
    expected_elsewhere,
    expected_ipv6,
    expected_two_clients,
)
from hairpin_doctor.lab.cases import (
    abroad,
    addresses,
    arp,
    beyond,
    bgp,
    bgp_routed,
    bridged,
    collision,
    compound,
    cross_node,
    datapath,
    elsewhere,
    filtering,
    healthy,
    interfaces,
    ipv6,
    ipv6_twins,
    macvtap,
    modules,
    own_mac,
    packet_sizes,
    pools,
    port_mac,
    ports,
    resolver,
    routing,
    tracking,
    two_clients,
    unknown,
    way_back,
)
from hairpin_doctor.lab.cases.case import Case, Expected, Vantage
from hairpin_doctor.lab.expected import EXPECTED

__all__ = ["CATALOGUE", "MODULE_CASES", "Case", "Expected", "find"]

_CASES: tuple[Case, ...] = (
    *healthy.CASES,
    *bgp.CASES,
    *interfaces.CASES,
    *port_mac.CASES,
    *collision.CASES,
    *own_mac.CASES,
    *bridged.CASES,
    *arp.CASES,
    *filtering.CASES,
    *datapath.CASES,
    *resolver.CASES,
    *tracking.CASES,
    *ports.CASES,
    *pools.CASES,
    *addresses.CASES,
    *routing.CASES,
    *way_back.CASES,
    *packet_sizes.CASES,
    *macvtap.CASES,
    *elsewhere.CASES,
    *unknown.CASES,
    *compound.CASES,
    *two_clients.CASES,
    *abroad.CASES,
    *bgp_routed.CASES,
    *cross_node.CASES,
    *beyond.CASES,
    *ipv6.CASES,
    *ipv6_twins.CASES,
)
_EXPECTED = {
    **EXPECTED,
    **expected_elsewhere.EXPECTED,
    **expected_datapath.EXPECTED,
    **expected_addresses.EXPECTED,
    **expected_ipv6.EXPECTED,
    **expected_two_clients.EXPECTED,
}
SOURCE_IS_KEPT = frozenset({"two-nodes-local", "two-nodes-local-other-node", "keepalived"})
"""Cases whose backends see the client's address: HD509 would be a false alarm there."""


def _expected(case: Case) -> Mapping[Vantage, Expected]:
    """As written by hand; the twin over IPv6 as its case. HD509 (policy Cluster masquerades) may be noted besides, wherever
    host and client are seen.
    """
    found = _EXPECTED.get(case.name) or _EXPECTED[case.name.removesuffix("-ipv6")]
    if case.name in SOURCE_IS_KEPT or "HD509" in found["both"].codes:
        return found
    together = {key: each for key, each in found.items() if key in ("both", "all")}
    return {
        **found,
        **{key: replace(each, allowed=(*each.allowed, "HD509")) for key, each in together.items()},
    }


def _afterwards(case: Case) -> tuple[Expected, ...]:
    """The same of what is said of host and client while causes are left."""
    return tuple(replace(each, allowed=(*each.allowed, "HD509")) for each in case.afterwards)


CATALOGUE: tuple[Case, ...] = tuple(
    replace(case, expected=_expected(case), afterwards=_afterwards(case)) for case in _CASES
)

MODULE_CASES: tuple[Case, ...] = tuple(
    replace(case, expected=modules.EXPECTED[case.name]) for case in modules.CASES
)
"""Cases that need kernel modules which a namespace on any machine cannot count on: `make lab-vm` runs them."""


def find(name: str) -> Case | None:
    """The case of that name."""
    return next((case for case in (*CATALOGUE, *MODULE_CASES) if case.name == name), None)
