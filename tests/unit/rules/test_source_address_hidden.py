"""HD509: where the answers of a client's flow are expected decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.source_address_hidden import source_address_hidden
from probes.questions.firewall import TrackedConnections
from probes.questions.traffic import Handshakes

Recorded = Callable[[str], Any]


def test_a_masqueraded_flow_that_was_answered_is_noted_with_the_address_in_its_place(
    recorded: Recorded,
) -> None:
    verdict = recorded("two-nodes-cluster").verdict(source_address_hidden)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.NOTE
    assert "192.168.8.246" in verdict.summary
    assert '"externalTrafficPolicy": "Local"' in verdict.fixes[0].steps[0].commands[0]


def test_under_policy_local_the_client_is_seen(recorded: Recorded) -> None:
    assert isinstance(recorded("two-nodes-local").verdict(source_address_hidden), Cleared)


def test_a_flow_whose_answers_go_to_the_client_hides_nobody(recorded: Recorded) -> None:
    def kept(flow: Any) -> Any:
        return replace(flow, reply=replace(flow.reply, destination=flow.original.source))

    case = recorded("two-nodes-cluster").host_lists(TrackedConnections, kept)
    assert isinstance(case.verdict(source_address_hidden), Cleared)


def test_a_flow_without_an_answer_says_nothing(recorded: Recorded) -> None:
    case = recorded("two-nodes-cluster").host_lists(
        TrackedConnections, lambda e: replace(e, seen_reply=False)
    )
    assert isinstance(case.verdict(source_address_hidden), Cleared)


def test_one_side_alone_cannot_tell(recorded: Recorded) -> None:
    case = recorded("two-nodes-cluster")
    assert isinstance(case.verdict(source_address_hidden, case.host), Undetermined)
    assert isinstance(case.verdict(source_address_hidden, case.client), Undetermined)


def test_older_flows_than_those_of_this_scan_say_nothing_of_the_policy_now(recorded: Recorded) -> None:
    case = recorded("two-nodes-cluster")
    port = case.syn_port()

    def kept(flow: Any) -> Any:
        now = flow.original.source_port == port
        return replace(flow, reply=replace(flow.reply, destination=flow.original.source)) if now else flow

    assert isinstance(case.host_lists(TrackedConnections, kept).verdict(source_address_hidden), Cleared)


def test_where_no_capture_tells_which_are_of_this_scan_the_rules_of_now_tell_old_flows(
    recorded: Recorded,
) -> None:
    """Policy Local since a moment: UDP flows of before are still there, masqueraded."""

    def hidden(flow: Any) -> Any:
        return replace(flow, reply=replace(flow.reply, destination=IPv4Address("192.168.8.246")))

    blind = recorded("two-nodes-local").client_lists(Handshakes, lambda each: replace(each, frames=None))
    assert isinstance(blind.host_lists(TrackedConnections, hidden).verdict(source_address_hidden), Cleared)
    cluster = recorded("two-nodes-cluster").client_lists(Handshakes, lambda each: replace(each, frames=None))
    assert isinstance(cluster.verdict(source_address_hidden), Diagnosis)
