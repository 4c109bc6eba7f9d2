"""Which routers does a packet for a routed VIP that fails pass, and who says that it goes no further?

Asked by datagrams whose TTL (hop limit) ends under way, to a port that nobody uses: a router at which one ends says Time
Exceeded, and had it by that. Cannot see routers that say nothing, nor tell a packet that was lost from an answer that was;
where routes are several, it may take another one than the service's. Needs no right.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.answering_machines import works
from probes.host import Absent, Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.hops import Hops, HopsTowards
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import RouteTo
from probes.target import Address

AT_MOST = 6
PATIENCE_MS = 6600
"""A Linux router says Host Unreachable 3 s after it began to ask by ARP (mcast_solicit, retrans_time_ms), and then to a
few of those who wait only (icmp_ratelimit): the scan's other packets wait too, and the next time it is our turn."""


@dataclass(frozen=True)
class HopFacts:
    """One entry for each VIP that is reached by a gateway and fails."""

    towards: tuple[Hops, ...]

    def refused_by(self, vip: Address) -> IcmpMessage | None:
        """The first Unreachable on the way: its sender had the packet, and could not or would not send it on."""
        return next((each for each in self._messages(vip) if each.is_unreachable), None)

    def last_router(self, vip: Address) -> Address | None:
        """The farthest machine that is known to have had a packet; None where nobody said anything."""
        refused = self.refused_by(vip)
        passed = [each.sender for each in self._messages(vip) if each.is_time_exceeded]
        return refused.sender if refused else next(reversed(passed), None)

    def circle(self, vip: Address) -> tuple[Address, ...]:
        """Machines between which packets go round, in their order: one of them had a packet at two TTLs."""
        passed = [each.sender for each in self._messages(vip) if each.is_time_exceeded]
        again = next((each for each in passed if passed.count(each) > 1), None)
        if again is None:
            return ()
        first = passed.index(again)
        return tuple(passed[first : passed.index(again, first + 1)])

    def _messages(self, vip: Address) -> tuple[IcmpMessage, ...]:
        return tuple(m for each in self.towards if each.destination == vip for m in each.messages if m)


@probe(Layer.ROUTING, Phase.AFTER)
def hops(host: Host, scope: Scope) -> HopFacts:
    """Follow every VIP that is sent to a gateway and does not work."""
    failing = tuple(vip for vip in scope.vips if _by_a_gateway(host, vip) and not works(host, scope, vip))
    if not failing:
        return HopFacts(())
    return HopFacts(host.ask(HopsTowards(failing, AT_MOST, PATIENCE_MS)))


def _by_a_gateway(host: Host, vip: Address) -> bool:
    try:
        return host.ask(RouteTo(vip)).gateway is not None
    except Absent:
        return False
