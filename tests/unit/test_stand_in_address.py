"""Which address and MAC a stand-in client takes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import islice
from typing import Any

import pytest

from hairpin_doctor.stand_in_address import (
    candidates,
    candidates_ipv6,
    find_free,
    parse_address,
    stable_mac,
)
from probes.questions.neighbours import ArpReply, ArpSweep

LAN = IPv4Network("192.0.2.0/24")


class Link:
    """A link on which these addresses are claimed, each from some question on."""

    def __init__(self, claimed: dict[IPv4Address, int]) -> None:
        self.claimed, self.asked = claimed, list[ArpSweep]()

    def ask(self, question: Any) -> Any:
        self.asked.append(question)
        return tuple(
            ArpReply(each, "02:00:00:00:00:01", "02:00:00:00:00:01", 0.1)
            for each in question.addresses
            if self.claimed.get(each, 99) < len(self.asked)
        )


def test_known_addresses_vips_and_what_lies_near_them_are_no_candidates() -> None:
    vip, known = IPv4Address("192.0.2.240"), IPv4Address("192.0.2.200")
    found = set(candidates(LAN, {known}, [vip]))
    assert known not in found
    assert not [each for each in found if abs(int(each) - int(vip)) <= 16]
    assert LAN.network_address not in found
    assert LAN.broadcast_address not in found
    assert len(found) > 200


def test_a_small_prefix_has_candidates_down_to_its_last_address() -> None:
    small = IPv4Network("192.0.2.0/29")
    taken = {IPv4Address(f"192.0.2.{n}") for n in (1, 2, 4, 5, 6)}
    assert list(candidates(small, taken, [])) == [IPv4Address("192.0.2.3")]


def test_a_large_prefix_is_not_walked_through() -> None:
    found = list(candidates(IPv4Network("10.0.0.0/8"), set(), []))
    assert 1000 < len(found) < 1100


@pytest.mark.parametrize("length", [48, 64, 112, 126])
def test_ipv6_candidates_lie_in_the_prefix_are_not_taken_and_the_same_at_every_run(length: int) -> None:
    prefix = IPv6Network(("2001:db8::", length))
    taken = {IPv6Address("2001:db8::1")}
    found = list(candidates_ipv6(prefix, taken, "02:ff:00:00:00:01"))
    assert found == list(candidates_ipv6(prefix, taken, "02:ff:00:00:00:01"))
    assert found != list(candidates_ipv6(prefix, taken, "02:ff:00:00:00:02"))
    assert {each in prefix for each in found} == {True}
    assert not taken.intersection(found)
    assert prefix.network_address not in found


def test_an_address_is_free_when_nobody_claimed_it_at_any_of_three_askings() -> None:
    first, second, third = islice(candidates(LAN, set(), []), 3)
    link = Link({first: 0, second: 2})
    free = find_free(link, "eth0", candidates(LAN, set(), []))
    assert free.address == third
    assert free.claimed == (first, second)
    assert len(link.asked) == 3
    assert {str(each.source) for each in link.asked} == {"0.0.0.0"}


def test_where_all_are_claimed_there_is_none() -> None:
    wanted = IPv4Address("192.0.2.9")
    free = find_free(Link({wanted: 0}), "eth0", iter([wanted]))
    assert free.address is None
    assert free.claimed == (wanted,)


def test_the_mac_is_locally_administered_and_the_same_at_every_run() -> None:
    mac = stable_mac("n5", "02:00:00:00:00:07")
    assert mac.startswith("02:")
    assert mac == stable_mac("n5", "02:00:00:00:00:07")
    assert mac != stable_mac("n6", "02:00:00:00:00:07")
    assert mac[3:] > "54:00:ff:ff:ff"  # libvirt's taps


@pytest.mark.parametrize(
    "text",
    ["", "192.0.2.9", "192.0.2.0/24", "192.0.2.255/24", "192.0.2.9/31", "2001:db8::/64", "fe80::1/64", "x"],
)
def test_what_no_client_can_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        parse_address(text)


def test_an_address_is_given_with_its_prefix_length() -> None:
    assert parse_address("192.0.2.9/24").network == LAN
    assert str(parse_address("2001:db8::9/64")) == "2001:db8::9/64"
