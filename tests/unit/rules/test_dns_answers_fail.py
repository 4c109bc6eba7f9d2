"""HD510: the server's own words, compared with what it answers the host directly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.diagnose import Outcome, diagnose, judge
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.catalogue import CATALOGUE
from hairpin_doctor.rules.dns_answers_fail import dns_answers_fail
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts
from probes.dns_servers import DnsServerFacts
from probes.questions.traffic import (
    DatagramOutcome,
    DnsAnswer,
    DnsServerAnswer,
    Endpoint,
    Handshake,
    HandshakeAnswer,
)
from probes.resolvers import ResolverFacts
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Protocol
from probes.tcp import TcpFacts

Point = Callable[..., VantagePoint]
VIP = IPv4Address("192.0.2.53")
POD = Endpoint(IPv4Address("10.0.0.83"), 5353)
NOBODY = ServiceRulesFacts((), (), (), ())


def said(rcode: str | None, where: Endpoint | None = None, **how: Any) -> DnsAnswer:
    plain: dict[str, Any] = {
        "destination": where or Endpoint(VIP, 53),
        "transport": "udp",
        "outcome": DatagramOutcome.ANSWERED,
        "rcode": rcode,
        "truncated": False,
        "round_trip_ms": 1.0,
        "replied_from": None,
        "error": None,
        "recursion_available": True,
    }
    return DnsAnswer(**(plain | how))


def client(point: Point, *answers: DnsAnswer, tcp: Handshake | None = None) -> VantagePoint:
    targets = ("192.0.2.53:53/udp", *(("192.0.2.53:53/tcp",) if tcp else ()))
    handshakes = (HandshakeAnswer(Endpoint(VIP, 53), tcp, 1.0, None, None),) if tcp else ()
    return point("vm", NOBODY, DnsFacts(answers), TcpFacts(handshakes, ()), targets=targets)


def host(point: Point, *direct: DnsAnswer, protocols: tuple[Protocol, ...] = tuple(Protocol)) -> VantagePoint:
    ports = tuple(
        ProgrammedPort(
            vip=VIP,
            port=53,
            protocol=protocol,
            backend="nft",
            service="home/dns",
            endpoints=(POD,),
            masquerade=True,
            kind="dnat",
            certain=True,
            names_vip=True,
            source_ranges=(),
            rule="",
        )
        for protocol in protocols
    )
    rules = ServiceRulesFacts(ports, (), ("nft",), ())
    return point("n5", rules, ResolverFacts(direct), targets=("192.0.2.53:53/udp",))


def verdict(*points: VantagePoint) -> Any:
    return judge(dns_answers_fail, Network(points), VIP)


@pytest.mark.parametrize("rcode", ["REFUSED", "SERVFAIL"])
def test_a_resolver_that_refuses_or_fails_is_named_by_its_clients_alone(point: Point, rcode: str) -> None:
    network = Network([client(point, said(rcode))])
    found = judge(dns_answers_fail, network, VIP)
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.LIKELY
    assert diagnose(network, CATALOGUE).outcome is Outcome.DIAGNOSED


def test_the_same_words_to_the_hosts_direct_question_prove_it(point: Point) -> None:
    found = verdict(client(point, said("REFUSED")), host(point, said("REFUSED", POD)))
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.PROVEN
    assert "10.0.0.83:5353" in found.because[1]


@pytest.mark.parametrize("rcode", ["NOERROR", "NXDOMAIN", "FORMERR", "NOTIMP"])
def test_any_other_answer_is_no_fault(point: Point, rcode: str) -> None:
    assert isinstance(verdict(client(point, said(rcode))), Cleared)


def test_silence_is_for_other_rules(point: Point) -> None:
    silent = said(None, outcome=DatagramOutcome.SILENT)
    assert isinstance(verdict(client(point, silent)), Cleared)


def test_a_server_of_its_own_zones_is_not_blamed_for_refusing_localhost(point: Point) -> None:
    network = Network([client(point, said("REFUSED", recursion_available=False))])
    assert isinstance(judge(dns_answers_fail, network, VIP), Undetermined)
    assert diagnose(network, CATALOGUE).outcome is Outcome.UNDETERMINED


def test_a_refusal_on_purpose_says_so_itself(point: Point) -> None:
    prohibited = said("REFUSED", recursion_available=False, extended_error=18)
    assert isinstance(verdict(client(point, prohibited)), Diagnosis)


def test_who_answers_the_host_and_refuses_the_client_decides_by_the_address(point: Point) -> None:
    refused = said("REFUSED", recursion_available=False)
    network = Network([client(point, refused), host(point, said("NOERROR", POD))])
    found = judge(dns_answers_fail, network, VIP)
    assert isinstance(found, Diagnosis)
    assert "nodes' addresses" in (found.fixes[0].steps[1].instructions or "")
    assert diagnose(network, CATALOGUE).outcome is Outcome.DIAGNOSED


def test_an_answer_that_was_cut_off_needs_tcp(point: Point) -> None:
    cut = said("NOERROR", truncated=True)
    over_tcp = said(None, transport="tcp", outcome=DatagramOutcome.SILENT)
    found = verdict(client(point, cut, over_tcp), host(point, protocols=(Protocol.UDP,)))
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.PROVEN
    assert '"targetPort": 5353' in " ".join(found.fixes[0].steps[0].commands)


def test_an_answer_that_was_cut_off_is_well_where_tcp_answers(point: Point) -> None:
    answers = (said("NOERROR", truncated=True), said("NOERROR", transport="tcp"))
    assert isinstance(verdict(client(point, *answers)), Cleared)


def test_where_tcp_was_named_and_fails_that_is_the_fault(point: Point) -> None:
    over_tcp = said(None, transport="tcp", outcome=DatagramOutcome.SILENT)
    there = client(point, said("NOERROR", truncated=True), over_tcp, tcp=Handshake.SILENT)
    assert isinstance(verdict(there), Cleared)


def test_a_server_that_hangs_up_over_tcp_is_named(point: Point) -> None:
    hangs_up = said(None, transport="tcp", error="EOFError", recursion_available=None)
    found = verdict(client(point, said("NOERROR"), hangs_up, tcp=Handshake.OPEN))
    assert isinstance(found, Diagnosis)
    assert "hangs up" in found.summary


SILENT = {"outcome": DatagramOutcome.SILENT, "recursion_available": None}
WAITS = DnsServerAnswer(Endpoint(VIP, 53), "NOERROR", True, None)


def waiting(point: Point, answer: DnsServerAnswer = WAITS) -> VantagePoint:
    facts = (NOBODY, DnsFacts((said(None, **SILENT),)), DnsServerFacts((answer,)))
    return point("vm", *facts, targets=("192.0.2.53:53/udp",))


def test_a_server_that_answers_for_itself_and_not_what_it_must_look_up_waits_in_vain(point: Point) -> None:
    network = Network([waiting(point)])
    found = judge(dns_answers_fail, network, VIP)
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.LIKELY
    judgement = diagnose(network, CATALOGUE)
    assert judgement.outcome is Outcome.DIAGNOSED
    assert [each.rule.code for each in judgement.diagnoses] == ["HD510"]


def test_the_hosts_direct_question_that_stays_open_too_proves_it(point: Point) -> None:
    found = verdict(waiting(point), host(point, said(None, POD, **SILENT)))
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.PROVEN


def test_an_answer_to_the_host_alone_proves_nothing_of_the_upstream(point: Point) -> None:
    found = verdict(waiting(point), host(point, said("NOERROR", POD)))
    assert isinstance(found, Diagnosis)
    assert found.confidence is Confidence.LIKELY


def test_a_server_that_may_ignore_foreign_names_is_not_blamed(point: Point) -> None:
    network = Network([waiting(point, replace(WAITS, by_itself="NOTIMP", recursion_offered=False))])
    found = judge(dns_answers_fail, network, VIP)
    assert isinstance(found, Undetermined)
    assert found.suspected
    assert diagnose(network, CATALOGUE).outcome is Outcome.UNDETERMINED


def test_a_server_that_says_nothing_of_itself_either_is_for_other_rules(point: Point) -> None:
    assert isinstance(verdict(waiting(point, replace(WAITS, by_itself=None))), Cleared)
