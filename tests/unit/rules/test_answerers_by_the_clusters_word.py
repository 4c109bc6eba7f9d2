"""HD106, HD107, HD109 and HD204 where a cluster was asked: whose addresses, which mode, which interfaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Rule, Severity, Undetermined
from hairpin_doctor.rules.announced_by_many_interfaces import announced_by_many_interfaces
from hairpin_doctor.rules.ipvs_without_strict_arp import ipvs_without_strict_arp
from hairpin_doctor.rules.pool_overlaps_infrastructure import pool_overlaps_infrastructure
from hairpin_doctor.rules.two_controllers import two_controllers
from probes.questions.directed import DirectedExchanges
from probes.questions.routing import Route, RouteTo
from probes.routes import SOMEWHERE_ELSE
from scripts import cluster_objects as objects

Recorded = Callable[[str], Any]
PROXY = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"
POOLS = objects.METALLB + "ipaddresspools"


def word(case: Any, *interfaces: str, other: str = "192.168.8.247", **changed: Any) -> dict[str, Any]:
    found = objects.homelab(str(case.vip), "n5", str(case.link("bridge0").addresses[0].address), interfaces)
    return {**found, objects.NODES: [*found[objects.NODES], objects.node("n6", other)], **changed}


def by_client(case: Any, rule: Rule, answers: dict[str, Any]) -> Any:
    return case.verdict(rule, case.asking_a_cluster(case.client, answers))


def by_both(case: Any, rule: Rule, answers: dict[str, Any]) -> Any:
    return replace(case, host=case.asking_a_cluster(case.host, answers)).verdict(rule)


def found_behind(case: Any, address: str) -> Any:
    """The client has found this address behind each MAC that answers."""
    return case.client_lists(DirectedExchanges, lambda each: replace(each, forwarded_by=IPv4Address(address)))


def test_nodes_of_an_ipvs_cluster_without_strict_arp_answer_all(recorded: Recorded) -> None:
    case = recorded("split-brain")
    ipvs = word(case, **{PROXY: objects.kube_proxy("ipvs")})
    verdict = by_client(case, ipvs_without_strict_arp, ipvs)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    strict = word(case, **{PROXY: objects.kube_proxy("ipvs", strict=True)})
    assert isinstance(by_client(case, ipvs_without_strict_arp, strict), Undetermined)
    assert isinstance(by_client(case, ipvs_without_strict_arp, word(case)), Undetermined)


def test_a_scanned_node_that_does_not_hold_the_vip_contradicts_ipvs(recorded: Recorded) -> None:
    case = recorded("split-brain")
    ipvs = word(case, **{PROXY: objects.kube_proxy("ipvs")})
    assert isinstance(by_both(case, ipvs_without_strict_arp, ipvs), Cleared)


def test_strict_arp_that_is_only_configured_is_said(recorded: Recorded) -> None:
    case = recorded("every-node-holds-the-vip")
    strict = word(case, **{PROXY: objects.kube_proxy("ipvs", strict=True)})
    verdict = by_both(case, ipvs_without_strict_arp, strict)
    assert isinstance(verdict, Diagnosis)
    assert any("says strictARP" in each and "has not been restarted" in each for each in verdict.because)


def test_two_macs_with_addresses_of_one_node_are_interfaces_of_it(recorded: Recorded) -> None:
    case = found_behind(recorded("announced-twice"), "192.168.8.246")
    assert isinstance(case.verdict(announced_by_many_interfaces, case.client), Undetermined)
    verdict = by_client(case, announced_by_many_interfaces, word(case))
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert "n5 answers" in verdict.summary


def test_an_interface_that_the_cluster_does_not_name_has_another_announcer(recorded: Recorded) -> None:
    case = recorded("announced-twice")
    named = word(case, "metallb0")
    one = {**named, objects.NODES: named[objects.NODES][:1]}
    verdict = by_both(case, announced_by_many_interfaces, one)
    assert isinstance(verdict, Diagnosis)
    assert any("On bridge0 answers somebody else" in each for each in verdict.because)


def test_without_a_client_it_is_foreseen_where_the_speaker_may_answer_on_both(recorded: Recorded) -> None:
    case = recorded("announced-twice")
    alone = case.asking_a_cluster(case.host, word(case))
    verdict = case.verdict(announced_by_many_interfaces, alone)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT
    named = case.asking_a_cluster(case.host, word(case, "metallb0"))
    assert isinstance(case.verdict(announced_by_many_interfaces, named), Undetermined)


def test_an_address_of_a_node_that_was_not_scanned_is_no_vip(recorded: Recorded) -> None:
    case = recorded("duplicate-address")
    verdict = by_both(case, pool_overlaps_infrastructure, word(case, other=str(case.vip)))
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is not Severity.NOTE
    assert "an address of the node n6" in verdict.summary


def test_a_pool_that_holds_addresses_of_others_gives_them_away_some_day(recorded: Recorded) -> None:
    case = recorded("healthy")
    wide = word(case, **{POOLS: [objects.resource("homelab", addresses=["192.168.8.0/24"])]})
    verdict = by_both(case, pool_overlaps_infrastructure, wide)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT
    assert "192.168.8.247 (the node n6)" in verdict.summary
    by_hand = word(
        case, **{POOLS: [objects.resource("homelab", addresses=["192.168.8.0/24"], autoAssign=False)]}
    )
    assert isinstance(by_both(case, pool_overlaps_infrastructure, by_hand), Cleared)
    assert isinstance(by_both(case, pool_overlaps_infrastructure, word(case)), Cleared)


def test_a_nodes_main_address_is_no_fault_where_service_lb_serves_and_one_where_metallb_does(
    recorded: Recorded,
) -> None:
    def own(question: RouteTo, route: Route) -> Route:
        if question == RouteTo(case.vip):
            return replace(route, type="local")
        return replace(route, source=case.vip) if question.destination == SOMEWHERE_ELSE else route

    case = recorded("healthy")
    held = case.host_says(RouteTo, own)
    label = {"svccontroller.k3s.cattle.io/svcname": "dns", "svccontroller.k3s.cattle.io/svcnamespace": "dns"}
    svclb = objects.daemon_set("svclb-dns-0b2d6f0e", "rancher/klipper-lb:v0.4.9", **label)
    verdict = by_both(
        held, pool_overlaps_infrastructure, word(held, **{objects.DAEMONSETS: [svclb], POOLS: []})
    )
    assert isinstance(verdict, Cleared)
    assert "ServiceLB" in verdict.reason
    metallbs = by_both(held, pool_overlaps_infrastructure, word(held))
    assert isinstance(metallbs, Diagnosis)
    assert metallbs.severity is Severity.LATENT


def test_two_installations_of_metallb_serve_one_service(recorded: Recorded) -> None:
    case = recorded("nobody-announces")
    second = objects.speaker()
    second["metadata"] = objects.meta("metallb-speaker", "networking", labels=objects.SPEAKER_LABELS)
    both = word(case, **{objects.DAEMONSETS: [objects.speaker(), second]})
    verdict = by_both(case, two_controllers, both)
    assert isinstance(verdict, Diagnosis)
    assert any("networking/metallb-speaker" in each for each in verdict.because)
    classed = objects.speaker(1, "v0.14.9", "--lb-class=lan")
    classed["metadata"] = second["metadata"]
    apart = word(case, **{objects.DAEMONSETS: [objects.speaker(), classed]})
    assert isinstance(by_both(case, two_controllers, apart), Cleared)
