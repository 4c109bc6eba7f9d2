"""Rules that use the cluster's word: recorded lab cases, with what a cluster's API says of that network beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Rule, Severity, Undetermined
from hairpin_doctor.rules.bgp_vip_in_clients_subnet import bgp_vip_in_clients_subnet
from hairpin_doctor.rules.deaf_announcing_interface import deaf_announcing_interface
from hairpin_doctor.rules.excluded_by_label import excluded_by_label
from hairpin_doctor.rules.no_advertisement import no_advertisement
from hairpin_doctor.rules.no_ready_endpoints import no_ready_endpoints
from hairpin_doctor.rules.speaker_not_running import speaker_not_running
from hairpin_doctor.rules.two_controllers import two_controllers
from hairpin_doctor.rules.wrong_l2_domain import wrong_l2_domain
from scripts import cluster_objects as objects

Recorded = Callable[[str], Any]
METALLB = objects.METALLB
SILENT = "nobody-announces"
OF_EITHER_FAMILY = pytest.mark.parametrize("silent", [SILENT, f"{SILENT}-ipv6"])
"""What the cluster says is of no version of IP: the same verdict of an IPv6 VIP proves its rule for IPv6."""


def word(case: Any, interfaces: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
    """The cluster of this case: its one node is the case's host, its one Service has the first VIP."""
    bridge = case.link("bridge0")
    found = objects.homelab(str(case.vip), "n5", str(bridge.addresses[0].address), interfaces)
    return {**found, **changed}


def judged(case: Any, rule: Rule, answers: Mapping[str, Any]) -> Any:
    return replace(case, host=case.asking_a_cluster(case.host, answers)).verdict(rule)


def with_kind(kind: str, *found: Any) -> dict[str, Any]:
    return {METALLB + kind: list(found)}


