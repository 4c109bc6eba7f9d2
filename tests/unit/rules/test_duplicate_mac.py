"""HD310: two stations with one MAC; the doubled MAC, the FDB entry or the kernel's own word decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.duplicate_mac import duplicate_mac
from probes.questions.links import FdbEntry, ForwardingDatabase, Links
from probes.questions.machine import KernelLog

Recorded = Callable[[str], Any]
ANOTHER_MAC = "52:54:00:99:99:99"


def test_a_client_with_the_bridges_mac_is_proven_and_breaks_its_traffic(recorded: Recorded) -> None:
    verdict = recorded("duplicate-mac").verdict(duplicate_mac)
    assert isinstance(verdict, Diagnosis)
    assert (verdict.severity, verdict.confidence) == (Severity.BROKEN, Confidence.PROVEN)


def test_it_is_silent_where_the_client_has_a_mac_of_its_own_and_no_frame_was_logged(
    recorded: Recorded,
) -> None:
    case = recorded("duplicate-mac")
    doubled = case.link("bridge0").mac
    case = case.client_lists(
        Links, lambda link: replace(link, mac=ANOTHER_MAC) if link.mac == doubled else link
    )
    still = case.verdict(duplicate_mac)
    assert isinstance(still, Diagnosis)  # the kernel's log still speaks of it
    assert still.confidence is Confidence.LIKELY
    verdict = case.host_says(KernelLog, lambda *_: ()).verdict(duplicate_mac)
    assert isinstance(verdict, Cleared)
    assert "is used by another station" in verdict.reason


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
