"""HD506: a flow in use, to an end that is no endpoint and gives no answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.diagnose import Outcome
from hairpin_doctor.fixes.changes import ForgottenFlow
from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.stale_udp_conntrack import stale_udp_conntrack
from probes.host import Denied
from probes.questions.firewall import FlowDirection, TrackedConnection, TrackedConnections, UsedFlows
from probes.questions.traffic import DatagramOutcome, DnsAnswer, DnsExchanges, Endpoint
from probes.target import Protocol

Recorded = Callable[[str], Any]
VIP, VM, POD, GONE = (
    IPv4Address(each) for each in ("192.168.8.53", "192.168.8.10", "10.244.0.83", "10.244.0.9")
)


def flow(end: IPv4Address, *, replied: bool = False, port: int = 53) -> TrackedConnection:
    there = FlowDirection(VM, VIP, 5300, 53)
    return TrackedConnection(Protocol.UDP, there, FlowDirection(end, VM, port, 5300), replied, None)


def seen(
    recorded: Recorded,
    *flows: TrackedConnection,
    used: bool = True,
    end: DatagramOutcome = DatagramOutcome.SILENT,
) -> Any:
    """The healthy homelab, whose node tracks these flows beside the scan's own."""
    case = recorded("healthy").host_says(TrackedConnections, lambda _, entries: (*entries, *flows))
    originals = tuple(each.original for each in flows)
    servers = tuple(Endpoint(each.reply.source, each.reply.source_port or 0) for each in flows)
    away = tuple(dict.fromkeys(each for each in servers if each.address != VIP))
    answers = tuple(DnsAnswer(each, "udp", end, None, False, None, None, None) for each in away)
    more = (
        Asked(UsedFlows(originals, 0), originals if used else ()),
        Asked(DnsExchanges(away, "udp", 0), answers),
    )
    return replace(case, host=replace(case.host, asked=(*case.host.asked, *more)))


def test_a_flow_in_use_to_a_silent_address_that_is_no_endpoint_is_proven_where_a_new_one_is_served(
    recorded: Recorded,
) -> None:
    case = seen(recorded, flow(GONE))
    verdict = case.verdict(stale_udp_conntrack)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert "192.168.8.10:5300" in verdict.summary
    assert "10.244.0.9:53" in verdict.summary
    assert verdict.clients == ("homeassistant",)
    assert verdict.fixes[0].steps[0].changes == (ForgottenFlow(str(VM), 5300, str(VIP), 53),)
    assert case.judgement().outcome is Outcome.DIAGNOSED


def test_without_a_client_that_is_served_it_is_likely(recorded: Recorded) -> None:
    case = seen(recorded, flow(GONE))
    verdict = case.verdict(stale_udp_conntrack, case.host)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY


def test_a_flow_that_had_answers_before_its_pod_was_gone_is_stuck_too(recorded: Recorded) -> None:
    verdict = seen(recorded, flow(GONE, replied=True)).verdict(stale_udp_conntrack)
    assert isinstance(verdict, Diagnosis)
    assert "had answers before" in " ".join(verdict.because)


def test_a_flow_that_began_before_there_was_a_rule_goes_on_to_the_vip_itself(recorded: Recorded) -> None:
    verdict = seen(recorded, flow(VIP)).verdict(stale_udp_conntrack)
    assert isinstance(verdict, Diagnosis)
    assert "untranslated" in verdict.summary


def test_another_port_of_an_endpoint_is_no_endpoint(recorded: Recorded) -> None:
    assert isinstance(seen(recorded, flow(POD, port=1053)).verdict(stale_udp_conntrack), Diagnosis)


def test_every_stuck_flow_is_forgotten(recorded: Recorded) -> None:
    second = replace(flow(GONE), original=FlowDirection(VM, VIP, 5301, 53))
    verdict = seen(recorded, flow(GONE), second).verdict(stale_udp_conntrack)
    assert isinstance(verdict, Diagnosis)
    assert "1 more" in verdict.summary
    assert len(verdict.fixes[0].steps[0].changes) == 2


@pytest.mark.parametrize(
    ("flows", "how"),
    [
        pytest.param((flow(POD),), {}, id="it leads to an endpoint"),
        pytest.param((flow(GONE),), {"used": False}, id="nobody uses it: it ends by itself"),
        pytest.param((flow(GONE),), {"end": DatagramOutcome.ANSWERED}, id="its end answers: a pod that is about to go"),
        pytest.param((flow(VIP, replied=True),), {}, id="untranslated, and the VIP answered itself"),
        pytest.param((replace(flow(GONE), protocol=Protocol.TCP),), {}, id="TCP ends with the pod"),
    ],
)  # fmt: skip
def test_what_is_no_stuck_flow(recorded: Recorded, flows: tuple[Any, ...], how: dict[str, Any]) -> None:
    case = seen(recorded, *flows, **how)
    assert isinstance(case.verdict(stale_udp_conntrack), Cleared)
    assert case.judgement().outcome is Outcome.HEALTHY


def test_without_the_right_to_see_flows_it_is_open_and_the_verdict_stays(recorded: Recorded) -> None:
    refused = Denied("CAP_NET_ADMIN", "TrackedConnections")
    case = recorded("healthy").host_says(TrackedConnections, lambda _, __: refused)
    assert isinstance(case.verdict(stale_udp_conntrack), Undetermined)
    assert case.judgement().outcome is Outcome.HEALTHY


def test_what_fails_for_every_new_flow_is_not_explained_by_an_old_one(recorded: Recorded) -> None:
    assert isinstance(recorded("backend-refuses").verdict(stale_udp_conntrack), Cleared)


def test_the_flow_of_one_client_explains_nothing_that_fails_from_another(recorded: Recorded) -> None:
    """Whose address nobody has that was looked at: then it is named by that."""
    there = FlowDirection(IPv4Address("192.168.8.77"), VIP, 5300, 53)
    stray = TrackedConnection(Protocol.UDP, there, FlowDirection(GONE, there.source, 53, 5300), False, None)
    verdict = seen(recorded, stray).verdict(stale_udp_conntrack)
    assert isinstance(verdict, Diagnosis)
    assert verdict.clients == ("192.168.8.77",)
