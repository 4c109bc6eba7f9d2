"""HD103, HD502, HD505 where a cluster was asked: it decides where no host was scanned, and it may contradict the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Rule, Undetermined
from hairpin_doctor.rules.local_policy_no_local_endpoint import local_policy_no_local_endpoint
from hairpin_doctor.rules.no_ready_endpoints import no_ready_endpoints
from hairpin_doctor.rules.source_ranges_exclude_client import source_ranges_exclude_client
from probes.questions.traffic import DatagramOutcome, DnsExchanges, Handshake, Handshakes
from scripts import cluster_objects as objects

Recorded = Callable[[str], Any]
LOCAL, RANGES, REJECTED = (
    "local-policy-no-local-endpoint",
    "source-ranges-exclude-client",
    "no-ready-endpoints",
)
OTHER = objects.node("n6", "192.168.8.247")


def word(case: Any, *slices: Any, **spec: Any) -> dict[str, Any]:
    """Two nodes, the case's host among them, one Service with the case's VIP and these endpoints."""
    found = objects.homelab(str(case.vip), "n5", str(case.link("bridge0").addresses[0].address))
    return {
        **found,
        objects.NODES: [*found[objects.NODES], OTHER],
        objects.SERVICES: [objects.service("dns", str(case.vip), **spec)],
        objects.SLICES.format("dns"): list(slices),
    }


def on(node: str) -> Any:
    return objects.endpoint_slice("dns", node)


def by_client(case: Any, rule: Rule, answers: dict[str, Any]) -> Any:
    """Only the client was scanned; it can ask the cluster."""
    return case.verdict(rule, case.asking_a_cluster(case.client, answers))


def by_both(case: Any, rule: Rule, answers: dict[str, Any]) -> Any:
    return replace(case, host=case.asking_a_cluster(case.host, answers)).verdict(rule)


def test_without_the_host_the_endpoints_and_the_mac_that_answers_tell_the_policy(recorded: Recorded) -> None:
    case = recorded(LOCAL)
    local = {"externalTrafficPolicy": "Local"}
    verdict = by_client(case, local_policy_no_local_endpoint, word(case, on("n6"), **local))
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert "n5 gets the packets" in verdict.summary
    assert any("its endpoints are on n6 only" in each for each in verdict.because)
    assert isinstance(by_client(case, local_policy_no_local_endpoint, word(case, on("n5"), **local)), Cleared)
    assert isinstance(by_client(case, local_policy_no_local_endpoint, word(case, on("n6"))), Cleared)


def test_a_node_that_cannot_be_told_by_its_address_leaves_it_open(recorded: Recorded) -> None:
    case = recorded(LOCAL)
    answers = word(case, on("n6"), externalTrafficPolicy="Local")
    unknown = {**answers, objects.NODES: [objects.node("n5", "192.0.2.5"), OTHER]}
    assert isinstance(by_client(case, local_policy_no_local_endpoint, unknown), Undetermined)
    proxied = {
        **answers,
        objects.NODES: [objects.node("n5", "192.168.8.246"), objects.node("n7", "192.168.8.246")],
    }
    assert isinstance(by_client(case, local_policy_no_local_endpoint, proxied), Undetermined)


def test_what_is_refused_was_not_dropped(recorded: Recorded) -> None:
    case = recorded(LOCAL)
    refused = case.client_lists(
        Handshakes, lambda each: replace(each, outcome=Handshake.REFUSED)
    ).client_lists(DnsExchanges, lambda each: replace(each, outcome=DatagramOutcome.REFUSED))
    answers = word(case, on("n6"), externalTrafficPolicy="Local")
    assert isinstance(by_client(refused, local_policy_no_local_endpoint, answers), Undetermined)
    closed = word(case, on("n5"), loadBalancerSourceRanges=["10.8.0.0/24"])
    assert isinstance(by_client(refused, source_ranges_exclude_client, closed), Undetermined)


def test_rules_and_cluster_together_prove_it(recorded: Recorded) -> None:
    case = recorded(LOCAL)
    verdict = by_both(
        case, local_policy_no_local_endpoint, word(case, on("n6"), externalTrafficPolicy="Local")
    )
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


@pytest.mark.parametrize("policy", ["Local", "Cluster"])
def test_rules_that_drop_what_the_cluster_would_serve_are_behind(recorded: Recorded, policy: str) -> None:
    case = recorded(LOCAL)
    verdict = by_both(
        case, local_policy_no_local_endpoint, word(case, on("n5"), externalTrafficPolicy=policy)
    )
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert any(f"policy of dns/dns is {policy}, and an endpoint" in each for each in verdict.because)
    assert "service proxy" in verdict.fixes[0].title


def test_rules_that_reject_what_the_cluster_would_serve_are_behind(recorded: Recorded) -> None:
    case = recorded(REJECTED)
    verdict = by_both(case, no_ready_endpoints, word(case, on("n5")))
    assert isinstance(verdict, Diagnosis)
    assert any(
        "But the EndpointSlices of dns/dns hold serving endpoints, on n5" in e for e in verdict.because
    )


def test_no_endpoint_anywhere_needs_no_client(recorded: Recorded) -> None:
    case = recorded(REJECTED)
    host = case.asking_a_cluster(case.host, word(case))
    failing = replace(case, host=host).host_lists(
        Handshakes, lambda each: replace(each, outcome=Handshake.REFUSED)
    )
    verdict = failing.verdict(no_ready_endpoints, failing.host)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


def test_of_two_services_that_share_a_vip_the_one_whose_port_fails_counts(recorded: Recorded) -> None:
    case = recorded(REJECTED)
    web = objects.service(
        "web", str(case.vip), ports=[{"name": "http", "protocol": "TCP", "port": 80, "nodePort": 30080}]
    )
    dns = objects.service("dns", str(case.vip))
    shared = {**word(case, on("n5")), objects.SERVICES: [web, dns]}
    verdict = by_both(case, no_ready_endpoints, shared)
    assert isinstance(verdict, Diagnosis)
    assert (
        verdict.confidence is Confidence.LIKELY
    )  # web/web has no endpoint, and its port was not asked about


def test_without_the_host_the_services_own_ranges_tell(recorded: Recorded) -> None:
    case = recorded(RANGES)
    closed = word(case, on("n5"), loadBalancerSourceRanges=["10.8.0.0/24"])
    verdict = by_client(case, source_ranges_exclude_client, closed)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert isinstance(by_client(case, source_ranges_exclude_client, word(case, on("n5"))), Cleared)
    wide = word(case, on("n5"), loadBalancerSourceRanges=["192.168.8.0/24"])
    assert isinstance(by_client(case, source_ranges_exclude_client, wide), Cleared)


def test_rules_that_shut_out_whom_the_service_admits_are_behind(recorded: Recorded) -> None:
    case = recorded(RANGES)
    verdict = by_both(case, source_ranges_exclude_client, word(case, on("n5")))
    assert isinstance(verdict, Diagnosis)
    assert any("But dns/dns admits everybody" in each for each in verdict.because)
    assert "service proxy" in verdict.fixes[0].title


def test_what_the_cluster_does_not_say_stays_open(recorded: Recorded) -> None:
    case = recorded(LOCAL)
    refused = {**word(case, externalTrafficPolicy="Local"), objects.SLICES.format("dns"): 403}
    assert isinstance(by_client(case, local_policy_no_local_endpoint, refused), Undetermined)
