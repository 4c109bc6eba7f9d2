"""Does a VIP's port 53 answer a real DNS question, over UDP and over TCP, and from the address that was asked?

Asks for `localhost.`, which every resolver can answer without upstream. Cannot tell whether other names resolve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.traffic import DnsAnswer, DnsExchanges, Endpoint
from probes.target import Address, Protocol
from probes.udp import DNS_PORT


@dataclass(frozen=True)
class DnsFacts:
    """One answer per server and transport."""

    answers: tuple[DnsAnswer, ...]

    def answer(self, vip: Address, transport: str) -> DnsAnswer | None:
        """The answer of this VIP's port 53."""
        found = (each for each in self.answers if each.destination.address == vip)
        return next((each for each in found if each.transport == transport), None)


@probe(Layer.TRAFFIC, Phase.TRAFFIC)
def dns(host: Host, scope: Scope) -> DnsFacts:
    """Ask every VIP whose port 53 is in scope, or whose ports nobody named."""
    return DnsFacts((*_over(host, scope, "udp"), *_over(host, scope, "tcp")))


def _over(host: Host, scope: Scope, transport: Literal["udp", "tcp"]) -> tuple[DnsAnswer, ...]:
    servers = tuple(
        dict.fromkeys(
            Endpoint(target.vip, DNS_PORT)
            for target in scope.targets
            if (target.port == DNS_PORT and target.protocol in (Protocol(transport), None))
            or (target.port is None and transport == "udp")
        )
    )
    return host.ask(DnsExchanges(servers, transport, scope.timeout_ms)) if servers else ()