def test_a_speaker_that_listens_everywhere_is_told_to_announce_on_a_port(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    assert isinstance(case.verdict(deaf_announcing_interface), Cleared)
    verdict = judged(case, deaf_announcing_interface, word(case, ("eno1",)))
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert any("lan tells n5 to announce dns/dns on eno1 only" in each for each in verdict.because)
    assert isinstance(judged(case, wrong_l2_domain, word(case, ("eno1",))), Cleared)


def test_the_whole_verdict_is_then_the_deaf_interface(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    joined = replace(case, host=case.asking_a_cluster(case.host, word(case, ("eno1",))))
    assert [each.rule.code for each in joined.judgement().diagnoses if each.vip == case.vip][:1] == ["HD104"]


def test_an_interface_that_does_not_exist_hears_nothing(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    verdict = judged(case, deaf_announcing_interface, word(case, ("eth9",)))
    assert isinstance(verdict, Diagnosis)
    assert any("no such interface" in each for each in verdict.because)


def test_a_speaker_is_told_to_announce_in_another_segment(recorded: Recorded) -> None:
    case = recorded("l2-on-enp197s0-real-speaker")
    verdict = judged(case, wrong_l2_domain, word(case, ("enp197s0",)))
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert isinstance(judged(case, deaf_announcing_interface, word(case, ("enp197s0",))), Cleared)


def test_where_no_interface_is_named_what_listens_decides(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    assert judged(case, deaf_announcing_interface, word(case)) == case.verdict(deaf_announcing_interface)


def test_the_word_counts_for_the_node_that_is_elected_and_no_other(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    answers = word(case, ("eno1",))
    found = []
    for name in ("n6", "n7", "n8", "n9"):
        nodes = [*answers[objects.NODES], objects.node(name, "192.0.2.99")]
        pods = [*answers[objects.PODS.format("metallb-system")], objects.pod(f"speaker-{name}", name)]
        more = {**answers, objects.NODES: nodes, objects.PODS.format("metallb-system"): pods}
        found.append(judged(case, deaf_announcing_interface, more))
    likely = [each for each in found if isinstance(each, Diagnosis)]
    assert all(each.confidence is Confidence.LIKELY for each in likely)
    assert len(likely) < len(found)


def test_a_node_without_a_network_is_not_elected(recorded: Recorded) -> None:
    """MetalLB leaves out nodes whose condition NetworkUnavailable holds, so that another one announces."""
    case = recorded("l2-on-eno1-real-speaker")
    answers = word(case, ("eno1",))
    answers[objects.NODES][0]["status"]["conditions"][0]["status"] = "True"
    verdict = judged(case, deaf_announcing_interface, answers)
    assert verdict == case.verdict(deaf_announcing_interface)  # by what listens alone


def test_from_another_machine_that_is_neither_client_nor_host_it_is_the_same(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    laptop = case.asking_a_cluster(
        replace(case.client, vantage_point="admin", asked=()), word(case, ("eno1",))
    )
    assert isinstance(case.verdict(deaf_announcing_interface, case.host, case.client, laptop), Diagnosis)


NOTHING_SELECTS = {
    "no advertisement at all": with_kind("l2advertisements"),
    "one for another pool": with_kind("l2advertisements", objects.resource("x", ipAddressPools=["other"])),
    "one for another label": with_kind(
        "l2advertisements", objects.resource("x", ipAddressPoolSelectors=[{"matchLabels": {"zone": "attic"}}])
    ),
    "no node is selected": with_kind(
        "l2advertisements", objects.resource("x", nodeSelectors=[{"matchLabels": {"zone": "attic"}}])
    ),
    "no pool holds it": with_kind("ipaddresspools", objects.resource("old", addresses=["203.0.113.0/24"])),
}


@OF_EITHER_FAMILY
@pytest.mark.parametrize("changed", NOTHING_SELECTS.values(), ids=NOTHING_SELECTS)
def test_a_pool_that_nothing_selects_is_not_announced(
    recorded: Recorded, silent: str, changed: dict[str, Any]
) -> None:
    case = recorded(silent)
    verdict = judged(case, no_advertisement, {**word(case), **changed})
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


def test_an_advertisement_without_any_selection_means_every_pool(recorded: Recorded) -> None:
    case = recorded(SILENT)
    verdict = judged(
        case, no_advertisement, {**word(case), **with_kind("l2advertisements", objects.resource("all"))}
    )
    assert isinstance(verdict, Cleared)


def test_what_may_not_be_read_is_no_evidence(recorded: Recorded) -> None:
    case = recorded(SILENT)
    verdict = judged(case, no_advertisement, {**word(case), METALLB + "l2advertisements": 403})
    assert isinstance(verdict, Undetermined)
    assert "docs/cluster-access.yaml" in verdict.how_to_get


def test_a_service_of_another_class_is_none_of_metallbs(recorded: Recorded) -> None:
    case = recorded(SILENT)
    other = objects.service("dns", str(case.vip), loadBalancerClass="kube-vip.io/kube-vip-class")
    answers = {**word(case), **with_kind("l2advertisements"), objects.SERVICES: [other]}
    assert isinstance(judged(case, no_advertisement, answers), Cleared)


def test_where_somebody_answers_the_advertisement_is_not_the_cause(recorded: Recorded) -> None:
    case = recorded("vip-on-port-mac")
    assert isinstance(
        judged(case, no_advertisement, {**word(case), **with_kind("l2advertisements")}), Cleared
    )


def labelled(case: Any, *options: str, version: str = "v0.14.9") -> dict[str, Any]:
    node = objects.node("n5", str(case.link("bridge0").addresses[0].address), **{objects.EXCLUDE: ""})
    return {**word(case), objects.NODES: [node], objects.DAEMONSETS: [objects.speaker(1, version, *options)]}


@OF_EITHER_FAMILY
def test_a_node_that_is_excluded_by_its_label_does_not_announce(recorded: Recorded, silent: str) -> None:
    case = recorded(silent)
    verdict = judged(case, excluded_by_label, labelled(case))
    assert isinstance(verdict, Diagnosis)
    (removed, _) = verdict.fixes
    assert removed.steps[0].commands[0].startswith("kubectl")
    assert objects.EXCLUDE in removed.steps[0].commands[0]


def test_the_label_does_not_count_with_the_option_or_for_an_old_version(recorded: Recorded) -> None:
    case = recorded(SILENT)
    assert isinstance(judged(case, excluded_by_label, labelled(case, "--ignore-exclude-lb")), Cleared)
    assert isinstance(judged(case, excluded_by_label, labelled(case, version="v0.13.12")), Cleared)
    assert isinstance(judged(case, excluded_by_label, labelled(case, version="main")), Undetermined)


def test_a_second_node_without_the_label_may_announce(recorded: Recorded) -> None:
    case = recorded(SILENT)
    answers = labelled(case)
    more = {**answers, objects.NODES: [*answers[objects.NODES], objects.node("n6", "192.0.2.6")]}
    assert isinstance(judged(case, excluded_by_label, more), Cleared)


@OF_EITHER_FAMILY
def test_a_speaker_that_crashes_announces_nothing(recorded: Recorded, silent: str) -> None:
    case = recorded(silent)
    pods = {objects.PODS.format("metallb-system"): [objects.pod("speaker-7xk2p", "n5", ready=False)]}
    verdict = judged(
        case, speaker_not_running, {**word(case), objects.DAEMONSETS: [objects.speaker(0)], **pods}
    )
    assert isinstance(verdict, Diagnosis)
    assert any("CrashLoopBackOff" in each for each in verdict.because)
    assert isinstance(judged(case, speaker_not_running, word(case)), Cleared)


def test_a_speaker_on_other_nodes_only_does_not_help(recorded: Recorded) -> None:
    case = recorded(SILENT)
    pods = {objects.PODS.format("metallb-system"): [objects.pod("speaker-7xk2p", "n9")]}
    assert isinstance(judged(case, speaker_not_running, {**word(case), **pods}), Diagnosis)


def test_a_speaker_under_another_image_name_is_looked_for_by_its_labels(recorded: Recorded) -> None:
    case = recorded(SILENT)
    mirrored = objects.speaker()
    mirrored["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.lan/mirror/announcer:1"
    assert isinstance(
        judged(case, speaker_not_running, {**word(case), objects.DAEMONSETS: [mirrored]}), Cleared
    )


def test_without_a_ready_endpoint_nobody_announces(recorded: Recorded) -> None:
    case = recorded(SILENT)
    slices = {objects.SLICES.format("dns"): [objects.endpoint_slice("dns", "n5", ready=False)]}
    verdict = judged(case, no_ready_endpoints, {**word(case), **slices})
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
    assert not isinstance(judged(case, no_ready_endpoints, word(case)), Diagnosis)


def by_bgp(case: Any) -> dict[str, Any]:
    answers = {
        **word(case),
        **with_kind("l2advertisements"),
        **with_kind("bgpadvertisements", objects.resource("wan")),
    }
    states = {"/apis/frrk8s.metallb.io/v1beta1/bgpsessionstates": []}
    return {**answers, **states}


def test_a_pool_that_is_advertised_by_bgp_alone_is_not_answered_for(recorded: Recorded) -> None:
    case = recorded(SILENT)
    assert not isinstance(case.verdict(bgp_vip_in_clients_subnet), Diagnosis)
    verdict = judged(case, bgp_vip_in_clients_subnet, by_bgp(case))
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY
    assert isinstance(judged(case, bgp_vip_in_clients_subnet, word(case)), Cleared)


def test_servicelb_and_metallb_serve_one_service(recorded: Recorded) -> None:
    case = recorded(SILENT)
    label = {"svccontroller.k3s.cattle.io/svcname": "dns", "svccontroller.k3s.cattle.io/svcnamespace": "dns"}
    svclb = objects.daemon_set("svclb-dns-0b2d6f0e", "rancher/klipper-lb:v0.4.9", **label)
    answers = word(case)
    both = {**answers, objects.DAEMONSETS: [*answers[objects.DAEMONSETS], svclb]}
    verdict = judged(case, two_controllers, both)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT
    assert isinstance(judged(case, two_controllers, answers), Cleared)


def test_kube_vip_for_the_control_plane_only_serves_no_service(recorded: Recorded) -> None:
    case = recorded(SILENT)
    answers = word(case)
    for enabled, kind in (("true", Diagnosis), ("false", Cleared)):
        vip = objects.daemon_set("kube-vip", "ghcr.io/kube-vip/kube-vip:v0.8.9", env={"svc_enable": enabled})
        both = {**answers, objects.DAEMONSETS: [*answers[objects.DAEMONSETS], vip]}
        assert isinstance(judged(case, two_controllers, both), kind)


def test_without_a_cluster_its_rules_say_nothing(recorded: Recorded) -> None:
    codes = {each.rule.code for each in recorded(SILENT).judgement().judged}
    assert not codes & {"HD101", "HD102", "HD107", "HD108"}
