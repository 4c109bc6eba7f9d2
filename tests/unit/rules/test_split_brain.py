"""HD202: two machines that are nodes, known by a scan or by what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.split_brain import split_brain
from probes.questions.directed import DirectedExchanges, DirectedOutcome, DirectedPort
from probes.questions.firewall import IptablesRules, NftRuleset
from probes.questions.links import Link, LinkAddress, Links
from probes.questions.neighbours import ArpReply, ArpSweep
from probes.questions.routing import RouteTo
from probes.target import parse_target
from scripts import cluster_objects as objects

Recorded = Callable[[str], Any]
OTHER_NODE = "84:47:09:1a:2c:06"
PORTS = tuple(
    DirectedPort(parse_target(f"192.168.8.53:53/{protocol}"), DirectedOutcome.ANSWERED, OTHER_NODE, 63)
    for protocol in ("udp", "tcp")
)


def other(case: Any, **how: Any) -> Any:
    return case.client_lists(
        DirectedExchanges, lambda each: replace(each, **how) if each.mac == OTHER_NODE else each
    )


def test_a_node_and_a_machine_that_translates_the_port_are_two_nodes(recorded: Recorded) -> None:
    verdict = recorded("split-brain").verdict(split_brain)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.LATENT, Confidence.LIKELY)


def test_a_client_alone_cannot_tell_two_nodes_from_two_interfaces(recorded: Recorded) -> None:
    case = recorded("split-brain")
    verdict = case.verdict(split_brain, case.client)
    assert isinstance(verdict, Undetermined)
    assert not verdict.suspected


def test_a_machine_that_serves_from_its_own_stack_may_be_no_node(recorded: Recorded) -> None:
    case = recorded("split-brain")
    ports = next(
        machine.ports
        for each in case.client.asked
        if isinstance(each.question, DirectedExchanges)
        for machine in each.answer
        if machine.mac == OTHER_NODE
    )
    own = other(case, forwarded_by=None, ports=tuple(replace(port, ttl=64) for port in ports))
    assert isinstance(own.verdict(split_brain), Undetermined)
    assert isinstance(other(case, holds=True, forwarded_by=None).verdict(split_brain), Undetermined)


def test_two_machines_that_hold_it_where_they_answer_and_serve_it_are_two_masters(recorded: Recorded) -> None:
    case = (
        recorded("split-brain").host_says(IptablesRules, lambda *_: "").host_says(NftRuleset, lambda *_: "")
    )
    both = case.client_lists(DirectedExchanges, lambda each: replace(each, holds=True, forwarded_by=None))
    assert not isinstance(both.verdict(split_brain), Diagnosis)

    def floating(link: Link) -> Link:
        own = LinkAddress(case.vip, 24)
        return replace(link, addresses=(*link.addresses, own)) if link.name == "bridge0" else link

    assert isinstance(both.host_lists(Links, floating).verdict(split_brain), Diagnosis)


def test_one_that_serves_nothing_must_be_scanned_and_is_suspected_where_it_harms(recorded: Recorded) -> None:
    verdict = recorded("split-brain-dead-node").verdict(split_brain)
    assert isinstance(verdict, Undetermined)
    assert verdict.suspected
    assert verdict.how_to_get.startswith("on 192.168.8.247")


def test_it_is_suspected_too_where_the_client_works_and_a_node_is_the_other_one(recorded: Recorded) -> None:
    case = recorded("split-brain")
    silent = tuple(
        replace(port, outcome=DirectedOutcome.SILENT, answered_by=None, ttl=None) for port in PORTS
    )
    verdict = other(case, ports=silent).verdict(split_brain)
    assert isinstance(verdict, Undetermined)
    assert verdict.suspected
    assert "serves nothing of it when asked at its MAC" in verdict.missing
    unasked = other(case, ports=()).verdict(split_brain)
    assert isinstance(unasked, Undetermined)
    assert not unasked.suspected
    alone = other(case, ports=silent)
    assert not getattr(alone.verdict(split_brain, alone.client), "suspected", False)


def test_one_answer_is_no_split(recorded: Recorded) -> None:
    case = recorded("split-brain").client_lists(
        ArpSweep, lambda reply: None if reply.mac == OTHER_NODE else reply
    )
    assert isinstance(case.verdict(split_brain), Cleared)


def test_a_stranger_that_refuses_is_not_suspected_to_be_a_node(recorded: Recorded) -> None:
    assert isinstance(recorded("duplicate-address").verdict(split_brain), Cleared)


def test_kernels_that_answer_for_an_address_they_hold_are_another_cause(recorded: Recorded) -> None:
    assert isinstance(recorded("every-node-holds-the-vip").verdict(split_brain), Cleared)


def test_two_machines_at_addresses_of_two_nodes_are_nodes_though_none_was_scanned(recorded: Recorded) -> None:
    case = recorded("split-brain")
    answers = objects.homelab(str(case.vip), "n5", str(case.link("bridge0").addresses[0].address))
    nodes = [*answers[objects.NODES], objects.node("n6", "192.168.8.247")]
    told = case.asking_a_cluster(case.client, {**answers, objects.NODES: nodes})
    verdict = case.verdict(split_brain, told)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


def test_what_the_host_is_answered_counts_where_a_bridge_answered_the_client_in_its_place(
    recorded: Recorded,
) -> None:
    case = recorded("split-brain")
    answered = next(each.answer for each in case.client.asked if type(each.question) is DirectedExchanges)
    theirs = tuple(each for each in answered if each.mac == OTHER_NODE)
    interposed = other(
        case,
        ports=tuple(replace(each, answered_by="5a:94:00:00:00:01") for each in theirs[0].ports),
        forwarded_by=None,
    )
    assert isinstance(interposed.verdict(split_brain), Undetermined)
    route, claims = RouteTo(case.vip), ((case.vip, OTHER_NODE),)
    own = next(each.answer for each in case.host.asked if each.question == route)
    sweep = next(each.question for each in case.host.asked if type(each.question) is ArpSweep)
    asked = DirectedExchanges(own.interface, own.source, claims, _ports(case), 700)
    heard = ArpReply(case.vip, OTHER_NODE, OTHER_NODE, 0.3)
    host = replace(
        case.host,
        asked=(
            *(replace(e, answer=(*e.answer, heard)) if e.question == sweep else e for e in case.host.asked),
            Asked(asked, theirs),
        ),
    )
    assert isinstance(replace(interposed, host=host).verdict(split_brain), Diagnosis)


def _ports(case: Any) -> Any:
    return next(
        each.question for each in case.client.asked if type(each.question) is DirectedExchanges
    ).targets
