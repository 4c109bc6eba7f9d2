"""HD202: two machines that are nodes, known by a scan or by what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.split_brain import split_brain
from probes.questions.directed import DirectedExchanges
from probes.questions.neighbours import ArpSweep

Recorded = Callable[[str], Any]
OTHER_NODE = "84:47:09:1a:2c:06"


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


def test_one_that_serves_nothing_must_be_scanned_and_is_suspected_where_it_harms(recorded: Recorded) -> None:
    verdict = recorded("split-brain-dead-node").verdict(split_brain)
    assert isinstance(verdict, Undetermined)
    assert verdict.suspected
    assert verdict.how_to_get.startswith("on 192.168.8.247")


def test_one_answer_is_no_split(recorded: Recorded) -> None:
    case = recorded("split-brain").client_lists(
        ArpSweep, lambda reply: None if reply.mac == OTHER_NODE else reply
    )
    assert isinstance(case.verdict(split_brain), Cleared)


def test_a_stranger_that_refuses_is_not_suspected_to_be_a_node(recorded: Recorded) -> None:
    assert isinstance(recorded("duplicate-address").verdict(split_brain), Cleared)


def test_kernels_that_answer_for_an_address_they_hold_are_another_cause(recorded: Recorded) -> None:
    assert isinstance(recorded("every-node-holds-the-vip").verdict(split_brain), Cleared)
