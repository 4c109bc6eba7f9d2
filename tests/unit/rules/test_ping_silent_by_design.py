"""HD001: the service works and ping is silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.ping_silent_by_design import ping_silent_by_design
from probes.host import Denied
from probes.questions.traffic import Echoes, Handshake, Handshakes

Recorded = Callable[[str], Any]


def test_a_working_service_that_does_not_answer_ping_gets_a_note(recorded: Recorded) -> None:
    verdict = recorded("healthy").verdict(ping_silent_by_design)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.NOTE


def test_a_vip_that_answers_ping_gets_none(recorded: Recorded) -> None:
    case = recorded("healthy").client_lists(
        Echoes, lambda e: replace(e, replied_from=e.destination, round_trip_ms=0.1)
    )
    verdict = case.verdict(ping_silent_by_design)
    assert isinstance(verdict, Cleared)
    assert "answers ping" in verdict.reason


def test_a_reply_from_another_address_is_not_the_vips(recorded: Recorded) -> None:
    (host, _) = recorded("healthy").network().vantage_points
    other = host.address_towards(recorded("healthy").vip)
    case = recorded("healthy").client_lists(
        Echoes, lambda e: replace(e, replied_from=other, round_trip_ms=0.1)
    )
    assert isinstance(case.verdict(ping_silent_by_design), Diagnosis)


def test_one_failing_port_takes_the_note_away(recorded: Recorded) -> None:
    case = recorded("healthy").client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.SILENT))
    verdict = case.verdict(ping_silent_by_design)
    assert isinstance(verdict, Cleared)
    assert "no client reaches" in verdict.reason


def test_a_ping_that_could_not_be_sent_says_nothing(recorded: Recorded) -> None:
    case = recorded("healthy").client_says(Echoes, lambda *_: Denied("CAP_NET_RAW", "ping"))
    assert isinstance(case.verdict(ping_silent_by_design), Undetermined)


def test_the_hosts_own_ping_is_no_clients(recorded: Recorded) -> None:
    case = recorded("healthy")
    assert isinstance(case.verdict(ping_silent_by_design, case.host), Undetermined)
