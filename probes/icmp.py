"""Does the VIP answer ping, and what do others say about our packets (redirect, unreachable: code and sender)?

A VIP that is served by iptables or nftables rules never answers ping; errors are rate limited, so a missing one proves
nothing. Redirects and errors are seen only with CAP_NET_RAW.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    EchoAnswer,
    Echoes,
)
from probes.target import Address

PATIENCE_MS = 850  # no longer than ARP is listened to


@dataclass(frozen=True)
class IcmpFacts:
    """One answer per VIP."""

    answers: tuple[EchoAnswer, ...]

    def answer(self, vip: Address) -> EchoAnswer | None:
        """The answer for this VIP."""
        return next((each for each in self.answers if each.destination == vip), None)

    def replied(self, vip: Address) -> bool:
        """Whether a reply came from the VIP itself."""
        answer = self.answer(vip)
        return answer is not None and answer.replied_from == vip

    def redirects(self, vip: Address) -> tuple[IcmpMessage, ...]:
        """Redirects about packets to the VIP; `gateway` is the next hop that the sender proposes."""
        answer = self.answer(vip)
        return tuple(m for m in (answer.messages if answer else None) or () if m.is_redirect)


@probe(Layer.TRAFFIC)
def icmp(host: Host, scope: Scope) -> IcmpFacts:
    """Ping every VIP."""
    return IcmpFacts(host.ask(Echoes(scope.vips, min(scope.timeout_ms, PATIENCE_MS))))
