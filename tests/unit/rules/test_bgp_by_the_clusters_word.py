"""HD602 and HD603 where a cluster was asked: its peers, its sessions (frr-k8s) and what its speakers mean to advertise.

The objects have the fields and values that frr-k8s and MetalLB write: BGPSessionState (frr-k8s, api/v1beta1 and
internal/controller/bgp_session_state_controller.go: FRR's word for the state, the peer as a label can hold it), and
ServiceBGPStatus with the names of BGPPeers (MetalLB, api/v1beta1/servicebgpstatus_types.go).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.redacted import redacted
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.bgp_not_advertised import bgp_not_advertised
from hairpin_doctor.rules.bgp_session_down import bgp_session_down
from hairpin_doctor.rules.no_advertisement import no_advertisement
from probes.questions.bgp import BgpDaemonState
from probes.questions.icmp_message import IcmpMessage
from probes.questions.sockets import PacketSocket, PacketSockets, TcpConnections
from probes.questions.traffic import (
    RoutedEchoes,
)
from scripts import cluster_objects as objects

Recorded = Callable[[str], Any]
DOWN, ABSENT = "bgp-session-down", "bgp-not-advertised"
ROUTER = "192.168.8.1"
SESSIONS = "/apis/frrk8s.metallb.io/v1beta1/bgpsessionstates"
STATUSES = objects.METALLB + "servicebgpstatuses"
PEERS = "/apis/metallb.io/v1beta2/bgppeers"


def peer(name: str = "router", address: str = ROUTER, **more: Any) -> Any:
    return objects.resource(name, myASN=64512, peerASN=64513, peerAddress=address, **more)


def session(state: str, node: str = "n5", address: str = ROUTER) -> Any:
    return objects.status(f"{node}-7xk2p", bgpStatus=state, bfdStatus="N/A", node=node, peer=address)


def told(*peers: str, node: str = "n5") -> Any:
    return objects.status(
        "bgp-82jzt", node=node, serviceName="dns", serviceNamespace="dns", peers=list(peers)
    )


def word(case: Any, state: str | None, *advertised: str, **changed: Any) -> dict[str, Any]:
    """One node, one BGPPeer, a BGPAdvertisement for every pool, and the state of the session."""
    found = objects.homelab(str(case.vip), "n5", "192.168.8.10")
    versions = ("metallb.io/v1beta1", "metallb.io/v1beta2", "frrk8s.metallb.io/v1beta1")
    return {
        **found,
        "/apis": objects.groups("apps/v1", "discovery.k8s.io/v1", *versions),
        objects.METALLB + "l2advertisements": [],
        objects.METALLB + "bgpadvertisements": [objects.resource("wan")],
        PEERS: [peer()],
        SESSIONS: [session(state)] if state else [],
        STATUSES: [told(*advertised)] if advertised else [],
        **changed,
    }


def refused_by_its_gateway(case: Any) -> Any:
    """The client's gateway says Host Unreachable, as a router without an answer to its ARP does."""
    no_route = IcmpMessage(3, 1, IPv4Address("192.168.20.1"))
    return case.client_lists(RoutedEchoes, lambda each: replace(each, messages=(no_route,)))


def judged(case: Any, answers: dict[str, Any]) -> tuple[Any, Any]:
    """HD602 and HD603 by the client's scan alone, which could ask the cluster."""
    client = case.asking_a_cluster(case.client, answers)
    return case.verdict(bgp_session_down, client), case.verdict(bgp_not_advertised, client)


def test_without_any_scan_of_a_node_its_session_is_told_by_the_cluster(recorded: Recorded) -> None:
    case = refused_by_its_gateway(recorded(DOWN))
    down, absent = judged(case, word(case, "Active", "router"))
    assert isinstance(down, Diagnosis)
    assert isinstance(absent, Cleared)
    assert down.confidence is Confidence.PROVEN  # the gateway itself says that it has no route
    assert any("FRR on n5" in each and f"{ROUTER} is Active" in each for each in down.because)
    assert any("is AS 64512 there and expects AS 64513" in each for each in down.because)
    assert any(f"session with {ROUTER}" in each.title for each in down.fixes)
    assert not any("birdc" in str(step.commands) for each in down.fixes for step in each.steps)


