"""Addresses and MACs are replaced one to one, and keep what a network means by them."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

import pytest

from hairpin_doctor.redaction.addresses import Addresses, CannotRedact
from hairpin_doctor.redaction.key import Key

KEYS = [Key(bytes([number]) * 32) for number in range(5)]


@pytest.fixture(params=KEYS, ids=lambda key: key.fingerprint[:4])
def made(request: pytest.FixtureRequest) -> Addresses:
    return Addresses(request.param)


def test_different_addresses_stay_different_and_equal_ones_equal(made: Addresses) -> None:
    chance = random.Random(1)
    asked = {IPv4Address(chance.getrandbits(32)) for _ in range(1500)}
    asked |= {IPv4Address("192.168.0.0") + chance.getrandbits(16) for _ in range(500)}
    assert len({made.address(each) for each in asked}) == len(asked)


def test_what_shares_a_subnet_of_any_length_still_does_and_what_does_not_does_not(made: Addresses) -> None:
    chance = random.Random(2)
    for _ in range(300):
        one = IPv4Address("10.0.0.0") + chance.getrandbits(24)
        other = IPv4Address(int(one) ^ (1 << chance.randrange(0, 24)))
        network = ip_network((one, chance.randrange(8, 33)), strict=False)
        assert (made.address(other) in made.network(network)) == (other in network)
        assert made.address(one) in made.network(network)


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0", "255.255.255.255", "127.0.0.1", "169.254.20.10", "224.0.0.18",
     "192.0.0.8", "100::8", "::", "::1", "ff02::1"],
)  # fmt: skip
def test_what_means_something_to_the_kernel_stays(made: Addresses, text: str) -> None:
    assert made.address(ip_address(text)) == ip_address(text)


@pytest.mark.parametrize(
    "block", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8", "fe80::/64"]
)
def test_private_and_link_local_blocks_stay_themselves(made: Addresses, block: str) -> None:
    network: IPv4Network | IPv6Network = ip_network(block)
    chance = random.Random(3)
    for _ in range(50):
        member = network.network_address + chance.getrandbits(network.max_prefixlen - network.prefixlen)
        assert made.address(member) in network


def test_a_public_address_never_becomes_a_private_or_special_one(made: Addresses) -> None:
    chance = random.Random(4)
    public = [
        each
        for each in (IPv4Address(chance.getrandbits(32)) for _ in range(1000))
        if each.is_global and not each.is_multicast
    ]
    kinds = [(each.is_private, each.is_multicast, each.is_loopback) for each in map(made.address, public)]
    assert [each for each in kinds if each[1] or each[2]] == []
    assert sum(each[0] for each in kinds) <= 2  # a test network of RFC 5737 may be hit


def test_network_and_broadcast_address_and_ranges_of_a_subnet_keep_their_meaning(made: Addresses) -> None:
    network = ip_network("192.168.8.0/24")
    found = made.network(network)
    assert isinstance(found, IPv4Network)
    assert made.address(network.network_address) == found.network_address
    assert made.address(network.broadcast_address) == found.broadcast_address
    low, high = made.ends(ip_address("192.168.8.50"), ip_address("192.168.8.59"))
    assert isinstance(low, IPv4Address)
    assert isinstance(high, IPv4Address)
    assert int(high) - int(low) == 9


def test_a_range_whose_order_would_be_lost_is_refused_without_quoting_it(made: Addresses) -> None:
    with pytest.raises(CannotRedact) as refused:
        made.ends(ip_address("192.168.8.250"), ip_address("192.168.9.5"))
    assert "192" not in str(refused.value)


def test_a_key_hides_the_subnet() -> None:
    found = {Addresses(Key(bytes([n]) * 32)).address(ip_address("192.168.8.53")) for n in range(40)}
    assert len(found) > 20


def test_the_maker_of_a_mac_and_the_relation_of_tap_and_guest_stay(made: Addresses) -> None:
    guest, tap = made.mac("52:54:00:8e:31:10"), made.mac("fe:54:00:8e:31:10")
    assert guest.startswith("52:54:00:")
    assert tap == f"fe{guest[2:]}"
    macs = {f"52:54:00:{n >> 8:02x}:{n & 255:02x}:01" for n in range(2000)}
    assert len({made.mac(each) for each in macs}) == 2000


@pytest.mark.parametrize(
    "mac",
    ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:12", "00:00:5e:00:01:07", "ee:ee:ee:ee:ee:ee"],
)
def test_macs_that_are_nobodys_own_stay(made: Addresses, mac: str) -> None:
    assert made.mac(mac) == mac


def test_the_address_of_a_tunnels_end_is_redacted_as_an_address(made: Addresses) -> None:
    assert made.mac("c0:a8:08:35") == IPv4Address(made.address(ip_address("192.168.8.53"))).packed.hex(":")
