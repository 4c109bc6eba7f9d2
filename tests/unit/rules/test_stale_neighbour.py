"""HD205: the neighbour entry from before the scan against who answers now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.stale_neighbour import stale_neighbour
from probes.host import Denied
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, ArpSweep, KernelResolution, Neighbour, Neighbours
from probes.questions.routing import RouteTo

Recorded = Callable[[str], Any]


def before(change: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Change the entries of the first moment only."""
    return lambda question, entries: (
        tuple(map(change, entries)) if question.moment is Moment.BEFORE else entries
    )


def cached(case: Any) -> str:
    entries = next(each.answer for each in case.client.asked if each.question == Neighbours(Moment.BEFORE))
    return next(entry.mac for entry in entries if entry.address == case.vip)


@pytest.mark.parametrize(
    ("name", "confidence"),
    [("stale-neighbour", Confidence.PROVEN), ("stale-neighbour-learned", Confidence.LIKELY)],
)
def test_an_entry_that_nobody_answers_for_is_stale(
    recorded: Recorded, name: str, confidence: Confidence
) -> None:
    verdict = recorded(name).verdict(stale_neighbour)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is confidence


def test_an_answer_that_equals_the_entry_clears_it(recorded: Recorded) -> None:
    case = recorded("stale-neighbour")
    mac = cached(case)
    live = case.client_lists(ArpSweep, lambda r: replace(r, mac=mac) if r.address == case.vip else r)
    verdict = live.verdict(stale_neighbour)
    assert isinstance(verdict, Cleared)
    assert mac in verdict.reason


def test_an_entry_that_is_one_of_several_answers_is_not_stale(recorded: Recorded) -> None:
    case = recorded("stale-neighbour")
    reply = ArpReply(case.vip, cached(case), cached(case), 5.0)
    two = case.client_says(ArpSweep, lambda _, replies: (*replies, reply))
    assert isinstance(two.verdict(stale_neighbour), Cleared)


def test_a_client_without_an_entry_or_with_an_unusable_one_has_nothing_stale(recorded: Recorded) -> None:
    case = recorded("stale-neighbour")
    failed = case.client_says(Neighbours, before(lambda entry: replace(entry, state="FAILED")))
    none = case.client_says(Neighbours, lambda *_: ())
    for each in (failed, none):
        verdict = each.verdict(stale_neighbour)
        assert isinstance(verdict, Cleared)
        assert "had no neighbour entry" in verdict.reason


def test_silence_now_is_another_cause(recorded: Recorded) -> None:
    case = recorded("stale-neighbour")
    silent = case.client_lists(ArpSweep, lambda reply: None if reply.address == case.vip else reply)
    verdict = silent.verdict(stale_neighbour)
    assert isinstance(verdict, Cleared)
    assert "nobody answers" in verdict.reason


def test_without_a_packet_socket_the_kernel_would_believe_its_own_entry(recorded: Recorded) -> None:
    case = recorded("stale-neighbour").client_says(ArpSweep, lambda *_: Denied("CAP_NET_RAW", "ARP"))
    assert isinstance(case.verdict(stale_neighbour), Undetermined)


def test_what_the_kernel_believes_is_no_live_answer(recorded: Recorded) -> None:
    """Without rights the kernel resolves, and it does not ask for an entry that it has."""
    case = recorded("stale-neighbour").client_says(ArpSweep, lambda *_: Denied("CAP_NET_RAW", "ARP"))
    scope = case.client.scope
    link = case.network().vantage_points[1].link_towards(case.vip)
    resolved = (Neighbour(link.index, case.vip, case.link("bridge0").mac, "REACHABLE", False),)
    asked = Asked(KernelResolution(scope.vips, scope.arp_window_ms), resolved)
    blind = replace(case, client=replace(case.client, asked=(*case.client.asked, asked)))
    verdict = blind.verdict(stale_neighbour)
    assert isinstance(verdict, Undetermined)
    assert "who answers" in verdict.missing


def test_neither_a_routed_client_nor_one_without_rights_hides_anothers_stale_entry(
    recorded: Recorded,
) -> None:
    case = recorded("stale-neighbour")
    gateway = IPv4Address("192.168.8.1")
    routed = case.client_says(
        RouteTo, lambda q, route: replace(route, gateway=gateway) if q.destination == case.vip else route
    ).client
    blind = case.client_says(ArpSweep, lambda *_: Denied("CAP_NET_RAW", "ARP")).client
    together = case.verdict(stale_neighbour, case.host, routed, blind, case.client)
    assert isinstance(together, Diagnosis)
    assert isinstance(case.verdict(stale_neighbour, case.host, routed), Cleared)
    assert isinstance(case.verdict(stale_neighbour, case.host, routed, blind), Undetermined)
