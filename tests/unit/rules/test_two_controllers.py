"""HD107: who beside MetalLB serves this very Service, by what selects it or is written on it.

Objects follow their sources: CiliumL2AnnouncementPolicy and its lease (Cilium pkg/k8s/apis/cilium.io/v2alpha1 and
pkg/l2announcer), the Service's condition of LB-IPAM (operator/pkg/lbipam), kube-vip's annotation (pkg/manager), OpenELB's
(pkg/constant), Calico's BGPConfiguration (crd.projectcalico.org/v1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.redacted import redacted
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis
from hairpin_doctor.rules.no_advertisement import no_advertisement
from hairpin_doctor.rules.nobody_answers import nobody_answers
from hairpin_doctor.rules.two_controllers import two_controllers
from scripts import cluster_objects as objects

Recorded = Callable[[str], Any]
OF_EITHER_FAMILY = pytest.mark.parametrize("silent", ["nobody-announces", "nobody-announces-ipv6"])
POLICIES = "/apis/cilium.io/v2alpha1/ciliuml2announcementpolicies"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cilium-l2announce-dns-dns"
BGP = "/apis/crd.projectcalico.org/v1/bgpconfigurations"
ADVERTISEMENTS = objects.METALLB + "l2advertisements"
CILIUM = objects.daemon_set("cilium", "quay.io/cilium/cilium:v1.17.4")
KUBE_VIP = "ghcr.io/kube-vip/kube-vip:v0.8.9"


def word(case: Any, *workloads: Any, **changed: Any) -> dict[str, Any]:
    found = objects.homelab(str(case.vip), "n5", str(case.link("bridge0").addresses[0].address))
    versions = ("metallb.io/v1beta1", "cilium.io/v2alpha1", "crd.projectcalico.org/v1")
    return {
        **found,
        "/apis": objects.groups("apps/v1", "discovery.k8s.io/v1", *versions),
        objects.DAEMONSETS: [*found[objects.DAEMONSETS], *workloads],
        **changed,
    }


def policy(name: str = "lan", **spec: Any) -> Any:
    return {"metadata": objects.meta(name), "spec": {"loadBalancerIPs": True, **spec}}


def calico(prefix: str) -> Any:
    return {"metadata": objects.meta("default"), "spec": {"serviceLoadBalancerIPs": [{"cidr": prefix}]}}


def near(case: Any) -> str:
    """A prefix that holds the VIP."""
    return "fd00:c0a8:800::/48" if case.vip.version == 6 else "192.168.8.0/24"


def lease(node: str) -> Any:
    return {"kind": "Lease", "metadata": objects.meta("x", "kube-system"), "spec": {"holderIdentity": node}}


def marked(case: Any, annotations: Any = None, conditions: Any = (), **spec: Any) -> dict[str, Any]:
    service = objects.service("dns", str(case.vip), **spec)
    service["metadata"]["annotations"] |= annotations or {}
    service["status"]["conditions"] = list(conditions)
    return {objects.SERVICES: [service]}


def judged(case: Any, answers: dict[str, Any], rule: Any = two_controllers) -> Any:
    return replace(case, host=case.asking_a_cluster(case.host, answers)).verdict(rule)


def test_a_policy_of_ciliums_that_selects_the_service_and_a_node_that_holds_its_lease(
    recorded: Recorded,
) -> None:
    case = recorded("nobody-announces")
    selecting = {POLICIES: [policy(serviceSelector={"matchLabels": {"app": "dns"}})]}
    verdict = judged(case, word(case, CILIUM, **selecting))
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.LIKELY  # whether the agents heed policies is not known
    verdict = judged(case, word(case, CILIUM, **selecting, **{LEASE: lease("n6")}))
    assert verdict.confidence is Confidence.PROVEN
    assert any("lan selects dns/dns, and n6 holds its lease" in each for each in verdict.because)


def cilium(version: str) -> Any:
    return objects.daemon_set("cilium", f"quay.io/cilium/cilium:{version}@sha256:0badcafe")


@pytest.mark.parametrize(
    ("version", "said"), [("v1.18.6", None), ("v1.19.0", Confidence.PROVEN), ("", Confidence.LIKELY)]
)
def test_cilium_announces_ipv6_since_1_19_and_an_older_one_is_no_rival_there(
    recorded: Recorded, version: str, said: Confidence | None
) -> None:
    case = recorded("nobody-announces-ipv6")
    answers = word(case, cilium(version), **{POLICIES: [policy()], LEASE: lease("n6")})
    verdict = judged(case, answers)
    assert (verdict.confidence if isinstance(verdict, Diagnosis) else None) is said
    silence = judged(case, answers, nobody_answers)
    assert any("answers ARP alone" in each for each in silence.because) is (said is None)
    redacted([case.asking_a_cluster(case.host, answers), case.client], Key(b"ticket"))  # the same verdict
    of_ipv4 = recorded("nobody-announces")
    answers = word(of_ipv4, cilium(version), **{POLICIES: [policy()], LEASE: lease("n6")})
    assert judged(of_ipv4, answers).confidence is Confidence.PROVEN


def test_of_a_service_with_both_versions_only_who_serves_that_address_is_a_rival(recorded: Recorded) -> None:
    """Calico's prefixes are of one version of IP each, as the addresses of a dual stack Service are."""
    case = recorded("nobody-announces-ipv6")
    service = objects.service(
        "dns", str(case.vip), ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="RequireDualStack"
    )
    service["status"]["loadBalancer"]["ingress"].insert(0, {"ip": "192.168.8.53"})
    by_bgp = {objects.METALLB + "bgpadvertisements": [objects.resource("wan")], objects.SERVICES: [service]}
    other = judged(case, word(case, **{BGP: [calico("192.168.8.0/24")]}, **by_bgp))
    both = judged(case, word(case, **{BGP: [calico(near(case))]}, **by_bgp))
    assert isinstance(other, Cleared)
    assert isinstance(both, Diagnosis)
    assert "192.168.8.53, fd00:c0a8:800:1::35" in both.because[-1]


OTHERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "a policy for other Services": lambda case: word(
        case, CILIUM, **{POLICIES: [policy(serviceSelector={"matchLabels": {"app": "web"}})]}
    ),
    "a policy for another namespace": lambda case: word(
        case,
        CILIUM,
        **{POLICIES: [policy(serviceSelector={"matchLabels": {"io.kubernetes.service.namespace": "web"}})]},
    ),
    "a policy for nodes that are not there": lambda case: word(
        case, CILIUM, **{POLICIES: [policy(nodeSelector={"matchLabels": {"rack": "attic"}})]}
    ),
    "a policy for external addresses only": lambda case: word(
        case, CILIUM, **{POLICIES: [policy(loadBalancerIPs=False, externalIPs=True)]}
    ),
    "Cilium as the pod network": lambda case: word(case, CILIUM),
    "LB-IPAM that found no pool": lambda case: word(
        case,
        CILIUM,
        **marked(case, conditions=[{"type": "cilium.io/IPAMRequestSatisfied", "status": "False"}]),
    ),
    "kube-vip with a class of its own": lambda case: word(
        case, objects.daemon_set("kube-vip", KUBE_VIP, env={"svc_enable": "true", "lb_class_only": "true"})
    ),
    "kube-vip that is to ignore it": lambda case: word(
        case,
        objects.daemon_set("kube-vip", KUBE_VIP, env={"svc_enable": "true"}),
        **marked(case, {"kube-vip.io/ignore": "true"}),
    ),
    "OpenELB for other Services": lambda case: word(
        case, objects.daemon_set("openelb-speaker", "docker.io/kubesphere/openelb-speaker:v0.6.0")
    ),
    "Calico that advertises other prefixes": lambda case: word(
        case,
        **{
            BGP: [
                {
                    "metadata": objects.meta("default"),
                    "spec": {"serviceLoadBalancerIPs": [{"cidr": "203.0.113.0/24"}]},
                }
            ]
        },
    ),
    "Calico by BGP beside MetalLB by ARP": lambda case: word(
        case,
        **{
            BGP: [
                {
                    "metadata": objects.meta("default"),
                    "spec": {"serviceLoadBalancerIPs": [{"cidr": near(case)}]},
                }
            ]
        },
    ),
}


