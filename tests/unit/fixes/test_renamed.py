"""A change under the name that an interface has now."""

from __future__ import annotations

import pytest

from hairpin_doctor.fixes.changes import Change, FdbEntry, IptablesRule, LinkState, Sysctl, VethPort
from hairpin_doctor.fixes.changes.renamed import renamed

RULE = IptablesRule("iptables", "raw", "PREROUTING", "-m physdev --physdev-in eth0 -j ACCEPT")


@pytest.mark.parametrize(
    ("change", "now"),
    [
        (Sysctl("net/ipv4/conf/eth0/rp_filter", 1), Sysctl("net/ipv4/conf/lan/rp_filter", 1)),
        (Sysctl("net/ipv4/conf/eth1/rp_filter", 1), Sysctl("net/ipv4/conf/eth1/rp_filter", 1)),
        (Sysctl("net/ipv4/ip_forward", 1), Sysctl("net/ipv4/ip_forward", 1)),
        (FdbEntry("02:00:00:00:00:01", "eth0"), FdbEntry("02:00:00:00:00:01", "lan")),
        (LinkState("eth0"), LinkState("lan")),
        (
            VethPort("a", "b", "eth0", "02:00:00:00:00:01", 9),
            VethPort("a", "b", "lan", "02:00:00:00:00:01", 9),
        ),
        (RULE, RULE),
    ],
    ids=str,
)
def test_it_is_the_same_change_of_the_same_interface(change: Change, now: Change) -> None:
    assert renamed(change, {"eth0": "lan"}) == now
