"""A real HTTPS API server, asked as a pod does and by the real kubectl: the same answers, and the same patience."""

from __future__ import annotations

import json
import time
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from probes import questions as q
from probes.cluster.api import PAGE
from probes.cluster_services import cluster_services
from probes.host import Absent, Denied, Question, Silent, Unanswered
from probes.probe import Scope
from probes.questions.labels import Requirement, Selector
from probes.questions.metallb import L2Status
from probes.target import Protocol, ServicePort, Target
from scripts import cluster_objects as objects
from scripts.cluster_api import Misbehaviour

VIP = "192.168.8.241"
METALLB = objects.METALLB


def test_services_of_type_load_balancer_are_listed_and_others_are_not(serve: Any, asked_by: Any) -> None:
    internal = {"metadata": objects.meta("kubernetes", "default"), "spec": {"type": "ClusterIP"}}
    ranges = ["192.168.8.0/24", "no network"]
    wanted = objects.service("dns", VIP, externalTrafficPolicy="Local", loadBalancerSourceRanges=ranges)
    host = asked_by(serve({objects.SERVICES: [internal, wanted]}))
    (found,) = host.ask(q.LoadBalancerServices())
    assert str(found) == "dns/dns"
    assert found.addresses == (ip_address(VIP),)
    assert found.ports == (ServicePort(53, Protocol.UDP), ServicePort(53, Protocol.TCP))
    assert (found.traffic_policy, found.pool, found.load_balancer_class) == ("Local", "homelab", None)
    assert found.source_ranges == (ip_network("192.168.8.0/24"),)


def test_a_list_of_many_pages_is_read_to_its_end(serve: Any, asked_by: Any) -> None:
    many = [objects.service(f"s{number}", VIP) for number in range(PAGE + 3)]
    server = serve({objects.SERVICES: many})
    assert len(asked_by(server).ask(q.LoadBalancerServices())) == PAGE + 3
    assert len([path for path in server.asked if path.startswith(objects.SERVICES)]) == 2


def test_metallb_is_read_without_any_secret(serve: Any, asked_by: Any) -> None:
    peer = objects.resource(
        "router", myASN=64512, peerASN=64513, peerAddress="192.168.8.1", password="hunter2"
    )
    asked = asked_by(
        serve(
            {
                "/apis/metallb.io/v1beta2/bgppeers": [peer],
                METALLB + "ipaddresspools": [
                    objects.resource("p", addresses=["10.0.0.0/30", "10.1.0.1-10.1.0.9"])
                ],
                METALLB + "servicel2statuses": [
                    objects.status(
                        "l2-abc",
                        node="n5",
                        serviceName="dns",
                        serviceNamespace="dns",
                        interfaces=[{"name": "bridge0"}],
                    )
                ],
            }
        )
    )
    (pool,) = asked.ask(q.AddressPools())
    assert [ip_address(each) in pool for each in ("10.0.0.3", "10.0.0.4", "10.1.0.9", "10.1.0.10")] == [
        True,
        False,
    ] * 2
    assert asked.ask(q.ServiceL2Statuses()) == (L2Status("dns", "dns", "n5", ("bridge0",)),)
    (found,) = asked.ask(q.BgpPeers())
    assert found.address == ip_address("192.168.8.1")
    assert "hunter2" not in repr(found)


def test_peers_of_an_old_metallb_are_read_as_v1beta1(serve: Any, asked_by: Any) -> None:
    peer = objects.resource("router", myASN=64512, peerASN=64513, peerAddress="192.168.8.1")
    (found,) = asked_by(serve({METALLB + "bgppeers": [peer]})).ask(q.BgpPeers())
    assert (found.my_asn, found.peer_asn) == (64512, 64513)


def test_endpoints_before_kubernetes_1_21_are_read_as_v1beta1_and_their_node_by_its_topology(
    serve: Any, asked_by: Any
) -> None:
    found = objects.endpoint_slice("dns", None)
    found["endpoints"][0]["topology"] = {"kubernetes.io/hostname": "n5"}
    path = objects.SLICES.format("dns").replace("/v1/", "/v1beta1/")
    (endpoint,) = asked_by(serve({path: [found]})).ask(q.ServiceEndpoints("dns", "dns"))
    assert (endpoint.node, endpoint.serving) == ("n5", True)


def test_a_cluster_without_endpoint_slices_does_not_say_that_there_is_no_endpoint(
    serve: Any, asked_by: Any
) -> None:
    host = asked_by(serve({"/apis": {"groups": []}, objects.SERVICES: [objects.service("dns", VIP)]}))
    scope = Scope(targets=(Target(ip_address(VIP)),))
    (found,) = cluster_services.look(host, scope).of(ip_address(VIP))
    assert found.endpoints is None


