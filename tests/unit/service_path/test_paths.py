"""Paths of recorded networks: the right hops in the right order, and no state that the evidence does not bear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hairpin_doctor.diagnose import Outcome
from hairpin_doctor.examine import replay
from hairpin_doctor.network import Network
from hairpin_doctor.report.service_path import Hop, ServicePath
from hairpin_doctor.scan import Scanned
from hairpin_doctor.service_path.paths import service_paths
from hairpin_doctor.vantage_point import VantagePoint
from probes.catalogue import CATALOGUE as PROBES

PathOf = Callable[..., ServicePath]
Judge = Callable[..., Scanned]


def hop(path: ServicePath, kind: str) -> Hop:
    return next(each for each in path.hops if each.kind == kind)


def kinds(path: ServicePath) -> list[str]:
    return [each.kind for each in path.hops if not each.beside]


def broken(path: ServicePath) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.kind, each.codes) for each in path.hops if each.state == "broken"]


def test_a_healthy_path_goes_by_tap_and_bridge_to_the_pod(path_of: PathOf) -> None:
    path = path_of("healthy")
    assert kinds(path) == ["client", "port", "bridge", "announcer", "service", "forwarding", "endpoint"]
    assert {each.state for each in path.hops} == {"fine"}
    assert (hop(path, "port").name, hop(path, "port").machine) == ("vnet1", "n5")
    assert hop(path, "client").addresses == ("192.168.8.10",)
    assert hop(path, "announcer").mac == hop(path, "bridge").mac
    assert hop(path, "endpoint").name == "10.244.0.83:53"
    assert hop(path, "uplink").beside


def test_from_the_client_alone_what_nobody_looked_at_stays_blank(path_of: PathOf) -> None:
    path = path_of("healthy", "client")
    assert path.works is True
    states = {each.kind: each.state for each in path.hops}
    assert states == {
        "client": "fine",
        "link": "not seen",
        "announcer": "fine",
        "service": "not seen",
        "endpoint": "not seen",
    }
    assert hop(path, "announcer").machine is None


def test_from_the_host_alone_no_client_and_no_answering_interface_is_made_up(path_of: PathOf) -> None:
    path = path_of("vip-on-port-mac", "host")
    assert path.client is None
    assert path.works is None
    assert hop(path, "client").state == hop(path, "announcer").state == "not seen"
    assert hop(path, "service").state == "unknown"
    assert "heard by a client alone" in hop(path, "announcer").said


@pytest.mark.parametrize(
    ("case", "kind", "code"),
    [
        ("bgp-same-subnet", "announcer", "HD601"),
        ("vip-on-port-mac", "announcer", "HD301"),
        ("hairpin-off-on-port", "forwarding", "HD304"),
        ("bridged-frames-hit-host-nat", "service", "HD303"),
        ("firewall-drops-bridged", "bridge", "HD305"),
        ("reply-bypasses-nat", "reply", "HD306"),
        ("port-disabled", "link", "HD307"),
        ("backend-refuses", "endpoint", "HD503"),
        ("forwarding-off", "forwarding", "HD404"),
        ("stale-neighbour", "client", "HD205"),
        ("client-drops-queries", "client", "HD405"),
        ("client-drops-answers", "reply", "HD405"),
        ("mtu-black-hole", "port", "HD407"),
        ("mtu-black-hole-elsewhere", "link", "HD407"),
        ("bgp-same-subnet-proxy-arp-stateful", "router", "HD601"),
        ("bgp-not-advertised", "router", "HD603"),
        ("pool-holds-the-gateway", "router", "HD109"),
    ],
)
def test_a_diagnosis_breaks_the_path_at_its_place(path_of: PathOf, case: str, kind: str, code: str) -> None:
    assert (kind, (code,)) in broken(path_of(case))


def test_a_link_of_which_only_the_break_is_known_is_named_by_its_cause(path_of: PathOf) -> None:
    link = hop(path_of("port-disabled"), "link")
    assert (link.name, link.machine) == ("vnet1", "n5")


def test_both_ends_of_a_dead_wire_are_one_break(path_of: PathOf) -> None:
    assert broken(path_of("port-down")) == [("link", ("HD307",))]


def test_a_stuck_flow_shows_on_the_path_of_its_client(path_of: PathOf) -> None:
    assert broken(path_of("stale-udp-conntrack")) == [("service", ("HD506",))]


def test_behind_a_break_nothing_is_reached(path_of: PathOf) -> None:
    path = path_of("vip-on-port-mac")
    after = [each.state for each in path.hops[[e.kind for e in path.hops].index("announcer") + 1 :]]
    assert set(after) == {"not reached"}


def test_the_answering_interface_is_named_with_its_machine(path_of: PathOf) -> None:
    answer = hop(path_of("vip-on-port-mac"), "announcer")
    assert (answer.name, answer.machine) == ("eno1", "n5")


def test_where_a_bridge_takes_frames_for_another_machine_that_one_is_beside_the_path(path_of: PathOf) -> None:
    path = path_of("hairpin-off-on-port")
    assert hop(path, "announcer").beside
    assert hop(path, "service").machine == hop(path, "forwarding").machine == "n5"
    assert "n5 takes the frames" in hop(path, "announcer").said


def test_where_one_port_works_and_another_fails_unexplained_no_hop_is_called_fine_for_it(
    path_of: PathOf,
) -> None:
    path = path_of("unknown-tap-ingress-drop")
    assert path.works is False
    assert [e.kind for e in path.hops if e.state == "fine" and not e.beside] == ["client"]


@pytest.mark.parametrize(
    "case", ["two-nics-announced-on-second", "duplicate-address", "two-nodes-local-other-node"]
)
def test_an_interface_that_merely_hears_the_client_is_beside_the_path(path_of: PathOf, case: str) -> None:
    heard = [each for each in path_of(case).hops if each.kind in ("link", "port", "bridge")]
    assert heard
    assert all(each.beside for each in heard)


@pytest.mark.parametrize("case", ["healthy", "vip-on-port-mac", "flux-and-floods", "hairpin-off-on-port"])
def test_the_port_and_bridge_of_a_vm_are_on_its_path_whichever_interface_of_the_host_answers(
    path_of: PathOf, case: str
) -> None:
    path = path_of(case)
    assert not hop(path, "port").beside
    assert not hop(path, "bridge").beside


def test_an_ipv6_path_has_ipv6_addresses_and_speaks_of_ndp(path_of: PathOf) -> None:
    path = path_of("nobody-announces-ipv6")
    assert hop(path, "bridge").addresses == ("fd00:c0a8:800:1::f6",)
    assert not any("ARP" in each.said for each in path.hops)


@pytest.mark.parametrize("case", ["two-vips-two-faults", "one-vip-unannounced"])
def test_the_path_of_the_main_cause_comes_first(path_of: PathOf, judged: Judge, case: str) -> None:
    assert path_of(case).vip == judged(case).report.of_severity("broken")[0].vip


@pytest.mark.parametrize("outcome", [Outcome.UNEXPLAINED, Outcome.DIAGNOSED, Outcome.UNDETERMINED])
def test_a_vip_that_is_healthy_never_stands_before_one_that_is_not(judged: Judge, outcome: Outcome) -> None:
    """From the host alone neither of two paths is known to fail."""
    found = judged("healthy", "host")
    seen = replay(found.recordings[0], PROBES)
    network = Network([VantagePoint(seen.findings, seen.recording.scope)])
    for vip in network.vips:
        judgement = replace(found.judgement, per_vip={**found.judgement.per_vip, vip: outcome})
        assert service_paths(network, judgement, lambda _: found.judgement)[0].vip == vip


def test_a_tracked_flow_proves_the_path_up_to_the_endpoint(path_of: PathOf) -> None:
    path = path_of("unknown-pod-filters")
    assert hop(path, "service").state == "fine"
    assert hop(path, "endpoint").state == "unknown"


def test_answers_that_leave_and_are_not_heard_break_the_way_back(path_of: PathOf) -> None:
    path = path_of("unknown-host-misled")
    assert broken(path) == [("reply", ())]
    assert "10.244.0.83 answers, as n5 saw" in hop(path, "reply").said


def test_behind_a_router_the_interface_of_the_node_is_not_guessed(path_of: PathOf) -> None:
    path = path_of("homelab-from-behind-router")
    assert hop(path, "router").addresses == ("192.168.20.1",)
    assert hop(path, "announcer").name is None
    assert hop(path, "service").machine == "n5"


def test_for_a_pod_its_own_node_is_the_router_and_no_arp_is_drawn(path_of: PathOf) -> None:
    path = path_of("client-is-a-routed-pod")
    assert "announcer" not in kinds(path)
    assert hop(path, "router").name == hop(path, "link").name


def test_a_host_that_hears_nobody_may_be_the_announcer_itself(path_of: PathOf) -> None:
    answer = hop(path_of("vip-not-programmed", "host"), "announcer")
    assert answer.state == "unknown"
    assert "would not hear an announcer of its own" in answer.said
