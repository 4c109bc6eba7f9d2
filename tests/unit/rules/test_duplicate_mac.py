"""HD310: two stations with one MAC; the doubled MAC, the FDB entry or the kernel's own word decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.duplicate_mac import duplicate_mac
from probes.questions.links import FdbEntry, ForwardingDatabase, Links
from probes.questions.machine import KernelLog
from probes.questions.neighbours import ArpReply, ArpSweep, Neighbour, Neighbours

Recorded = Callable[[str], Any]
ANOTHER_MAC = "52:54:00:99:99:99"


def test_a_client_with_the_bridges_mac_is_proven_and_breaks_its_traffic(recorded: Recorded) -> None:
    verdict = recorded("duplicate-mac").verdict(duplicate_mac)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.BROKEN, Confidence.PROVEN)


def mended(case: Any, *, seconds_ago: float, learned: tuple[str, ...] = (ANOTHER_MAC,)) -> Any:
    """The client has a MAC of its own, behind its port these were learned, and the log's line is that old."""
    bridge, port = case.link("bridge0"), case.link("vnet1")
    entries = tuple(FdbEntry(mac, port.index, bridge.index, None, own=False, static=False) for mac in learned)
    case = case.client_lists(
        Links, lambda link: replace(link, mac=ANOTHER_MAC) if link.mac == bridge.mac else link
    ).host_lists(KernelLog, lambda line: replace(line, seconds_ago=seconds_ago))
    return case.host_says(ForwardingDatabase, lambda _, old: (*old, *entries)) if entries else case


def test_it_is_silent_where_the_client_has_a_mac_of_its_own_though_the_kernels_log_still_speaks_of_the_old_one(
    recorded: Recorded,
) -> None:
    verdict = mended(recorded("duplicate-mac"), seconds_ago=20).verdict(duplicate_mac)
    assert isinstance(verdict, Cleared)
    assert "is used by another station" in verdict.reason


@pytest.mark.parametrize(
    ("seconds_ago", "learned"),
    [(2, (ANOTHER_MAC,)), (20, ()), (20, (ANOTHER_MAC, "52:54:00:77:77:77"))],
    ids=["the line is of this scan", "nobody is heard there", "an unknown station is heard there"],
)
def test_a_line_of_the_log_stands_where_nothing_contradicts_it(
    recorded: Recorded, seconds_ago: float, learned: tuple[str, ...]
) -> None:
    verdict = mended(recorded("duplicate-mac"), seconds_ago=seconds_ago, learned=learned).verdict(
        duplicate_mac
    )
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.LATENT, Confidence.LIKELY)
    assert f"the last one {seconds_ago} s before its scan ended" in verdict.because[0]


def test_a_host_alone_goes_by_who_answers_it_behind_the_port(recorded: Recorded) -> None:
    case = mended(recorded("duplicate-mac"), seconds_ago=20)
    assert isinstance(case.verdict(duplicate_mac, case.host), Diagnosis)
    address, bridge = IPv4Address("192.168.8.10"), case.link("bridge0").index
    reply = ArpReply(address, ANOTHER_MAC, ANOTHER_MAC, 1.0)
    answered = case.host_says(ArpSweep, lambda _, replies: (*replies, reply))
    assert isinstance(answered.verdict(duplicate_mac, answered.host), Cleared)

    def cached(state: str) -> Any:
        neighbour = Neighbour(bridge, address, ANOTHER_MAC, state, router=False)
        known = case.host_says(Neighbours, lambda _, entries: (*entries, neighbour))
        return known.verdict(duplicate_mac, known.host)

    assert isinstance(cached("REACHABLE"), Cleared)
    assert isinstance(cached("STALE"), Diagnosis)


def test_a_silent_twin_in_the_lan_stays_likely_while_a_client_there_sends_to_its_mac_but_not_behind_a_guests_tap(
    recorded: Recorded,
) -> None:
    case = recorded("duplicate-mac-on-lan").host_lists(KernelLog, lambda line: replace(line, seconds_ago=20))
    verdict = case.verdict(duplicate_mac)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.BROKEN, Confidence.LIKELY)
    tap = case.host_lists(Links, lambda link: replace(link, kind="tun") if link.name == "eno1" else link)
    assert isinstance(tap.verdict(duplicate_mac), Cleared)


def test_frames_with_the_bridges_mac_from_the_lan_are_likely_because_a_loop_looks_the_same(
    recorded: Recorded,
) -> None:
    case = recorded("duplicate-mac-on-lan")
    verdict = case.verdict(duplicate_mac)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.BROKEN, Confidence.LIKELY)
    assert isinstance(case.host_says(KernelLog, lambda *_: ()).verdict(duplicate_mac), Cleared)


def test_a_logged_mac_that_is_none_of_this_host_is_no_collision(recorded: Recorded) -> None:
    """The kernel's log is that of the whole machine: other namespaces' bridges speak there too."""
    case = recorded("duplicate-mac-on-lan")
    own = case.link("bridge0").mac
    strange = case.host_lists(KernelLog, lambda line: replace(line, text=line.text.replace(own, ANOTHER_MAC)))
    assert isinstance(strange.verdict(duplicate_mac), Cleared)


def test_a_logged_frame_on_a_port_that_is_not_here_is_no_collision(recorded: Recorded) -> None:
    case = recorded("duplicate-mac-on-lan")
    other = case.host_lists(
        KernelLog, lambda line: replace(line, text=line.text.replace(" on eno1 ", " on vnet9 "))
    )
    assert isinstance(other.verdict(duplicate_mac), Cleared)


def test_a_logged_collision_is_only_latent_for_a_client_behind_another_port(recorded: Recorded) -> None:
    case = recorded("duplicate-mac-on-lan")
    other = case.host_lists(
        KernelLog, lambda line: replace(line, text=line.text.replace(" on eno1 ", " on vnet1 "))
    )
    verdict = other.verdict(duplicate_mac)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT


def test_a_bridge_that_learned_its_own_mac_behind_a_port_has_a_twin_there_unless_somebody_set_the_entry(
    recorded: Recorded,
) -> None:
    case = recorded("healthy")
    bridge, port = case.link("bridge0"), case.link("eno1")

    def with_entry(*, static: bool) -> Any:
        entry = FdbEntry(bridge.mac, port.index, bridge.index, None, own=False, static=static)
        return case.host_says(ForwardingDatabase, lambda _, entries: (*entries, entry)).verdict(duplicate_mac)

    learned = with_entry(static=False)
    assert isinstance(learned, Diagnosis)
    assert learned.severity is Severity.LATENT  # the client works
    assert isinstance(with_entry(static=True), Cleared)


def test_a_client_alone_cannot_know_whose_mac_its_own_is(recorded: Recorded) -> None:
    case = recorded("duplicate-mac")
    assert isinstance(case.verdict(duplicate_mac, case.client), Undetermined)


def test_a_client_that_is_answered_with_its_own_mac_knows_by_itself(recorded: Recorded) -> None:
    case = recorded("healthy")
    answer, own = case.link("bridge0").mac, case.network().vantage_points[1].link_towards(case.vip).mac
    twin = case.client_lists(Links, lambda link: replace(link, mac=answer) if link.mac == own else link)
    verdict = twin.verdict(duplicate_mac, twin.client)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN
