"""Does a DNS server that is silent about `localhost.` answer what it knows by itself, in the very same flow?

Then the network carries questions and answers, and the server waits for somebody in vain. Asked over UDP only, and only
of servers that were named and silent. A server that drops what is not in its zones may look the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.dns import dns
from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.traffic import DatagramOutcome, DnsServerAnswer, DnsServers, Endpoint
from probes.target import Address
from probes.udp import DNS_PORT

PATIENCE_MS = 800


@dataclass(frozen=True)
class DnsServerFacts:
    """One answer per server that was silent."""

    answers: tuple[DnsServerAnswer, ...]

    def waiting(self, vip: Address) -> DnsServerAnswer | None:
        """The answer of this VIP's server, if it speaks for itself and has no answer to what it must look up."""
        found = (each for each in self.answers if each.server.address == vip)
        silent = (None, "SERVFAIL")
        return next((each for each in found if each.by_itself and each.localhost in silent), None)


def is_a_resolver(answer: DnsServerAnswer) -> bool | None:
    """Whether it looks up names for others, by its own word; None where it does not say so (BIND does not, to CH)."""
    return True if answer.recursion_offered or answer.localhost == "SERVFAIL" else None


@probe(Layer.TRAFFIC)
def dns_servers(host: Host, scope: Scope) -> DnsServerFacts:
    """Ask those whose port 53 was named and gave no answer over UDP."""
    named = {Endpoint(target.vip, DNS_PORT) for target in scope.targets if target.port == DNS_PORT}
    silent = tuple(
        each.destination
        for each in dns.look(host, scope).answers
        if each.transport == "udp" and each.outcome is DatagramOutcome.SILENT and each.destination in named
    )
    patience = min(scope.timeout_ms, PATIENCE_MS)
    return DnsServerFacts(host.ask(DnsServers(silent, patience)) if silent else ())
