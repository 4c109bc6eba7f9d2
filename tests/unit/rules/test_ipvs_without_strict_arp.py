"""HD204: the kernel of a scanned host answers for an address of another of its interfaces, beside another holder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.ipvs_without_strict_arp import ipvs_without_strict_arp
from probes.questions.directed import DirectedExchanges
from probes.questions.links import LinkAddress, Links

Recorded = Callable[[str], Any]


def test_two_kernels_that_answer_are_found(recorded: Recorded) -> None:
    verdict = recorded("every-node-holds-the-vip").verdict(ipvs_without_strict_arp)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.LATENT, Confidence.LIKELY)


def test_strict_arp_on_the_answering_interface_means_an_announcer_answered(recorded: Recorded) -> None:
    case = recorded("every-node-holds-the-vip").host_sets({"net/ipv4/conf/bridge0/arp_ignore": 1})
    assert isinstance(case.verdict(ipvs_without_strict_arp), Cleared)


def test_an_address_on_the_answering_interface_itself_is_a_floating_address(recorded: Recorded) -> None:
    case = recorded("every-node-holds-the-vip")
    here = case.host_lists(
        Links,
        lambda link: (
            replace(link, addresses=(*link.addresses, LinkAddress(case.vip, 32)))
            if link.name == "bridge0"
            else link
        ),
    )
    assert isinstance(here.verdict(ipvs_without_strict_arp), Cleared)


def test_another_machine_that_does_not_hold_it_is_another_cause(recorded: Recorded) -> None:
    case = recorded("every-node-holds-the-vip").client_lists(
        DirectedExchanges, lambda each: replace(each, holds=False)
    )
    assert isinstance(case.verdict(ipvs_without_strict_arp), Cleared)


def test_the_client_alone_does_not_know_where_the_address_stands(recorded: Recorded) -> None:
    case = recorded("every-node-holds-the-vip")
    assert isinstance(case.verdict(ipvs_without_strict_arp, case.client), Undetermined)
