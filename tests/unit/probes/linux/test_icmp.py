"""Which packet is an ICMP or ICMPv6 message about, and which next hop does a redirect propose?"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest

from probes.linux.icmp import about_packet_to
from probes.questions.icmp_message import IcmpMessage

VIP, NODE, VIP6, NODE6 = (
    IPv4Address("192.0.2.53"),
    IPv4Address("192.0.2.9"),
    IPv6Address("2001:db8::53"),
    IPv6Address("fe80::9"),
)


def quoted(kind: int, more: bytes = bytes(4)) -> bytes:
    """The message with the header of our packet: source unknown, destination the VIP."""
    return struct.pack("!BBH", kind, 0, 0) + more + bytes(16) + VIP.packed + bytes(8)


def quoted6(kind: int) -> bytes:
    return struct.pack("!BBHI", kind, 0, 0, 0) + bytes(24) + VIP6.packed + bytes(8)


@pytest.mark.parametrize("kind", [3, 11])
def test_an_error_quotes_our_packet(kind: int) -> None:
    assert about_packet_to(quoted(kind), ipv6=False) == (VIP, None)


@pytest.mark.parametrize("kind", [1, 3])
def test_an_error_of_ipv6_quotes_it_too(kind: int) -> None:
    assert about_packet_to(quoted6(kind), ipv6=True) == (VIP6, None)


def test_a_redirect_names_the_next_hop() -> None:
    assert about_packet_to(quoted(5, NODE.packed), ipv6=False) == (VIP, NODE)


def test_a_redirect_of_ipv6_names_next_hop_and_destination_itself() -> None:
    message = struct.pack("!BBHI", 137, 0, 0, 0) + NODE6.packed + VIP6.packed
    assert about_packet_to(message, ipv6=True) == (VIP6, NODE6)


@pytest.mark.parametrize(
    ("message", "ipv6"), [(quoted6(129), True), (quoted6(1)[:40], True), (quoted(0), False)]
)
def test_replies_and_cut_messages_are_about_nothing(message: bytes, ipv6: bool) -> None:
    assert about_packet_to(message, ipv6=ipv6) is None


def test_the_same_number_means_another_message_in_each_family() -> None:
    by_ipv4, by_ipv6 = IcmpMessage(3, 1, NODE), IcmpMessage(3, 1, NODE6)
    assert (by_ipv4.is_unreachable, by_ipv4.is_time_exceeded, by_ipv4.is_prohibited) == (True, False, False)
    assert (by_ipv6.is_unreachable, by_ipv6.is_time_exceeded) == (False, True)
    assert IcmpMessage(1, 1, NODE6).is_prohibited
    assert IcmpMessage(3, 13, NODE).is_prohibited
    assert IcmpMessage(137, 0, NODE6).is_redirect
    assert IcmpMessage(5, 1, NODE).is_redirect
