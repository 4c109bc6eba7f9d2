"""The cache as it was before the scan, and which entry of it the kernel would use."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from probes.neighbours import NeighbourFacts, neighbours
from probes.probe import Phase, Scope
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbour, Neighbours

VIP = ip_address("192.0.2.53")


def entry(mac: str | None, state: str) -> Neighbour:
    return Neighbour(2, VIP, mac, state, False)


def test_it_reads_before_any_traffic(fake: Any) -> None:
    host = fake({Neighbours(Moment.BEFORE): (entry("02::1", "STALE"),)})
    assert neighbours.look(host, Scope(())).entry(VIP) == entry("02::1", "STALE")
    assert neighbours.phase is Phase.BEFORE


@pytest.mark.parametrize("state", ["REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP"])
def test_a_usable_entry_is_found_behind_unusable_ones(state: str) -> None:
    facts = NeighbourFacts((entry("02::1", "FAILED"), entry(None, "INCOMPLETE"), entry("02::2", state)))
    assert facts.entry(VIP) == entry("02::2", state)


@pytest.mark.parametrize(
    ("mac", "state"), [("02::1", "FAILED"), ("02::1", "NONE"), (None, "INCOMPLETE"), (None, "STALE")]
)
def test_an_entry_that_the_kernel_would_not_use_is_none(mac: str | None, state: str) -> None:
    assert NeighbourFacts((entry(mac, state),)).entry(VIP) is None


def test_another_address_has_no_entry() -> None:
    assert NeighbourFacts((entry("02::1", "STALE"),)).entry(ip_address("192.0.2.54")) is None
