"""HD104, HD201, HD601, HD602 and HD603 where MetalLB's speaker on the scanned node says itself what it means to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.bgp_not_advertised import bgp_not_advertised
from hairpin_doctor.rules.bgp_session_down import bgp_session_down
from hairpin_doctor.rules.bgp_vip_in_clients_subnet import bgp_vip_in_clients_subnet
from hairpin_doctor.rules.deaf_announcing_interface import deaf_announcing_interface
from hairpin_doctor.rules.nobody_answers import nobody_answers
from probes.questions.bgp import BgpDaemonState
from probes.questions.sockets import PacketSocket, PacketSockets, TcpConnections
from probes.questions.speaker import Announced, AnsweredRequests, SpeakerMetrics, SpeakerSession, SpeakerWord
from probes.questions.traffic import RoutedEchoes
from scripts import cluster_objects as objects

Recorded = Callable[[str], Any]
ROUTER = "192.168.8.1"


def says(case: Any, *protocols: Any, sessions: tuple[SpeakerSession, ...] = (), stale: bool = False) -> Any:
    """The case, as if the host's speaker announced its VIP by these protocols."""
    word = SpeakerWord(
        tuple(Announced("dns", "dns", case.vip, each) for each in protocols),
        sessions,
        (AnsweredRequests(case.vip, 7),) if "layer2" in protocols else (),
        config_is_stale=stale,
        refused=False,
    )
    others = tuple(each for each in case.host.asked if not isinstance(each.question, SpeakerMetrics))
    return replace(case, host=replace(case.host, asked=(*others, Asked(SpeakerMetrics(), word))))


def two_nodes(case: Any, interface: str) -> dict[str, Any]:
    """A cluster of two nodes, of which one is elected by a hash."""
    bridge = str(case.link("bridge0").addresses[0].address)
    found = objects.homelab(str(case.vip), "n5", bridge, (interface,))
    pods = [objects.pod(f"speaker-{name}", name) for name in ("n5", "n6")]
    return {
        **found,
        objects.NODES: [*found[objects.NODES], objects.node("n6", "192.168.8.99")],
        objects.PODS.format("metallb-system"): pods,
    }


def without_bird(case: Any) -> Any:
    return case.host_says(BgpDaemonState, lambda *_: ())


def test_a_node_that_says_that_it_was_elected_needs_no_reckoning(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    host = case.asking_a_cluster(says(case, "layer2").host, two_nodes(case, "eno1"))
    verdict = case.verdict(deaf_announcing_interface, host, case.client)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


def test_a_node_that_says_that_it_was_not_elected_is_not_the_announcer(recorded: Recorded) -> None:
    case = recorded("l2-on-eno1-real-speaker")
    host = case.asking_a_cluster(says(case).host, two_nodes(case, "eno1"))
    assert isinstance(case.verdict(deaf_announcing_interface, host, case.client), Cleared)


def test_silence_is_told_with_what_the_speaker_says_of_it(recorded: Recorded) -> None:
    case = recorded("nobody-announces")
    for words, *protocols in (
        ("by layer2; it has answered 7 ARP requests", "layer2"),
        ("and not 192.168.8.53",),
    ):
        verdict = says(case, *protocols, stale=True).verdict(nobody_answers)
        assert isinstance(verdict, Diagnosis)
        assert any(words in each for each in verdict.because)
        assert any("refused its newest configuration" in each for each in verdict.because)


def test_a_speaker_that_announces_by_bgp_alone_answers_no_client_of_the_subnet(recorded: Recorded) -> None:
    """A session whose peer is not the gateway, and a gateway that says nothing: only the speaker's own word is left."""
    case = recorded("bgp-same-subnet").client_lists(
        RoutedEchoes, lambda each: replace(each, messages=(), replied=False)
    )
    elsewhere = case.host_lists(
        TcpConnections,
        lambda each: replace(each, remote=replace(each.remote, address=case.vip + 100)),
    )
    assert isinstance(elsewhere.verdict(bgp_vip_in_clients_subnet), Undetermined)
    assert isinstance(says(elsewhere, "bgp").verdict(bgp_vip_in_clients_subnet), Diagnosis)
    assert isinstance(says(elsewhere, "layer2", "bgp").verdict(bgp_vip_in_clients_subnet), Undetermined)


def test_a_session_that_the_speaker_says_is_down(recorded: Recorded) -> None:
    case = without_bird(recorded("bgp-session-down"))
    assert isinstance(case.verdict(bgp_session_down), Undetermined)
    down = says(case, "bgp", sessions=(SpeakerSession(ROUTER, False, 0),))
    verdict = down.verdict(bgp_session_down)
    assert isinstance(verdict, Diagnosis)
    assert any(
        f"MetalLB on n5 (its metrics): session with {ROUTER} is down" in each for each in verdict.because
    )


def test_a_speakers_own_arp_listener_is_no_announcer_where_it_says_bgp(recorded: Recorded) -> None:
    case = without_bird(recorded("bgp-session-down")).host_says(
        PacketSockets, lambda *_: (PacketSocket(0x0806, 2, "speaker"),)
    )
    session = (SpeakerSession(ROUTER, False, 0),)
    assert isinstance(says(case, "bgp", sessions=session).verdict(bgp_session_down), Diagnosis)
    assert isinstance(says(case, "layer2", "bgp", sessions=session).verdict(bgp_session_down), Undetermined)


def test_what_goes_out_in_a_session_is_told_by_what_the_speaker_means_and_by_its_count(
    recorded: Recorded,
) -> None:
    case = without_bird(recorded("bgp-not-advertised"))
    for protocols, prefixes, kind in (
        ((), 4, Diagnosis),
        (("bgp",), 0, Diagnosis),
        (("bgp",), 4, Cleared),
        (("bgp",), None, Cleared),
    ):
        told = says(case, *protocols, sessions=(SpeakerSession(ROUTER, True, prefixes),))
        assert isinstance(told.verdict(bgp_session_down), Cleared)
        assert isinstance(told.verdict(bgp_not_advertised), kind)
