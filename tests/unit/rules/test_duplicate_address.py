"""HD203: what the other machine does when asked at its MAC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.duplicate_address import duplicate_address
from probes.host import Denied
from probes.questions.directed import Directed, DirectedExchanges, DirectedOutcome
from probes.questions.links import Link, LinkAddress, Links
from probes.questions.neighbours import ArpSweep
from probes.questions.routing import RouteTo
from probes.target import Address

Recorded = Callable[[str], Any]
STRANGER = "00:1b:21:de:ad:99"


def stranger(case: Any, how: Callable[[Directed], Directed]) -> Any:
    return case.client_lists(DirectedExchanges, lambda each: how(each) if each.mac == STRANGER else each)


def of_every_port(machine: Directed, **how: Any) -> Directed:
    return replace(machine, ports=tuple(replace(port, **how) for port in machine.ports))


def test_a_machine_that_holds_the_address_and_refuses_what_another_serves_is_proven(
    recorded: Recorded,
) -> None:
    verdict = recorded("duplicate-address").verdict(duplicate_address)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.BROKEN, Confidence.PROVEN)
    assert STRANGER in verdict.summary


def test_the_client_alone_sees_two_machines_of_which_one_serves(recorded: Recorded) -> None:
    case = recorded("duplicate-address")
    verdict = case.verdict(duplicate_address, case.client)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


def test_one_that_serves_the_port_itself_is_no_stranger_that_harms(recorded: Recorded) -> None:
    case = stranger(
        recorded("duplicate-address"), lambda m: of_every_port(m, outcome=DirectedOutcome.ANSWERED)
    )
    assert isinstance(case.verdict(duplicate_address), Cleared)


def test_a_refusal_by_something_behind_it_may_be_a_nodes_pod(recorded: Recorded) -> None:
    case = stranger(recorded("duplicate-address"), lambda m: of_every_port(m, ttl=63))
    verdict = case.verdict(duplicate_address)
    assert isinstance(verdict, Undetermined)
    assert verdict.suspected


def test_one_that_forwards_and_does_not_hold_the_address_is_a_router_or_a_node(recorded: Recorded) -> None:
    case = recorded("duplicate-address")
    forwards = stranger(case, lambda m: replace(m, holds=False, forwarded_by=case.vip))
    assert isinstance(forwards.verdict(duplicate_address), Cleared)


def test_one_that_is_silent_leaves_it_open(recorded: Recorded) -> None:
    case = stranger(
        recorded("duplicate-address"),
        lambda m: replace(of_every_port(m, outcome=DirectedOutcome.SILENT, answered_by=None), holds=False),
    )
    assert isinstance(case.verdict(duplicate_address), Undetermined)


def test_without_the_right_to_ask_it_says_so(recorded: Recorded) -> None:
    case = recorded("duplicate-address").client_says(
        DirectedExchanges, lambda *_: Denied("CAP_NET_RAW", "asking")
    )
    verdict = case.verdict(duplicate_address)
    assert isinstance(verdict, Undetermined)
    assert "as root" in verdict.how_to_get


def test_where_the_nodes_hold_the_vip_too_a_refusing_machine_may_be_a_node(recorded: Recorded) -> None:
    case = recorded("duplicate-address")
    held = case.host_says(
        RouteTo,
        lambda question, route: replace(route, type="local") if question == RouteTo(case.vip) else route,
    )
    assert isinstance(held.verdict(duplicate_address), Undetermined)


def test_the_stranger_alone_is_refused_only_by_what_nodes_would_translate(recorded: Recorded) -> None:
    case = recorded("duplicate-address-alone")
    assert isinstance(case.verdict(duplicate_address), Diagnosis)
    alone = case.verdict(duplicate_address, case.client)
    assert isinstance(alone, Undetermined)
    assert alone.suspected


def test_a_client_whose_packets_go_to_the_right_one_is_not_hit(recorded: Recorded) -> None:
    verdict = recorded("duplicate-address-loses-the-race").verdict(duplicate_address)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT


def test_without_a_second_answer_there_is_nobody(recorded: Recorded) -> None:
    case = recorded("duplicate-address").client_lists(
        ArpSweep, lambda reply: None if reply.mac == STRANGER else reply
    )
    assert isinstance(case.verdict(duplicate_address), Cleared)


def test_one_that_alone_answers_and_holds_it_as_keepalived_puts_it_may_be_meant_to(
    recorded: Recorded,
) -> None:
    case = recorded("duplicate-address-scanned")
    alone = _answering_alone(case, STRANGER)
    floating = alone.host_lists(Links, lambda link: _with_its_length(link, case.vip, 32))
    for each in (alone, floating):
        verdict = each.verdict(duplicate_address)
        assert isinstance(verdict, Undetermined)
        assert "whether it is meant to serve it" in verdict.missing


def _answering_alone(case: Any, mac: str) -> Any:
    """The case as if nobody else had answered for the VIP, so that nobody else was asked directly."""
    heard = case.client_lists(ArpSweep, lambda r: r if mac == r.mac or r.address != case.vip else None)
    asked = tuple(
        replace(
            each,
            question=replace(each.question, claims=((case.vip, mac),)),
            answer=tuple(directed for directed in each.answer if directed.mac == mac),
        )
        if type(each.question) is DirectedExchanges
        else each
        for each in heard.client.asked
    )
    return replace(heard, client=replace(heard.client, asked=asked))


def _with_its_length(link: Link, vip: Address, length: int) -> Link:
    def changed(each: LinkAddress) -> LinkAddress:
        return replace(each, prefix_length=length) if each.address == vip else each

    return replace(link, addresses=tuple(map(changed, link.addresses)))


def test_a_client_that_holds_the_address_itself_reaches_nobody_else(recorded: Recorded) -> None:
    case = recorded("nobody-announces")
    own = LinkAddress(case.vip, 24, None)
    held = case.client_lists(
        Links,
        lambda link: link if link.kind == "loopback" else replace(link, addresses=(*link.addresses, own)),
    ).client_says(
        RouteTo,
        lambda question, route: replace(route, type="local") if question == RouteTo(case.vip) else route,
    )
    verdict = held.verdict(duplicate_address)
    assert isinstance(verdict, Diagnosis)
    assert "of homeassistant itself" in verdict.summary
    blind = held.client_says(ArpSweep, lambda *_: Denied("CAP_NET_RAW", "asking"))
    assert isinstance(blind.verdict(duplicate_address), Diagnosis)
    assert not isinstance(case.verdict(duplicate_address), Diagnosis)
