"""What does MetalLB's speaker on this node say itself: what it announces, by which protocol, and which BGP sessions are up?

Reads the metrics that it serves here, on the ports of MetalLB's manifests and charts; other ports are not tried. Since v0.16
they want an account of the cluster, and nothing is said. What is announced is what the speaker means to do: not said is that
its answers arrive, that a router takes its route, or which interfaces it answers on.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.speaker import SpeakerMetrics, SpeakerSession, SpeakerWord
from probes.target import Address


@dataclass(frozen=True)
class SpeakerFacts:
    """`word` is None where no speaker serves metrics here."""

    word: SpeakerWord | None

    def protocols(self, vip: Address) -> tuple[str, ...] | None:
        """By which protocols this node means to announce it; () = it does not; None = it does not say."""
        if self.word is None or self.word.announced is None:
            return None
        return tuple(dict.fromkeys(each.protocol for each in self.word.announced if each.address == vip))

    def sessions(self) -> tuple[SpeakerSession, ...]:
        """Its BGP sessions, () also where nothing is said of them."""
        return self.word.sessions if self.word else ()

    def answered(self, vip: Address) -> int:
        """How many requests for it this node has answered by ARP or NDP since its speaker started."""
        found = self.word.answered if self.word else ()
        return sum(each.sent for each in found if each.address == vip)


@probe(Layer.ANNOUNCEMENT)
def speaker(host: Host, _: Scope) -> SpeakerFacts:
    """Read the metrics, if there are any."""
    try:
        return SpeakerFacts(host.ask(SpeakerMetrics()))
    except Absent:
        return SpeakerFacts(None)
