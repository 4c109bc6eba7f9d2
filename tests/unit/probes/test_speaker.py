"""What the probe speaker makes of MetalLB's metrics, and of none."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from probes.host import Absent
from probes.probe import Scope
from probes.questions.speaker import Announced, AnsweredRequests, SpeakerMetrics, SpeakerWord
from probes.speaker import speaker

VIP, OTHER = IPv4Address("192.0.2.53"), IPv4Address("192.0.2.54")


def test_a_machine_without_a_speaker_says_nothing_of_any_address(fake: Any) -> None:
    facts = speaker.look(fake({SpeakerMetrics: Absent("nobody listens")}), Scope(()))
    assert (facts.word, facts.protocols(VIP), facts.sessions(), facts.answered(VIP)) == (None, None, (), 0)


def test_an_address_that_is_not_announced_is_known_not_to_be(fake: Any) -> None:
    both = (Announced("dns", "dns", VIP, "layer2"), Announced("dns", "dns", VIP, "bgp"))
    word = SpeakerWord(both, (), (AnsweredRequests(VIP, 3),), config_is_stale=False, refused=False)
    facts = speaker.look(fake({SpeakerMetrics: word}), Scope(()))
    assert (facts.protocols(VIP), facts.protocols(OTHER)) == (("layer2", "bgp"), ())
    assert (facts.answered(VIP), facts.answered(OTHER)) == (3, 0)


def test_metrics_that_want_a_login_say_nothing_of_any_address(fake: Any) -> None:
    facts = speaker.look(fake({SpeakerMetrics: SpeakerWord(None, (), (), None, refused=True)}), Scope(()))
    assert facts.protocols(VIP) is None