@pytest.mark.parametrize(
    ("name", "state", "advertised", "code"),
    [(DOWN, "Active", ("router",), "HD602"), (ABSENT, "Established", (), "HD603")],
)
def test_a_redacted_report_is_judged_alike(
    recorded: Recorded, name: str, state: str, advertised: tuple[str, ...], code: str
) -> None:
    """`redacted` raises where the judgement of the redacted recordings is another one."""
    case = recorded(name)
    client = case.asking_a_cluster(case.client, word(case, state, *advertised))
    scanned = redacted([client], Key(b"ticket"))
    assert code in [each.code for each in scanned.report.diagnoses]


def test_a_gateway_that_says_nothing_leaves_it_likely(recorded: Recorded) -> None:
    case = recorded(DOWN)
    down, _ = judged(case, word(case, "Idle", "router"))
    assert isinstance(down, Diagnosis)
    assert down.confidence is Confidence.LIKELY


def test_the_whole_verdict_is_then_the_session(recorded: Recorded) -> None:
    case = recorded(DOWN)
    client = case.asking_a_cluster(case.client, word(case, "Active", "router"))
    judgement = case.judgement(client)
    assert [each.rule.code for each in judgement.diagnoses if each.vip == case.vip][:1] == ["HD602"]


def test_an_established_session_in_which_no_speaker_means_to_advertise_it(recorded: Recorded) -> None:
    case = refused_by_its_gateway(recorded(ABSENT))
    down, absent = judged(case, word(case, "Established"))
    assert isinstance(down, Cleared)
    assert isinstance(absent, Diagnosis)
    assert absent.confidence is Confidence.PROVEN
    assert any(f"{case.vip} is not advertised in it" in each for each in absent.because)


def test_what_the_cluster_advertises_in_an_established_session_is_lost_elsewhere(recorded: Recorded) -> None:
    case = recorded(ABSENT)
    assert all(isinstance(each, Cleared) for each in judged(case, word(case, "Established", "router")))


def test_before_v0_15_nobody_says_what_is_advertised(recorded: Recorded) -> None:
    case = recorded(ABSENT)
    answers = word(case, "Established")
    del answers[STATUSES]
    down, absent = judged(case, answers)
    assert isinstance(down, Cleared)
    assert isinstance(absent, Undetermined)


@pytest.mark.parametrize("unknown", [[], 403], ids=["no frr-k8s", "refused"])
def test_sessions_that_nobody_tells_of_leave_it_open(recorded: Recorded, unknown: Any) -> None:
    case = recorded(DOWN)
    down, absent = judged(case, word(case, None, "router", **{SESSIONS: unknown}))
    assert isinstance(down, Undetermined)
    assert "of n5 with router" in down.missing
    assert isinstance(absent, Cleared)


def test_one_of_two_nodes_with_a_session_is_enough(recorded: Recorded) -> None:
    case = recorded(DOWN)
    nodes = [objects.node("n5", "192.168.8.10"), objects.node("n6", "192.168.8.11")]
    both = word(
        case,
        "Active",
        "router",
        **{objects.NODES: nodes, SESSIONS: [session("Active"), session("Active", "n6")]},
    )
    assert isinstance(judged(case, both)[0], Diagnosis)
    for other, kind in ([session("Established", "n6")], Cleared), ([], Undetermined):
        answers = {**both, SESSIONS: [session("Active"), *other]}
        assert isinstance(judged(case, answers)[0], kind)


