"""A question for an IPv4 VIP is heard by ARP listeners; one for an IPv6 VIP where the VIP's group was joined."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.listening import known_listeners, known_to_listen, listeners, listening_interfaces
from probes.announcers import AnnouncerFacts, ArpListener
from probes.interfaces import InterfaceFacts
from probes.multicast import MulticastFacts
from probes.questions.links import LinkAddress
from probes.questions.multicast import JoinedGroup
from probes.target import solicited_node

VIP, VIP4 = IPv6Address("2001:db8::53"), IPv4Address("192.0.2.53")
GROUP = solicited_node(VIP)
SPEAKER = ArpListener("br0", None)


def test_for_ipv4_the_packet_sockets_tell_and_a_hidden_process_may_be_a_dhcp_client(point: Any) -> None:
    host = point("n5", AnnouncerFacts((SPEAKER,)))
    assert listeners(host, VIP4) == (SPEAKER,)
    with pytest.raises(MissingFacts, match="which process"):
        known_listeners(host, VIP4)


def test_for_ipv6_the_members_of_the_vips_group_tell(point: Any, link: Any) -> None:
    joined = (JoinedGroup(3, GROUP), JoinedGroup(4, IPv6Address("ff02::1")))
    host = point("n5", InterfaceFacts((link(3, "br0"), link(4, "eth0"))), MulticastFacts(joined, ()))
    assert listening_interfaces(host, VIP) == ("br0",)
    assert known_to_listen(host, VIP) is True
    known_listeners(host, VIP)  # no DHCP client joins that group


def test_an_interface_whose_own_address_ends_alike_is_in_the_group_by_that(point: Any, link: Any) -> None:
    alike = link(3, "br0", addresses=(LinkAddress(IPv6Address("2001:db8:7::53"), 64),))
    host = point("n5", InterfaceFacts((alike,)), MulticastFacts((JoinedGroup(3, GROUP),), ()))
    assert listeners(host, VIP) == ()
    assert known_to_listen(host, VIP) is False


def test_what_was_not_looked_at_is_not_known(point: Any) -> None:
    for vip in (VIP, VIP4):
        assert known_to_listen(point("n5"), vip) is None
