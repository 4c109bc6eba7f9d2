"""Every cause that breaks traffic has a place on the path."""

from __future__ import annotations

from hairpin_doctor.rule import Severity
from hairpin_doctor.rules.catalogue import CATALOGUE
from hairpin_doctor.service_path.breaks import BREAKS_AT, Break, judged
from hairpin_doctor.service_path.hop import Evidence, Hop, Kind, State


def hop(kind: Kind, evidence: Evidence = Evidence.HEARD, machine: str | None = "n5") -> Hop:
    return Hop(kind, kind, machine, None, (), evidence, f"said of {kind}")


HOPS = (hop(Kind.CLIENT), hop(Kind.ANNOUNCER), hop(Kind.SERVICE), hop(Kind.ENDPOINT))


def states(*causes: Break, hops: tuple[Hop, ...] = HOPS, works: bool | None = False) -> list[State]:
    return [each.state for each in judged(hops, causes, works=works, served=False)]


def test_every_cause_that_can_break_traffic_says_where() -> None:
    wanted = {rule.code for rule in CATALOGUE if rule.severity is Severity.BROKEN}
    missing = wanted - BREAKS_AT.keys()
    assert missing == set(), "say in hairpin_doctor/service_path/breaks.py at which hop it breaks the path"


def test_up_to_the_break_what_lives_is_fine_and_behind_it_nothing_is_reached() -> None:
    cause = Break("HD501", "no rule", (Kind.SERVICE,), None)
    assert states(cause) == [State.FINE, State.FINE, State.BROKEN, State.NOT_REACHED]


def test_without_a_break_that_a_hop_lives_proves_nothing() -> None:
    assert set(states()) == {State.UNKNOWN}


def test_where_all_works_no_cause_breaks_anything() -> None:
    cause = Break("HD501", "no rule", (Kind.SERVICE,), None)
    assert State.BROKEN not in states(cause, works=True)


def test_a_hop_that_fails_by_itself_behind_a_cause_is_only_not_reached() -> None:
    hops = (hop(Kind.CLIENT), hop(Kind.PORT), hop(Kind.ANNOUNCER, Evidence.BROKEN))
    cause = Break("HD307", "disabled", (Kind.PORT, Kind.LINK), None)
    assert states(cause, hops=hops) == [State.FINE, State.BROKEN, State.NOT_REACHED]
    assert states(hops=hops) == [State.FINE, State.FINE, State.BROKEN]


def test_a_cause_on_the_way_back_adds_that_hop() -> None:
    found = judged(HOPS, [Break("HD306", "past the node", (Kind.REPLY,), None)], works=False, served=False)
    assert (found[-1].hop.kind, found[-1].state, found[-1].codes) == (Kind.REPLY, State.BROKEN, ("HD306",))


def test_a_packet_filter_on_a_machine_off_the_path_gets_a_hop_of_its_own() -> None:
    filters = Break("HD405", "rejected by a router", (Kind.SERVICE,), "192.0.2.1")
    found = judged(HOPS, [filters], works=False, served=False)
    assert [each.hop.kind for each in found][2] is Kind.LINK
    assert (found[2].hop.name, found[2].state) == ("192.0.2.1", State.BROKEN)
    assert found[3].state is State.NOT_REACHED


def test_a_cause_without_a_place_breaks_no_hop() -> None:
    assert State.BROKEN not in states(Break("HD999", "new", (), None))


def test_a_filter_on_the_client_breaks_the_path_there_unless_its_packets_were_seen_beyond() -> None:
    filters = Break("HD405", "drops what it sends", (Kind.SERVICE,), "vm")
    own = (hop(Kind.CLIENT, machine="vm"), *HOPS[1:])
    assert states(filters, hops=own) == [State.BROKEN, *[State.NOT_REACHED] * 3]
    passed = (hop(Kind.CLIENT, machine="vm"), *(hop(each.kind, Evidence.PASSED) for each in HOPS[1:]))
    found = judged(passed, [filters], works=False, served=False)
    assert [each.state for each in found] == [*[State.FINE] * 4, State.BROKEN]
    assert found[-1].hop.kind is Kind.REPLY