@OF_EITHER_FAMILY
@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
def test_a_controller_that_is_there_and_leaves_the_service_alone_is_none(
    recorded: Recorded, others: Callable[[Any], dict[str, Any]], silent: str
) -> None:
    case = recorded(silent)
    assert isinstance(judged(case, others(case)), Cleared)


SERVING: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "LB-IPAM gave it an address": (
        "Cilium",
        lambda case: word(
            case,
            CILIUM,
            **marked(case, conditions=[{"type": "cilium.io/IPAMRequestSatisfied", "status": "True"}]),
        ),
    ),
    "a static pod of kube-vip": (
        "kube-vip",
        lambda case: word(case, **marked(case, {"kube-vip.io/vipHost": "n6"})),
    ),
    "kube-vip that takes all": (
        "kube-vip",
        lambda case: word(case, objects.daemon_set("kube-vip", KUBE_VIP, env={"svc_enable": "true"})),
    ),
    "OpenELB's annotation": (
        "OpenELB",
        lambda case: word(case, **marked(case, {"lb.kubesphere.io/v1alpha1": "openelb"})),
    ),
    "Calico and MetalLB by BGP": (
        "Calico",
        lambda case: word(
            case,
            **{
                BGP: [
                    {
                        "metadata": objects.meta("default"),
                        "spec": {"serviceLoadBalancerIPs": [{"cidr": near(case)}]},
                    }
                ],
                objects.METALLB + "bgpadvertisements": [objects.resource("wan")],
            },
        ),
    ),
}


@OF_EITHER_FAMILY
@pytest.mark.parametrize(("called", "answers"), SERVING.values(), ids=SERVING)
def test_one_that_serves_the_service_is_named(
    recorded: Recorded, called: str, answers: Callable[[Any], dict[str, Any]], silent: str
) -> None:
    case = recorded(silent)
    verdict = judged(case, answers(case))
    assert isinstance(verdict, Diagnosis)
    assert verdict.summary.startswith(f"{called} and MetalLB both serve dns/dns")


@OF_EITHER_FAMILY
@pytest.mark.parametrize("answers", [each for _, each in SERVING.values()], ids=SERVING)
def test_a_redacted_report_names_them_as_well(
    recorded: Recorded, answers: Callable[[Any], dict[str, Any]], silent: str
) -> None:
    """`redacted` raises where the judgement of the redacted recordings is another one."""
    case = recorded(silent)
    scanned = redacted([case.asking_a_cluster(case.host, answers(case)), case.client], Key(b"ticket"))
    assert any(each.code == "HD107" for each in scanned.report.diagnoses)


def test_two_others_without_metallb_are_two_as_well(recorded: Recorded) -> None:
    case = recorded("nobody-announces")
    kube_vip = objects.daemon_set("kube-vip", KUBE_VIP, env={"svc_enable": "true"})
    answers = word(case, CILIUM, kube_vip, **{POLICIES: [policy()]})
    answers[objects.METALLB + "ipaddresspools"] = []
    answers[objects.SERVICES][0]["metadata"]["annotations"] = {}
    verdict = judged(case, answers)
    assert isinstance(verdict, Diagnosis)
    assert verdict.summary.startswith("Cilium and kube-vip")


def test_where_metallb_only_gives_what_cilium_announces_there_is_one_of_each(recorded: Recorded) -> None:
    case = recorded("nobody-announces")
    answers = word(case, CILIUM, **{POLICIES: [policy()], LEASE: lease("n6"), ADVERTISEMENTS: []})
    assert isinstance(judged(case, answers), Cleared)
    cleared = judged(case, answers, no_advertisement)
    assert isinstance(cleared, Cleared)
    assert "Cilium is to announce it" in cleared.reason
    silence = judged(case, answers, nobody_answers)
    assert any("n6 holds its lease" in each for each in silence.because)


