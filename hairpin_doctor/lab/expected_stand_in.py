"""What `scan --stand-in` on the host alone must say where that is not what VM and host say together: by hand, with reasons.

A stand-in is a new machine on a new port of the host's bridge, like the VM's port in flags, VLAN and state. What is wrong
in the VM, or elsewhere in the LAN, does not hit it, and then *healthy* is the truth about it; the report says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hairpin_doctor.lab.cases.case import Case, Expected
from hairpin_doctor.lab.names import Names

REFUSED = Expected("refused", ())
_WELL = Expected("healthy", ("HD001", "HD002"))


def _latent(*codes: str) -> Expected:
    """The host's own br_netfilter serves a guest of its bridge, whichever machine it sends to: others are hit."""
    return Expected("healthy", codes, ("HD001", "HD002"))


EXPECTED: Mapping[str, Expected] = {
    # In the VM: its neighbour cache, its link, its MAC.
    **dict.fromkeys(
        (
            "stale-neighbour",
            "stale-neighbour-learned",
            "unknown-link-deaf",
            "client-routes-vip-elsewhere",
            "two-vms-one-remembers-wrongly",
            "two-vms-two-faults",
        ),
        _WELL,
    ),
    "proxy-arp-and-stale-neighbour": Expected("healthy", ("HD206", "HD001", "HD002")),
    "port-mac-and-stale-neighbour": Expected("diagnosed", ("HD301",)),
    "rp-filter-and-stale-neighbour": Expected("diagnosed", ("HD401",)),
    "stolen-frames-and-stale-neighbour": Expected("diagnosed", ("HD303",)),
    "stale-neighbour-and-firewall": Expected("diagnosed", ("HD405",)),
    "two-vips-two-faults": Expected("diagnosed", ("HD201", "HD001", "HD002")),
    "duplicate-mac-on-lan": _latent("HD310"),
    # HD310 is logged only if the VM says something.
    "duplicate-mac": Expected("healthy", ("HD001",), ("HD310", "HD002", "HD509")),
    "duplicate-mac-and-bgp": Expected("diagnosed", ("HD601",), ("HD310",)),
    # At the VM's port, and not copied: what hangs behind it, its filters, its MTU, what the host believes of the VM.
    **dict.fromkeys(
        ("hairpin-off-on-port", "two-vms-hairpin-off-on-one-port", "two-vms-behind-the-backends-port"),
        Expected("healthy", (), ("HD509",)),
    ),
    "br-netfilter-reset": Expected("healthy", ("HD308",), ("HD509",)),
    **dict.fromkeys(
        (
            "unknown-tap-ingress-drop",
            "unknown-tap-tc-drop",
            "two-vms-one-is-cut-off-by-tc",
            "unknown-host-misled",
            "unknown-arp-answers-lost",
            "mtu-black-hole",
        ),
        _WELL,
    ),
    # Between the LAN's clients and the host.
    **dict.fromkeys(
        (
            "homelab-from-behind-router",
            "homelab-from-a-pod",
            "multihomed-asymmetry",
            "no-way-back",
            "client-banned-by-route",
            "container-network-overlaps-clients",
            "mtu-black-hole-elsewhere",
            "unknown-uplink-ingress-drop",
            "unknown-switch-drop",
            "unknown-arp-lost",
        ),
        _WELL,
    ),
    # It has another address than the VIP's segment, and frames for the router pass the host, which serves them.
    "vip-outside-prefix": Expected("healthy", ("HD001",)),
    **dict.fromkeys(("duplicate-address", "duplicate-address-alone"), _latent("HD203")),
    "split-brain-dead-node": Expected("undetermined", (), ("HD001", "HD002")),
    "pool-holds-the-gateway": _latent("HD109"),
}


def expected_of_a_stand_in(case: Case, names: Names) -> Expected:
    """The verdict, which is "refused" where the host has no such bridge; over IPv6 that of the twin."""
    host = case.build(names).machine(case.host)
    if names.bridge not in [each.name for each in host.interfaces]:
        return REFUSED
    both = case.expected["both"]
    found = EXPECTED.get(case.name.removesuffix("-ipv6"), both)
    return replace(found, allowed=(*found.allowed, *both.allowed, "HD509"))