def test_sessions_of_frr_name_their_peer_as_an_address_whatever_its_family(serve: Any, asked_by: Any) -> None:
    """frr-k8s writes fc00:f853:ccd:e793::3 as a label can hold it (labelFormatForNeighbor), and "" for the default VRF."""
    peers = ("172.18.0.5", "fc00-f853-0ccd-e793-0000-0000-0000-0003", "eth0")
    states = [objects.status("n5-x", node="n5", peer=each, bgpStatus="Active", vrf="red") for each in peers]
    path = "/apis/frrk8s.metallb.io/v1beta1/bgpsessionstates"
    found = asked_by(serve({path: states})).ask(q.BgpSessionStates())
    assert [each.peer for each in found] == ["172.18.0.5", "fc00:f853:ccd:e793::3", "eth0"]
    assert {each.vrf for each in found} == {"red"}
    unnumbered = objects.resource("leaf", myASN=64512, dynamicASN="external", interface="eth0", vrf="red")
    (peer,) = asked_by(serve({"/apis/metallb.io/v1beta2/bgppeers": [unnumbered]})).ask(q.BgpPeers())
    assert (peer.address, peer.interface, peer.vrf, peer.peer_asn) == (None, "eth0", "red", 0)


def test_a_selector_is_read_as_kubernetes_means_it(serve: Any, asked_by: Any) -> None:
    selector = {"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["attic"]}]}
    wanted = objects.resource("lan", nodeSelectors=[selector], interfaces=["bridge0", "$(reboot)"])
    (found,) = asked_by(serve({METALLB + "l2advertisements": [wanted]})).ask(q.L2Advertisements())
    assert found.node_selectors == (Selector({}, (Requirement("zone", "NotIn", ("attic",)),)),)
    assert found.selects_node({})
    assert not found.selects_node({"zone": "attic"})
    assert found.interfaces == ("bridge0",)


def test_only_settings_that_say_what_a_controller_serves_are_kept(serve: Any, asked_by: Any) -> None:
    env = {"svc_enable": "true", "bgp_password": "hunter2"}
    sets = [
        objects.daemon_set("kv", "ghcr.io/kube-vip/kube-vip:v0.8.9", env=env),
        objects.daemon_set("x", "nginx:1"),
    ]
    (found,) = asked_by(serve({objects.DAEMONSETS: sets})).ask(q.LoadBalancerWorkloads())
    assert (found.controller, found.settings) == ("kube-vip", {"svc_enable": "true"})
    assert "hunter2" not in repr(found)


def test_cilium_and_calico_say_whom_they_announce(serve: Any, asked_by: Any) -> None:
    selecting = {"serviceSelector": {"matchLabels": {"io.kubernetes.service.namespace": "dns"}}}
    policies = [
        {"metadata": objects.meta(name), "spec": {"loadBalancerIPs": wanted, **selecting}}
        for name, wanted in (("lan", True), ("external", False))
    ]
    lease = {"kind": "Lease", "spec": {"holderIdentity": "n6"}}
    bgp = {"metadata": objects.meta("default"), "spec": {"serviceLoadBalancerIPs": [{"cidr": "10.0.0.0/24"}]}}
    answers = {
        "/apis/cilium.io/v2alpha1/ciliuml2announcementpolicies": policies,
        "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cilium-l2announce-dns-dns": lease,
        "/apis/crd.projectcalico.org/v1/bgpconfigurations": [{"metadata": objects.meta("n5")}, bgp],
    }
    host = asked_by(serve(answers))
    (policy,) = host.ask(q.CiliumL2Policies())
    assert (policy.name, policy.nodes) == ("lan", None)
    assert policy.selects({"io.kubernetes.service.namespace": "dns"})
    assert not policy.selects({"app": "dns"})
    assert host.ask(q.CiliumL2Lease("kube-system", "dns", "dns")) == "n6"
    assert host.ask(q.CalicoServicePrefixes()) == (ip_network("10.0.0.0/24"),)
    with pytest.raises(Absent):
        host.ask(q.CiliumL2Lease("kube-system", "dns", "web"))


def test_what_controllers_write_on_a_service_is_kept_and_nothing_else(serve: Any, asked_by: Any) -> None:
    service = objects.service("dns", VIP)
    service["metadata"]["annotations"] |= {"kube-vip.io/vipHost": "n6", "a-secret": "hunter2"}
    service["status"]["conditions"] = [
        {"type": "cilium.io/IPAMRequestSatisfied", "status": "True"},
        {"type": "x", "status": "True"},
    ]
    (found,) = asked_by(serve({objects.SERVICES: [service]})).ask(q.LoadBalancerServices())
    assert found.marks == {"kube-vip.io/vipHost": "n6", "cilium.io/IPAMRequestSatisfied": "True"}


def test_kube_proxys_configuration_is_read_from_its_config_map(serve: Any, asked_by: Any) -> None:
    path = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"
    found = asked_by(serve({path: objects.kube_proxy("ipvs", strict=True)})).ask(q.KubeProxyConfiguration())
    assert (found.mode, found.strict_arp) == ("ipvs", True)


def test_what_rbac_refuses_is_denied_and_says_what_to_grant(serve: Any, asked_by: Any) -> None:
    with pytest.raises(Denied) as refused:
        asked_by(serve({objects.NODES: 403})).ask(q.ClusterNodes())
    assert refused.value.right == "RBAC list on nodes"


def test_a_login_that_is_not_accepted_is_denied(serve: Any, asked_by: Any) -> None:
    with pytest.raises(Denied, match="login"):
        asked_by(serve({objects.NODES: []}), token="another").ask(q.ClusterNodes())


def test_a_kind_that_the_api_does_not_serve_is_absent(serve: Any, asked_by: Any) -> None:
    with pytest.raises(Absent, match=r"l2advertisements\.metallb\.io"):
        asked_by(serve({})).ask(q.L2Advertisements())


def test_a_redirect_is_not_followed(serve: Any, asked_by: Any) -> None:
    with pytest.raises(Unanswered):
        asked_by(serve({objects.NODES: 302})).ask(q.ClusterNodes())


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_an_api_that_does_not_answer_costs_its_time_once(serve: Any, asked_by: Any, how: Any) -> None:
    host = asked_by(serve({"/apis": Misbehaviour(how), objects.NODES: Misbehaviour(how)}), patience=1)
    start = time.monotonic()
    for question in (q.ApiGroups(), q.ClusterNodes(), q.AddressPools()):
        with pytest.raises(Silent):
            host.ask(question)
    assert time.monotonic() - start < 3


HOSTILE = {
    "nested": "[" * 200_000,
    "nested objects": '{"items":' * 100_000,
    "no object": '"nodes"',
    "no json": "<html>",
    "cut off": '{"items": [{"metadata": {"name": "n5"',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_an_answer_that_makes_no_sense_is_no_answer(serve: Any, asked_by: Any, body: str) -> None:
    with pytest.raises(Silent):
        asked_by(serve({objects.NODES: Misbehaviour("raw", body)})).ask(q.ClusterNodes())


def test_an_answer_without_an_end_is_given_up(serve: Any, asked_by: Any) -> None:
    with pytest.raises(Silent):
        asked_by(serve({objects.NODES: Misbehaviour("huge")})).ask(q.ClusterNodes())


def test_values_of_wrong_types_and_names_that_are_none_are_left_out(serve: Any, asked_by: Any) -> None:
    wrong: list[Any] = [
        None,
        [],
        {},
        {"metadata": 3},
        {"metadata": {"name": ["n5"]}},
        {"metadata": {"name": "\x1b[31mred"}},
        {
            "metadata": {"name": "n5", "labels": {"a": 1, "b\x1b": "c", "zone": "attic"}},
            "status": {"addresses": "all"},
        },
    ]
    (found,) = asked_by(serve({objects.NODES: wrong})).ask(q.ClusterNodes())
    assert (found.name, found.labels, found.addresses, found.ready) == ("n5", {"zone": "attic"}, (), None)


ANSWERS = [
    (q.LoadBalancerServices(), objects.SERVICES),
    (q.ServiceEndpoints("dns", "dns"), objects.SLICES.format("dns")),
    (q.LoadBalancerWorkloads(), objects.DAEMONSETS),
    (q.PodsOf("metallb-system", "app=metallb"), objects.PODS.format("metallb-system")),
    (q.AddressPools(), METALLB + "ipaddresspools"),
    (q.BgpAdvertisements(), METALLB + "bgpadvertisements"),
    (q.ServiceBgpStatuses(), METALLB + "servicebgpstatuses"),
    (q.CiliumL2Policies(), "/apis/cilium.io/v2alpha1/ciliuml2announcementpolicies"),
    (q.CalicoServicePrefixes(), "/apis/crd.projectcalico.org/v1/bgpconfigurations"),
    (q.BgpSessionStates(), "/apis/frrk8s.metallb.io/v1beta1/bgpsessionstates"),
]


@pytest.mark.parametrize(("question", "path"), ANSWERS, ids=lambda each: type(each).__name__)
def test_no_kind_fails_by_objects_of_a_wrong_shape(
    serve: Any, asked_by: Any, question: Question[Any], path: str
) -> None:
    shape = {
        "metadata": {"name": "x", "namespace": "y", "annotations": 7},
        "spec": [1],
        "status": {"node": {}},
    }
    found = asked_by(serve({path: [json.loads("1e999"), shape, {"spec": {"type": "LoadBalancer"}}]})).ask(
        question
    )
    assert isinstance(found, tuple)
