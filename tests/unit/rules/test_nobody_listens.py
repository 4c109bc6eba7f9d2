"""HD503 without any proxy: the VIP is an address of the machine itself, and nothing there listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.diagnose import Outcome
from hairpin_doctor.rule import Cleared, Diagnosis, Undetermined
from hairpin_doctor.rules.backend_refuses import backend_refuses
from probes.questions.links import Link, LinkAddress, Links
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.traffic import DatagramOutcome, DnsExchanges, Handshake, Handshakes

Recorded = Callable[[str], Any]


def refusing(case: Any) -> Any:
    """The program that listened is down: client and machine are refused."""
    for says in ("host_says", "client_says"):
        case = getattr(case, says)(
            Handshakes,
            lambda _, found: tuple(
                replace(each, outcome=Handshake.REFUSED, connect_ms=None) for each in found
            ),
        )
        case = getattr(case, says)(
            DnsExchanges,
            lambda _, found: tuple(
                replace(each, outcome=DatagramOutcome.REFUSED, rcode=None) for each in found
            ),
        )
    return case


def test_a_floating_address_whose_machine_refuses_itself_is_served_by_nobody(recorded: Recorded) -> None:
    case = refusing(recorded("keepalived"))
    verdict = case.verdict(backend_refuses)
    assert isinstance(verdict, Diagnosis)
    assert "nothing on n5, which holds 192.168.8.53, listens on 53/" in verdict.summary
    assert isinstance(case.verdict(backend_refuses, case.host), Undetermined)  # another may answer elsewhere
    judgement = case.judgement()
    assert judgement.outcome is Outcome.DIAGNOSED
    assert [each.rule.code for each in judgement.diagnoses if each.verdict.breaks] == ["HD503"]


def test_with_its_subnets_length_it_floats_beside_another_address_of_that_subnet(recorded: Recorded) -> None:
    case = refusing(recorded("keepalived"))

    def wide(link: Link) -> Link:
        own = tuple(LinkAddress(e.address, 24) if e.address == case.vip else e for e in link.addresses)
        return replace(link, addresses=own)

    def alone(link: Link) -> Link:
        own = tuple(LinkAddress(e.address, 24) for e in link.addresses if e.address == case.vip)
        return replace(link, addresses=own) if own else link

    assert isinstance(case.host_lists(Links, wide).verdict(backend_refuses), Diagnosis)
    assert isinstance(case.host_lists(Links, alone).verdict(backend_refuses), Cleared)


def test_where_another_machine_answers_too_it_may_be_the_one_that_serves(recorded: Recorded) -> None:
    case = refusing(recorded("keepalived"))
    mac = "02:00:00:00:00:99"
    both = case.client_says(ArpSweep, lambda _, found: (*found, ArpReply(case.vip, mac, mac, 0.2)))
    assert isinstance(both.verdict(backend_refuses), Cleared)
