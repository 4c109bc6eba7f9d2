"""What does the BGP daemon of this machine itself say: which sessions are configured, in which state, why not up, and
which VIPs go out in them?

Asks BIRD by its control socket, in restricted mode. Cannot ask FRR, MetalLB's own speaker, or a daemon in a network
namespace of its own: of those only the TCP connections show (probe `bgp_sessions`).
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.bgp import BgpDaemonState, BgpSession
from probes.target import Address


@dataclass(frozen=True)
class BgpDaemonFacts:
    """`sessions` is None where no daemon that could be asked runs here."""

    sessions: tuple[BgpSession, ...] | None

    def established(self) -> tuple[BgpSession, ...]:
        """Those that are up."""
        return tuple(each for each in self.sessions or () if each.is_established)

    def advertises(self, vip: Address) -> bool:
        """Whether the VIP goes out to any peer."""
        return any(vip in each.advertised for each in self.established())


@probe(Layer.ANNOUNCEMENT)
def bgp_daemon(host: Host, scope: Scope) -> BgpDaemonFacts:
    """Ask the daemon, if one is here."""
    try:
        return BgpDaemonFacts(host.ask(BgpDaemonState(scope.vips)))
    except Absent:
        return BgpDaemonFacts(None)
