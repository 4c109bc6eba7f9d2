"""Does each UDP port of a VIP answer? Port 53 is asked a DNS question over UDP (probe `dns`), so it is left out here.

A service that does not answer an unknown payload is silent although it is well: silence here is no symptom. A refusal
(ICMP port unreachable) and an answer from another address are findings.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.traffic import DatagramAnswer, Datagrams, Endpoint
from probes.target import Address, Protocol

DNS_PORT = 53


@dataclass(frozen=True)
class UdpFacts:
    """One answer per port that was tried."""

    answers: tuple[DatagramAnswer, ...]

    def answer(self, vip: Address, port: int) -> DatagramAnswer | None:
        """The answer of this port."""
        return next((each for each in self.answers if each.destination == Endpoint(vip, port)), None)


@probe(Layer.TRAFFIC, Phase.TRAFFIC)
def udp(host: Host, scope: Scope) -> UdpFacts:
    """Send one datagram to every UDP port of the scope but DNS."""
    ends = tuple(
        Endpoint(target.vip, target.port)
        for target in scope.targets
        if target.port not in (None, DNS_PORT) and target.protocol is Protocol.UDP
    )
    return UdpFacts(host.ask(Datagrams(ends, scope.timeout_ms)) if ends else ())
