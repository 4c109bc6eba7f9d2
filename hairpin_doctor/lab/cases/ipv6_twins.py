"""The same faults over IPv6: each is the case of the same name without "-ipv6", with IPv6 addresses alone.

One for each cause whose mechanism IPv6 shares: a rule may judge IPv6 VIPs only where a case here, or in ipv6.py, proves it.
"""

from __future__ import annotations

from hairpin_doctor.lab.cases import (
    addresses,
    arp,
    bgp,
    bgp_routed,
    bridged,
    collision,
    cross_node,
    datapath,
    filtering,
    interfaces,
    macvtap,
    own_mac,
    packet_sizes,
    pools,
    port_mac,
    ports,
    resolver,
    routing,
    tracking,
    way_back,
)
from hairpin_doctor.lab.cases.ipv6 import over_ipv6

TWINS = (
    "announced-twice",  # HD106
    "pool-holds-the-gateway",  # HD109
    "vip-outside-prefix",  # HD111
    "split-brain",  # HD202
    "duplicate-address",  # HD203
    "metallb0-floods",  # HD309
    "duplicate-mac",  # HD310
    "multihomed-asymmetry",  # HD402
    "policy-route-captures-lan",  # HD406
    "legacy-policy-drops",  # HD504
    "stale-udp-conntrack",  # HD506
    "cross-node-not-forwarded",  # HD508
    "l2-on-eno1",  # HD104
    "l2-on-enp197s0",  # HD105
    "macvtap-cannot-reach-parent",  # HD110
    "no-ready-endpoints",  # HD103
    "stale-neighbour",  # HD205
    "vip-on-port-mac",  # HD301
    "bridged-frames-hit-host-nat",  # HD303
    "hairpin-off-on-port",  # HD304
    "reply-bypasses-nat",  # HD306
    "port-isolated",  # HD307
    "forwarding-off",  # HD404
    "firewall-drops",  # HD405
    "mtu-black-hole",  # HD407
    "conntrack-table-full",  # HD408
    "vip-not-programmed",  # HD501
    "local-policy-no-local-endpoint",  # HD502
    "backend-refuses",  # HD503
    "source-ranges-exclude-client",  # HD505
    "protocol-missing",  # HD507
    "dns-refuses",  # HD510
    "br-netfilter-reset",  # HD308
    "client-routes-vip-elsewhere",  # HD409
    "client-banned-by-route",  # HD410
    "container-network-overlaps-clients",  # HD410
    "bgp-same-subnet",  # HD601
    "bgp-same-subnet-proxy-arp-stateful",  # HD403
    "bgp-session-down",  # HD602
    "bgp-not-advertised",  # HD603
)
_FAMILIES = (
    interfaces,
    macvtap,
    arp,
    bgp,
    bgp_routed,
    port_mac,
    bridged,
    pools,
    addresses,
    cross_node,
    routing,
    own_mac,
    collision,
    datapath,
    ports,
    filtering,
    packet_sizes,
    resolver,
    tracking,
    way_back,
)
_CASES = {case.name: case for family in _FAMILIES for case in family.CASES}

CASES = tuple(over_ipv6(_CASES[name]) for name in TWINS)
