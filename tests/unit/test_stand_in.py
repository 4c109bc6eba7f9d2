"""Which addresses a stand-in client may take."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hairpin_doctor.stand_in import candidates


def test_it_begins_at_the_upper_end_and_leaves_out_what_is_somebodys() -> None:
    taken = frozenset({IPv4Address("192.0.2.254"), IPv4Address("192.0.2.252")})
    found = candidates(IPv4Network("192.0.2.0/24"), taken)
    assert [str(next(found)) for _ in range(2)] == ["192.0.2.253", "192.0.2.251"]


def test_network_and_broadcast_address_are_nobodys_to_take() -> None:
    found = list(candidates(IPv4Network("192.0.2.0/30"), frozenset()))
    assert found == [IPv4Address("192.0.2.2"), IPv4Address("192.0.2.1")]