NOBODY = {
    "no peer at all": {PEERS: []},
    "a peer that does not exist": {
        objects.METALLB + "bgpadvertisements": [objects.resource("wan", peers=["old-router"])]
    },
    "no node is selected by both": {
        PEERS: [peer(nodeSelectors=[{"matchLabels": {"rack": "attic"}}])],
    },
}


@pytest.mark.parametrize("changed", NOBODY.values(), ids=NOBODY)
def test_without_a_peer_that_an_announcing_node_has_no_session_can_stand(
    recorded: Recorded, changed: dict[str, Any]
) -> None:
    case = recorded(DOWN)
    down, absent = judged(case, word(case, None, **changed))
    assert isinstance(down, Diagnosis)
    assert isinstance(absent, Cleared)
    assert "BGP peer" in down.fixes[0].title


def test_a_peer_that_is_up_and_that_no_advertisement_names_hears_nothing(recorded: Recorded) -> None:
    case = recorded(ABSENT)
    named = {objects.METALLB + "bgpadvertisements": [objects.resource("wan", peers=["old-router"])]}
    down, absent = judged(case, word(case, "Established", **named))
    assert isinstance(down, Cleared)
    assert isinstance(absent, Diagnosis)
    assert any("names the peer old-router" in each for each in absent.because)


def test_no_advertisement_for_the_pool_goes_before_what_is_advertised(recorded: Recorded) -> None:
    case = recorded(ABSENT)
    nothing = word(case, "Established", **{objects.METALLB + "bgpadvertisements": []})
    host = case.asking_a_cluster(case.host, nothing)
    found = {
        each.rule.code: each for each in case.judgement(host, case.client).judged if each.vip == case.vip
    }
    assert isinstance(found["HD101"].verdict, Diagnosis)
    assert found["HD603"].explained_by == "HD101"
    assert isinstance(case.verdict(no_advertisement, host, case.client), Diagnosis)


def test_metallbs_own_arp_listener_does_not_hide_a_session_that_is_down(recorded: Recorded) -> None:
    """A speaker listens for ARP in BGP mode as well; that only BGP is meant stands in the cluster."""
    case = (
        recorded(DOWN)
        .host_says(BgpDaemonState, lambda *_: ())
        .host_says(PacketSockets, lambda *_: (PacketSocket(0x0806, 2, "speaker"),))
    )
    assert isinstance(case.verdict(bgp_session_down), Undetermined)
    host = case.asking_a_cluster(case.host, word(case, "Active", "router"))
    assert isinstance(case.verdict(bgp_session_down, host, case.client), Diagnosis)


def test_a_daemon_that_speaks_for_the_pod_network_is_none_of_metallbs(recorded: Recorded) -> None:
    """BIRD on the node has an established session with the router, MetalLB's peer is another machine."""
    case = recorded(ABSENT)
    other = {PEERS: [peer(address="192.168.8.2")], SESSIONS: [session("Active", address="192.168.8.2")]}
    host = case.asking_a_cluster(case.host, word(case, None, "router", **other))
    assert isinstance(case.verdict(bgp_session_down, host, case.client), Diagnosis)
    sending = case.host_lists(BgpDaemonState, lambda each: replace(each, advertised=(case.vip,)))
    host = case.asking_a_cluster(sending.host, word(case, None, "router", **other))
    assert isinstance(case.verdict(bgp_session_down, host, case.client), Cleared)


def test_a_session_of_the_pod_network_is_none_of_metallbs(recorded: Recorded) -> None:
    """The host has an established session with its router; the cluster's peer is another machine, and it is down."""
    case = recorded(ABSENT).host_says(BgpDaemonState, lambda *_: ())
    assert any(isinstance(each.question, TcpConnections) and each.answer for each in case.host.asked)
    other = {PEERS: [peer(address="192.168.8.2")], SESSIONS: [session("Active", address="192.168.8.2")]}
    host = case.asking_a_cluster(case.host, word(case, None, "router", **other))
    assert isinstance(case.verdict(bgp_session_down, host, case.client), Diagnosis)
