"""Does a VIP's port 53 answer a real DNS question, over UDP and over TCP, and from the address that was asked?

Asks for `localhost.`, which every resolver can answer without upstream. Cannot tell whether other names resolve. An
answer that is truncated over UDP is asked for over TCP as well, as any client would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.traffic import DnsAnswer, DnsExchanges, Endpoint, Handshake
from probes.target import Address, Protocol
from probes.tcp import GUESS_PATIENCE_MS, tcp
from probes.udp import DNS_PORT

SHORT_PATIENCE_MS = 150  # a resolver on the LAN answers within a few ms
ON_PURPOSE = (15, 16, 17, 18)  # Blocked, Censored, Filtered, Prohibited: RFC 8914 section 4


@dataclass(frozen=True)
class DnsFacts:
    """One answer per server and transport."""

    answers: tuple[DnsAnswer, ...]

    def answer(self, vip: Address, transport: str) -> DnsAnswer | None:
        """The answer of this VIP's port 53."""
        found = (each for each in self.answers if each.destination.address == vip)
        return next((each for each in found if each.transport == transport), None)


def resolves(answer: DnsAnswer) -> bool | None:
    """Does the server do for the asker what a resolver is there for? None where its answer does not tell.

    A server that offers recursion and refuses `localhost.` is set up wrongly, or refuses the asker. One that offers none
    may serve zones of its own alone, and is right to refuse other names.
    """
    if answer.rcode == "REFUSED":
        refuses = answer.recursion_available or answer.extended_error in ON_PURPOSE
        return False if refuses else None
    return None if answer.rcode is None else answer.rcode != "SERVFAIL"


@probe(Layer.TRAFFIC, Phase.TRAFFIC)
def dns(host: Host, scope: Scope) -> DnsFacts:
    """Ask every VIP whose port 53 is in scope, or whose ports nobody named."""
    found = (*_named(host, scope, "udp"), *_named(host, scope, "tcp"), *_guessed(host, scope))
    return DnsFacts((*found, *_again(host, scope, found)))


def _again(host: Host, scope: Scope, found: tuple[DnsAnswer, ...]) -> tuple[DnsAnswer, ...]:
    """Over TCP what came truncated over UDP (RFC 7766 section 5), where that was not asked anyhow."""
    asked = {each.destination for each in found if each.transport == "tcp"}
    cut = tuple(each.destination for each in found if each.truncated and each.destination not in asked)
    return host.ask(DnsExchanges(cut, "tcp", scope.timeout_ms)) if cut else ()


def _named(host: Host, scope: Scope, transport: Literal["udp", "tcp"]) -> tuple[DnsAnswer, ...]:
    wanted = (Protocol(transport), None)
    targets = (target for target in scope.targets if target.port == DNS_PORT and target.protocol in wanted)
    servers = tuple(dict.fromkeys(Endpoint(target.vip, DNS_PORT) for target in targets))
    return host.ask(DnsExchanges(servers, transport, scope.timeout_ms)) if servers else ()


def _guessed(host: Host, scope: Scope) -> tuple[DnsAnswer, ...]:
    """UDP port 53 of bare VIPs: with little patience where a TCP port has shown already that the way is open."""
    named = {target.vip for target in scope.targets if target.port == DNS_PORT}
    bare = dict.fromkeys(t.vip for t in scope.targets if t.port is None and t.vip not in named)
    if not bare:
        return ()
    servers = tuple(Endpoint(vip, DNS_PORT) for vip in bare)
    found = tcp.look(host, scope)
    way_is_open = all(any(each.outcome is Handshake.OPEN for each in found.of(vip)) for vip in bare)
    patience = SHORT_PATIENCE_MS if way_is_open else min(scope.timeout_ms, GUESS_PATIENCE_MS)
    return host.ask(DnsExchanges(servers, "udp", patience))
