"""Who joined a VIP's group."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

from probes.multicast import MulticastFacts, multicast
from probes.probe import Scope
from probes.questions.multicast import BridgeMulticast, JoinedGroup, JoinedGroups, MulticastForwarding
from probes.target import parse_target

VIP = IPv6Address("2001:db8::53")
GROUP, OTHER = IPv6Address("ff02::1:ff00:53"), IPv6Address("ff02::1:ff00:54")
BRIDGE = BridgeMulticast(2, snooping=True, querier=True, members=(), routers=())


def test_groups_and_bridges_are_read_for_an_ipv6_vip(fake: Any) -> None:
    told = {
        JoinedGroups(): (JoinedGroup(2, GROUP), JoinedGroup(3, OTHER)),
        MulticastForwarding(): (BRIDGE,),
    }
    facts = multicast.look(fake(told), Scope((parse_target(str(VIP)),)))
    assert facts.listening(VIP) == (2,)
    assert facts.bridge(2) == BRIDGE
    assert facts.bridge(3) is None


def test_for_an_ipv4_vip_nothing_is_read_and_nobody_listens(fake: Any) -> None:
    facts = multicast.look(fake({}), Scope((parse_target("192.0.2.53"),)))
    assert facts == MulticastFacts((), ())
    assert facts.listening(IPv4Address("192.0.2.53")) == ()
