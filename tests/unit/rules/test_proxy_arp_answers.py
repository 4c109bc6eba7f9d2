"""HD206: the gateway's MAC is among those that answer for the VIP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.duplicate_address import duplicate_address
from hairpin_doctor.rules.proxy_arp_answers import proxy_arp_answers
from probes.questions.directed import DirectedExchanges
from probes.questions.links import Links
from probes.questions.neighbours import ArpReply, ArpSweep, Neighbours, NeighbourSolicitations
from probes.questions.routing import RouteTo
from probes.questions.traffic import DatagramOutcome, DnsExchanges, Echoes, Handshake, Handshakes

Recorded = Callable[[str], Any]
CASE = "proxy-arp-beside-announcer"


def gateway(case: Any) -> str:
    (_, client) = case.network().vantage_points
    return client.gateway_macs()[0]


def test_beside_the_announcer_it_is_proven_and_a_note_while_all_works(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(proxy_arp_answers)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.NOTE, Confidence.PROVEN)


def test_a_gateway_that_does_not_answer_clears_it(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = gateway(case)
    quiet = case.client_lists(ArpSweep, lambda r: None if (r.address, r.mac) == (case.vip, mac) else r)
    verdict = quiet.verdict(proxy_arp_answers)
    assert isinstance(verdict, Cleared)
    assert "no gateway answers" in verdict.reason


def test_a_gateway_that_is_the_serving_host_may_answer(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = gateway(case)
    same = case.host_lists(Links, lambda link: replace(link, mac=mac) if link.name == "enp197s0" else link)
    verdict = same.verdict(proxy_arp_answers)
    assert isinstance(verdict, Cleared)
    assert "the very host" in verdict.reason


def failing(case: Any, sent_to: str) -> Any:
    """The client's traffic fails, and its SYNs went to this MAC."""

    def lost(answer: Any) -> Any:
        frames = tuple(replace(f, destination_mac=sent_to) for f in answer.frames if f.flags == "SYN")
        return replace(answer, outcome=Handshake.SILENT, frames=frames)

    silent = DatagramOutcome.SILENT
    case = case.client_lists(DnsExchanges, lambda each: replace(each, outcome=silent, rcode=None))
    return case.client_lists(Handshakes, lost)


def test_it_breaks_traffic_only_where_the_clients_packets_went_to_the_gateway(recorded: Recorded) -> None:
    case = recorded(CASE)
    by_router = failing(case, gateway(case)).verdict(proxy_arp_answers)
    assert by_router.severity is Severity.BROKEN
    to_host = failing(case, case.link("bridge0").mac).verdict(proxy_arp_answers)
    assert to_host.severity is Severity.NOTE


def test_without_captured_frames_the_neighbour_entry_tells_the_way(recorded: Recorded) -> None:
    case = recorded(CASE)
    blind = failing(case, gateway(case)).client_lists(Handshakes, lambda each: replace(each, frames=None))
    assert blind.verdict(proxy_arp_answers).severity is Severity.NOTE  # the entry is the announcer's
    mac = gateway(case)
    cached = blind.client_lists(Neighbours, lambda e: replace(e, mac=mac) if e.address == case.vip else e)
    assert cached.verdict(proxy_arp_answers).severity is Severity.BROKEN


def test_a_gateway_that_is_alone_may_serve_the_vip_itself(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = gateway(case)
    alone = case.client_lists(ArpSweep, lambda r: replace(r, mac=mac) if r.address == case.vip else r)
    quiet = alone.client_lists(Echoes, lambda echo: replace(echo, messages=()))
    assert isinstance(quiet.verdict(proxy_arp_answers, quiet.client), Undetermined)
    assert isinstance(
        quiet.verdict(proxy_arp_answers), Diagnosis
    )  # with the host it is known that it does not


def test_a_client_behind_a_router_does_not_hide_what_another_one_hears(recorded: Recorded) -> None:
    case = recorded(CASE)
    routed = case.client_says(
        RouteTo,
        lambda q, route: (
            replace(route, gateway=IPv4Address("192.168.8.1")) if q.destination == case.vip else route
        ),
    ).client
    assert isinstance(case.verdict(proxy_arp_answers, case.host, routed), Cleared)
    assert isinstance(case.verdict(proxy_arp_answers, case.host, routed, case.client), Diagnosis)


def test_a_gateway_that_holds_the_vip_as_its_own_address_is_no_proxy_but_a_stranger(
    recorded: Recorded,
) -> None:
    case = recorded("duplicate-address")
    stranger = next(
        directed.mac
        for each in case.client.asked
        if isinstance(each.question, DirectedExchanges)
        for directed in each.answer
        if directed.holds
    )
    mac = case.network().clients(case.vip)[0].gateway_macs()[0]
    router = case.client_lists(
        ArpSweep, lambda reply: replace(reply, mac=stranger) if reply.mac == mac else reply
    )
    assert isinstance(router.verdict(proxy_arp_answers), Cleared)
    verdict = router.verdict(duplicate_address)
    assert isinstance(verdict, Diagnosis)
    assert any("HD206" in each and "is the gateway of" in each for each in verdict.ruled_out)


def test_a_mac_that_is_remembered_as_the_gateways_and_is_not_now_is_no_proxy(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac, router = gateway(case), IPv4Address("192.168.8.1")
    anew = case.client_lists(
        ArpSweep, lambda r: replace(r, mac="74:83:c2:00:00:09") if (r.address, r.mac) == (router, mac) else r
    )
    assert isinstance(anew.verdict(proxy_arp_answers, anew.client), Cleared)


@pytest.mark.parametrize(("flag", "sure"), [(False, Confidence.PROVEN), (True, Confidence.LIKELY)])
def test_over_ipv6_a_proxys_advertisement_lacks_the_override_flag(
    recorded: Recorded, flag: bool, sure: Confidence
) -> None:
    case = recorded("healthy-ipv6")
    mac = gateway(case)
    late = ArpReply(case.vip, mac, mac, 412.0, flag)
    both = case.client_says(
        NeighbourSolicitations, lambda _, found: replace(found, replies=(*found.replies, late))
    )
    verdict = both.verdict(proxy_arp_answers)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.NOTE, sure)
    assert any("lacks the Override flag" in each for each in verdict.because) is not flag
    assert "ip -6 neigh del proxy" in (verdict.fixes[0].steps[0].instructions or "")
    assert isinstance(case.verdict(proxy_arp_answers), Cleared)