def bgp_advertisement(**advertised: Any) -> Any:
    one = {"advertisementType": "Service", "service": {"addresses": ["LoadBalancerIP"]}, **advertised}
    return {
        "metadata": objects.meta("vips"),
        "spec": {"advertisements": [{"advertisementType": "PodCIDR"}, one]},
    }


def peering_policy(**router: Any) -> Any:
    return {"metadata": objects.meta("old"), "spec": {"virtualRouters": [{"localASN": 64512, **router}]}}


EVERY = {"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["never"]}]}
OTHER_APP = {"matchLabels": {"app": "web"}}
V2, ALPHA = ("/apis/cilium.io/v2/ciliumbgpadvertisements", "/apis/cilium.io/v2alpha1/ciliumbgpadvertisements")
PEERING = "/apis/cilium.io/v2alpha1/ciliumbgppeeringpolicies"


@pytest.mark.parametrize(
    ("path", "written", "named"),
    [
        (V2, bgp_advertisement(selector=EVERY), "CiliumBGPAdvertisement vips"),
        (ALPHA, bgp_advertisement(selector={"matchLabels": {"app": "dns"}}), "CiliumBGPAdvertisement vips"),
        (PEERING, peering_policy(serviceSelector=EVERY), "CiliumBGPPeeringPolicy old"),
        (V2, bgp_advertisement(), None),
        (V2, bgp_advertisement(selector=EVERY, service={"addresses": ["ClusterIP"]}), None),
        (V2, bgp_advertisement(selector=OTHER_APP), None),
        (PEERING, peering_policy(), None),
        (PEERING, peering_policy(serviceSelector=EVERY, serviceAdvertisements=["ClusterIP"]), None),
    ],
)
def test_ciliums_bgp_announces_what_metallb_only_gives(
    recorded: Recorded, path: str, written: Any, named: str | None
) -> None:
    """Shapes of the CRDs of Cilium 1.17 and 1.18 (BGPAdvertisement, CiliumBGPVirtualRouter)."""
    case = recorded("nobody-announces")
    answers = word(case, CILIUM, **{ADVERTISEMENTS: [], path: [written]})
    assert isinstance(judged(case, answers), Cleared)  # one gives, the other one announces
    said = " ".join(judged(case, answers, nobody_answers).because) if named else ""
    assert (f"{named} of Cilium selects dns/dns for BGP" in said) is (named is not None)
    beside = word(case, CILIUM, **{path: [written]})
    assert isinstance(judged(case, beside), Cleared)  # routes beside MetalLB's ARP are a sound setup


def test_what_may_not_be_read_names_nobody(recorded: Recorded) -> None:
    case = recorded("nobody-announces")
    assert isinstance(judged(case, word(case, CILIUM, **{POLICIES: 403, BGP: 403})), Cleared)


def test_silence_is_told_with_who_should_announce(recorded: Recorded) -> None:
    """What may not be read says nothing, and takes nothing from what the host itself shows."""
    case = recorded("nobody-announces")
    found = word(case)
    unmarked = objects.service("dns", str(case.vip))
    unmarked["metadata"]["annotations"] = {}
    elsewhere = {**found, objects.SERVICES: [unmarked], objects.METALLB + "ipaddresspools": []}
    refused = {**elsewhere, objects.METALLB + "ipaddresspools": 403}
    for answers, words in (
        (found, "MetalLB serves dns/dns"),
        (elsewhere, "No load balancer controller that is known here is to announce dns/dns"),
        (refused, None),
    ):
        verdict = judged(case, answers, nobody_answers)
        assert isinstance(verdict, Diagnosis)
        said = [each for each in verdict.because if "the cluster, asked on n5" in each]
        assert [words in each for each in said] == ([True] if words else [])
