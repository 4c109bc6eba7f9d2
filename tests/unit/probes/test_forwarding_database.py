"""What a bridge has learned, and what is only a device's list of addresses."""

from __future__ import annotations

from typing import Any

from probes.forwarding_database import ForwardingDatabaseFacts, forwarding_database
from probes.probe import Phase, Scope
from probes.questions.links import FdbEntry, ForwardingDatabase

MAC, BRIDGE, PORT = "02:00:00:00:00:07", 3, 4


def entry(bridge: int | None = BRIDGE, *, own: bool = False, static: bool = False) -> FdbEntry:
    return FdbEntry(MAC, PORT, bridge, None, own, static)


def test_it_reads_after_the_traffic(fake: Any) -> None:
    assert forwarding_database.look(fake({ForwardingDatabase(): (entry(),)}), Scope(())).entries == (entry(),)
    assert forwarding_database.phase is Phase.AFTER


def test_a_station_is_behind_the_port_where_it_was_heard_or_set_and_own_macs_are_no_stations() -> None:
    assert ForwardingDatabaseFacts((entry(), entry(static=True))).learned(MAC) == (
        entry(),
        entry(static=True),
    )
    assert ForwardingDatabaseFacts((entry(own=True),)).learned(MAC) == ()
    assert ForwardingDatabaseFacts((entry(),)).learned("02:00:00:00:00:08") == ()


def test_a_bridge_knows_what_it_has_any_entry_for() -> None:
    assert ForwardingDatabaseFacts((entry(),)).knows(MAC, BRIDGE)
    assert ForwardingDatabaseFacts((entry(own=True, static=True),)).knows(MAC, BRIDGE)


def test_an_entry_of_no_bridge_or_of_another_one_is_no_knowledge() -> None:
    assert not ForwardingDatabaseFacts((entry(None),)).knows(MAC, BRIDGE)
    assert not ForwardingDatabaseFacts((entry(BRIDGE + 1),)).knows(MAC, BRIDGE)
    assert not ForwardingDatabaseFacts((entry(),)).knows("02:00:00:00:00:08", BRIDGE)
