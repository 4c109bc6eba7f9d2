"""What do the endpoints behind a VIP's port 53 answer when this machine asks them the same DNS question directly?

The question is that of probe `dns`, past the VIP and its translation. An endpoint that answers by whom it is asked says
something else to a client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.endpoints import ENDPOINTS_AT_MOST
from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.traffic import DnsAnswer, DnsExchanges, Endpoint
from probes.service_rules import service_rules
from probes.target import Protocol
from probes.udp import DNS_PORT

TRANSPORTS: tuple[Literal["udp", "tcp"], ...] = ("udp", "tcp")
PATIENCE_MS = 1000


@dataclass(frozen=True)
class ResolverFacts:
    """One answer per endpoint and transport that the service rules name."""

    answers: tuple[DnsAnswer, ...]

    def of(self, endpoint: Endpoint, transport: str) -> DnsAnswer | None:
        """The answer of this endpoint."""
        found = (each for each in self.answers if each.destination == endpoint)
        return next((each for each in found if each.transport == transport), None)


@probe(Layer.SERVICE)
def resolvers(host: Host, scope: Scope) -> ResolverFacts:
    """Ask every endpoint of every DNS port in scope."""
    rules = service_rules.look(host, scope)
    patience = min(scope.timeout_ms, PATIENCE_MS)
    answers: list[DnsAnswer] = []
    for transport in TRANSPORTS:
        ports = (
            each for each in rules.ports if (each.port, each.protocol) == (DNS_PORT, Protocol(transport))
        )
        servers = tuple(dict.fromkeys(end for port in ports for end in port.endpoints))[:ENDPOINTS_AT_MOST]
        answers += host.ask(DnsExchanges(servers, transport, patience)) if servers else ()
    return ResolverFacts(tuple(answers))
