"""Every cause that breaks traffic has a place on the path."""

from __future__ import annotations

from dataclasses import replace

import pytest

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


def test_a_dead_wire_breaks_once_at_the_end_that_the_cause_names_and_without_one_where_it_shows() -> None:
    hops = (hop(Kind.CLIENT, Evidence.NO_CARRIER), hop(Kind.LINK, Evidence.NONE), hop(Kind.ANNOUNCER))
    cause = Break("HD307", "down", (Kind.PORT, Kind.LINK), None)
    assert states(cause, hops=hops) == [State.UNKNOWN, State.BROKEN, State.NOT_REACHED]
    assert states(hops=hops)[0] is State.BROKEN
    elsewhere = Break("HD501", "no rule", (Kind.ANNOUNCER,), None)
    assert states(elsewhere, hops=hops)[0] is State.BROKEN


def test_a_flow_of_the_clients_own_is_stopped_also_where_all_that_a_scan_tries_works() -> None:
    cause = Break("HD506", "still sent to a pod that is gone", (Kind.SERVICE,), None, clients=("n5",))
    found = judged(HOPS, [cause], works=True, served=True)
    assert [each.codes for each in found if each.state is State.BROKEN] == [("HD506",)]
    assert found[-1].state is not State.NOT_REACHED
    assert State.BROKEN not in states(replace(cause, clients=("another",)), works=True)


def test_where_the_endpoint_itself_answers_packets_have_passed_every_hop_that_was_seen() -> None:
    hops = (
        hop(Kind.CLIENT),
        hop(Kind.LINK, Evidence.NOT_SEEN),
        hop(Kind.FORWARDING, Evidence.NONE),
        HOPS[-1],
    )
    refuses = Break("HD503", "refuses", (Kind.ENDPOINT,), None)
    assert states(refuses, hops=hops) == [State.FINE, State.NOT_SEEN, State.FINE, State.BROKEN]
    silent = Break("HD508", "is not reached", (Kind.ENDPOINT,), None)
    assert states(silent, hops=hops)[2] is State.UNKNOWN


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


@pytest.mark.parametrize("evidence", [Evidence.HEARD, Evidence.PASSED])
def test_a_filter_on_the_client_that_drops_its_requests_breaks_the_path_there(evidence: Evidence) -> None:
    """Also where flows of the doctor itself, which asks past the client's filter, were tracked on the host."""
    filters = Break("HD405", "drops what it sends", (Kind.SERVICE,), "vm", lost="requests")
    own = (hop(Kind.CLIENT, machine="vm"), *(hop(each.kind, evidence) for each in HOPS[1:]))
    assert states(filters, hops=own) == [State.BROKEN, *[State.NOT_REACHED] * 3]


def test_a_filter_on_the_client_that_drops_the_answers_breaks_the_way_back() -> None:
    filters = Break("HD405", "drops the answers", (Kind.SERVICE,), "vm", lost="answers")
    own = (hop(Kind.CLIENT, machine="vm"), *HOPS[1:])
    found = judged(own, [filters], works=False, served=False)
    assert [each.state for each in found] == [*[State.FINE] * 4, State.BROKEN]
    assert found[-1].hop.kind is Kind.REPLY


def test_frames_to_a_wrong_mac_leave_the_client_and_pass_its_link_and_nobody_takes_them() -> None:
    hops = (hop(Kind.CLIENT), hop(Kind.PORT), *HOPS[1:])
    cause = Break("HD205", "a wrong MAC", BREAKS_AT["HD205"], "vm")
    assert states(cause, hops=hops) == [State.BROKEN, State.FINE, *[State.NOT_REACHED] * 3]


def test_a_narrow_link_breaks_the_path_where_it_is_known_to_be_and_else_before_all_that_was_seen() -> None:
    hops = (hop(Kind.CLIENT), hop(Kind.PORT), *HOPS[1:])
    known = Break("HD407", "vanish", (Kind.LINK,), "n5", at=("n5", Kind.PORT))
    assert states(known, hops=hops)[:3] == [State.FINE, State.BROKEN, State.NOT_REACHED]
    found = judged(hops, [replace(known, at=None)], works=False, served=False)
    assert [each.hop.kind for each in found][:3] == [Kind.CLIENT, Kind.LINK, Kind.PORT]
    assert [each.state for each in found][:3] == [State.FINE, State.BROKEN, State.NOT_REACHED]


def test_two_causes_stay_at_their_places_when_one_of_them_adds_a_hop() -> None:
    causes = [
        Break("HD501", "no rule", (Kind.SERVICE,), None),
        Break("HD405", "rejected by a router", (Kind.SERVICE,), "192.0.2.1"),
    ]
    found = judged(HOPS, causes, works=False, served=False)
    assert [(each.hop.kind, each.codes) for each in found if each.codes] == [
        (Kind.LINK, ("HD405",)),
        (Kind.SERVICE, ("HD501",)),
    ]
