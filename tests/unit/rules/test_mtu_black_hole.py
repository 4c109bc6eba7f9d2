"""HD407: a packet of full size is lost where smaller ones pass; the host's interfaces say where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.fixes.changes import LinkMtu
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis
from hairpin_doctor.rules.mtu_black_hole import mtu_black_hole
from probes.questions.links import Links
from probes.questions.traffic import Handshake, Handshakes, PacketSizes

Recorded = Callable[[str], Any]
CASE = "healthy"


def cut(case: Any, sizes: PacketSizes) -> Any:
    return case.client_lists(
        Handshakes, lambda each: replace(each, outcome=Handshake.SMALL_ONLY, sizes=sizes)
    )


def narrowed(case: Any, mtu: int) -> Any:
    def smaller(_: Any, links: Any) -> Any:
        return tuple(replace(link, mtu=mtu) if link.master else link for link in links)

    return case.host_says(Links, smaller)


def test_the_port_that_the_client_is_behind_is_named_and_widened_where_it_is_too_small(
    recorded: Recorded,
) -> None:
    case = narrowed(cut(recorded(CASE), PacketSizes(1500, 1400)), 1400)
    verdict = case.verdict(mtu_black_hole)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    (change,) = verdict.fixes[0].steps[0].changes
    assert isinstance(change, LinkMtu)
    assert (change.mtu, change.before) == (1500, 1400)
    assert change.name in verdict.summary


def test_the_client_alone_proves_it_and_says_that_the_place_is_unknown(recorded: Recorded) -> None:
    case = cut(recorded(CASE), PacketSizes(1500, 1240))
    verdict = case.verdict(mtu_black_hole, case.client)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes[0].steps[0].changes == ()
    assert any("1240 bytes" in each for each in verdict.because)


def test_a_port_that_is_smaller_than_what_passes_is_not_blamed(recorded: Recorded) -> None:
    case = narrowed(cut(recorded(CASE), PacketSizes(9000, 1500)), 1400)
    verdict = case.verdict(mtu_black_hole)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes[0].steps[0].changes == ()


def test_a_port_as_large_as_what_is_lost_is_not_blamed(recorded: Recorded) -> None:
    verdict = cut(recorded(CASE), PacketSizes(1500, 1400)).verdict(mtu_black_hole)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes[0].steps[0].changes == ()


def test_a_small_port_is_no_fault_where_large_packets_arrive(recorded: Recorded) -> None:
    assert isinstance(narrowed(recorded(CASE), 1400).verdict(mtu_black_hole), Cleared)


def test_a_connection_that_stalls_at_any_size_is_not_this(recorded: Recorded) -> None:
    case = recorded(CASE).client_lists(Handshakes, lambda each: replace(each, outcome=Handshake.STALLED))
    verdict = case.verdict(mtu_black_hole)
    assert isinstance(verdict, Cleared)
    assert "large packets only" in verdict.reason
