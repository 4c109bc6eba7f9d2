"""HD302: a suspicion, which no lab case shows: the healthy case with all signs of life taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.diagnose import Outcome
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis
from hairpin_doctor.rules.vip_shares_the_bridge_mac import vip_shares_the_bridge_mac
from probes.questions.firewall import TrackedConnections
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    DatagramOutcome,
    DnsExchanges,
    Echoes,
    Handshake,
    Handshakes,
)

Recorded = Callable[[str], Any]


@pytest.fixture(params=["healthy", "healthy-ipv6"])
def dead(recorded: Recorded, request: pytest.FixtureRequest) -> Any:
    """Nothing that the client sends shows up anywhere."""
    case = recorded(request.param)

    def lost(answer: Any) -> Any:
        sent = tuple(frame for frame in answer.frames if frame.outgoing and frame.flags == "SYN")
        return replace(answer, outcome=Handshake.SILENT, connect_ms=None, frames=sent)

    silent = DatagramOutcome.SILENT
    case = case.client_lists(Handshakes, lost)
    case = case.client_lists(DnsExchanges, lambda each: replace(each, outcome=silent, rcode=None))
    case = case.client_lists(Echoes, lambda echo: replace(echo, messages=()))
    return case.host_says(TrackedConnections, lambda *_: ()) if flows(case) else case


def flows(case: Any) -> Any:
    """What the host tracks of the case's client."""
    return next(each.answer for each in case.host.asked if isinstance(each.question, TrackedConnections))


def test_it_is_only_possible_and_leaves_the_symptom_unexplained(dead: Any) -> None:
    verdict = dead.verdict(vip_shares_the_bridge_mac)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.POSSIBLE
    judgement = dead.judgement()
    assert judgement.outcome is not Outcome.DIAGNOSED
    assert {each.rule.code for each in judgement.diagnoses} == {"HD302"}


def test_an_icmp_message_shows_that_the_host_took_a_packet(dead: Any, recorded: Recorded) -> None:
    (host, _) = dead.network().vantage_points
    redirect = IcmpMessage(137 if dead.vip.version == 6 else 5, 1, host.address_towards(dead.vip), dead.vip)
    alive = dead.client_lists(Echoes, lambda echo: replace(echo, messages=(redirect,)))
    assert isinstance(alive.verdict(vip_shares_the_bridge_mac), Cleared)


def test_a_tracked_connection_shows_that_the_host_took_a_packet(dead: Any, recorded: Recorded) -> None:
    tracked = flows(recorded("healthy" if dead.vip.version == 4 else "announced-twice-ipv6"))
    alive = dead.host_says(TrackedConnections, lambda *_: tracked)
    verdict = alive.verdict(vip_shares_the_bridge_mac)
    assert isinstance(verdict, Cleared)
    assert "tracks" in verdict.reason


def test_a_mac_that_is_not_the_bridges_is_no_suspect(recorded: Recorded) -> None:
    verdict = recorded("vip-on-port-mac").verdict(vip_shares_the_bridge_mac)
    assert isinstance(verdict, Cleared)
    assert "not a bridge's own MAC" in verdict.reason


def test_another_client_that_is_served_by_the_very_mac_clears_it(dead: Any, recorded: Recorded) -> None:
    well = recorded("healthy" if dead.vip.version == 4 else "healthy-ipv6").client
    well = replace(well, vantage_point="second")
    verdict = dead.verdict(vip_shares_the_bridge_mac, dead.host, dead.client, well)
    assert isinstance(verdict, Cleared)
    assert "second is served by it" in verdict.reason
    assert isinstance(
        dead.verdict(
            vip_shares_the_bridge_mac,
            dead.host,
            dead.client,
            replace(dead.client, vantage_point="second"),
        ),
        Diagnosis,
    )
