"""What does each machine that answers ARP for a VIP do with packets for it: hold, forward, serve, or refuse them?

Asked where more than one machine answers, where the VIP does not work, or where a machine that serves the VIP itself hears
another one (its own announcer it never hears): a machine that *holds* the address answers an
echo request with a TTL of 1; a node whose rules translate the service's port holds nothing, forwards such an echo (and
says so by Time Exceeded) and answers the port. Cannot see which program answers, nor whose MAC it is. A host in between
whose br_netfilter translates bridged frames answers in the place of the machine that was asked. Needs CAP_NET_RAW.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.arp import ArpAnswers, arp
from probes.dns import dns
from probes.host import Absent, Host, NotAsked, Unanswered
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.directed import Directed, DirectedExchanges, DirectedOutcome, DirectedPort
from probes.questions.routing import RouteTo
from probes.questions.traffic import DatagramOutcome, Handshake
from probes.service_rules import service_rules
from probes.target import Address, Protocol, Target
from probes.tcp import COMMON_PORTS, tcp
from probes.udp import DNS_PORT

PATIENCE_MS = 700
UNROUTED_TTLS = {64, 128, 255}
"""First TTLs of Linux and the BSDs, Windows, and many devices: an answer that still has one passed no router."""


@dataclass(frozen=True)
class AnsweringMachineFacts:
    """One entry per VIP and MAC that was asked; none for a VIP that one machine answers for and that works."""

    machines: tuple[Directed, ...]

    def of(self, vip: Address, mac: str) -> Directed | None:
        """What this machine does, None where it was not asked."""
        return next((each for each in self.machines if (each.address, each.mac) == (vip, mac)), None)


def served(machine: Directed) -> tuple[DirectedPort, ...]:
    """The ports that this very machine answers."""
    return tuple(
        each
        for each in machine.ports
        if each.outcome is DirectedOutcome.ANSWERED and each.answered_by == machine.mac
    )


def refused_by_itself(machine: Directed) -> tuple[DirectedPort, ...]:
    """The ports that this machine's own stack refuses: nothing listens there, and nothing translates them."""
    return tuple(
        each
        for each in machine.ports
        if each.outcome is DirectedOutcome.REFUSED
        and each.answered_by == machine.mac
        and each.ttl in UNROUTED_TTLS
    )


@probe(Layer.NEIGHBOUR, Phase.AFTER)
def answering_machines(host: Host, scope: Scope) -> AnsweringMachineFacts:
    """Ask every claimant of each VIP that has several, that does not work, or that this machine serves as well."""
    found: list[Directed] = []
    for answers in arp.look(host, scope).answers:
        if answers.method == "packet socket":
            found.extend(_on(host, scope, answers))
    return AnsweringMachineFacts(tuple(found))


def _on(host: Host, scope: Scope, answers: ArpAnswers) -> tuple[Directed, ...]:
    claims: list[tuple[Address, str]] = []
    for vip in scope.vips:
        macs = dict.fromkeys(reply.mac for reply in answers.replies if reply.address == vip)
        if len(macs) > 1 or (macs and (not works(host, scope, vip) or _serves(host, scope, vip))):
            claims.extend((vip, mac) for mac in macs)
    source = _source(host, claims[0][0]) if claims else None
    if source is None:
        return ()
    targets = tuple(each for each in _targets(scope) if each.vip in {vip for vip, _ in claims})
    patience = min(scope.timeout_ms, PATIENCE_MS)
    try:
        return host.ask(DirectedExchanges(answers.interface, source, tuple(claims), targets, patience))
    except NotAsked:
        return ()


def _serves(host: Host, scope: Scope, vip: Address) -> bool:
    try:
        return bool(service_rules.look(host, scope).programmed(vip))
    except Unanswered:
        return False


def _source(host: Host, vip: Address) -> Address | None:
    try:
        source = host.ask(RouteTo(vip)).source
    except Absent:
        return None
    return source


def _targets(scope: Scope) -> tuple[Target, ...]:
    """Every port of the scope with its protocol; both for a DNS port without one, and the usual ones for a bare VIP."""
    found: list[Target] = []
    for target in scope.targets:
        for port in (target.port,) if target.port else COMMON_PORTS:
            if target.protocol is not Protocol.UDP:
                found.append(Target(target.vip, port, Protocol.TCP))
            if target.protocol is Protocol.UDP or (target.protocol is None and port == DNS_PORT):
                found.append(Target(target.vip, port, Protocol.UDP))
    return tuple(dict.fromkeys(found))


def works(host: Host, scope: Scope, vip: Address) -> bool:
    """Whether something worked by ordinary means, and no port that somebody named failed."""
    try:
        handshakes, answers = tcp.look(host, scope), dns.look(host, scope).answers
    except Unanswered:
        return False
    bare = any(target.port is None for target in scope.targets if target.vip == vip)
    opened = [(each.outcome is Handshake.OPEN, each.destination) for each in handshakes.of(vip)]
    answered = [e.outcome is DatagramOutcome.ANSWERED for e in answers if e.destination.address == vip]
    named = [good for good, end in opened if end not in handshakes.guessed] + ([] if bare else answered)
    return all(named) and (any(good for good, _ in opened) or any(answered))
