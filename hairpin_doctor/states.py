"""What each vantage point experienced of each target: does it work from there?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from hairpin_doctor.findings import Findings
from probes.dns import DnsFacts, resolves
from probes.dns_servers import DnsServerFacts, is_a_resolver
from probes.icmp import IcmpFacts
from probes.probe import Scope
from probes.questions.traffic import (
    DatagramOutcome,
    DnsAnswer,
    DnsServerAnswer,
    Handshake,
    HandshakeAnswer,
)
from probes.target import Address, Protocol, Target
from probes.tcp import COMMON_PORTS, TcpFacts
from probes.udp import DNS_PORT, UdpFacts

HANDSHAKE_WORDS = {
    Handshake.OPEN: "open",
    Handshake.SMALL_ONLY: "open, but large packets are never acknowledged",
    Handshake.STALLED: "handshake completes, then nothing we send is acknowledged",
    Handshake.REFUSED: "refused",
    Handshake.RESET: "reset after the handshake",
    Handshake.SILENT: "no answer",
    Handshake.UNREACHABLE: "unreachable",
}

OWN_ZONES = ", as a server of its own zones alone may"


class Works(StrEnum):
    """Unknown is never healthy: silence of a UDP service without a known payload, or ports that nobody named."""

    YES = "works"
    NO = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class TargetState:
    """One port of a VIP as one vantage point experienced it; `said` is what was observed, for people.

    `answered`: it fails, but the service's own answer came back, so that the network in between is not at fault.
    """

    vantage_point: str
    target: Target
    works: Works
    said: str
    round_trip_ms: float | None = None
    answered: bool = False

    @property
    def unreached(self) -> bool:
        """Whether it fails, and nothing says that the network is not at fault."""
        return self.works is Works.NO and not self.answered


def states(findings: Findings, scope: Scope) -> tuple[TargetState, ...]:
    """The state of every port in scope; a bare VIP whose common ports are all dead has one unknown state."""
    found: list[TargetState] = []
    for target in scope.targets:
        found.extend(_of_target(findings, target))
    return tuple(dict.fromkeys(found))


def _of_target(findings: Findings, target: Target) -> Iterator[TargetState]:
    if target.port is None:
        yield from _of_bare_vip(findings, target.vip)
        return
    for protocol in [target.protocol] if target.protocol else _protocols(target.port):
        exact = Target(target.vip, target.port, protocol)
        yield _tcp(findings, exact) if protocol is Protocol.TCP else _udp(findings, exact)


def _protocols(port: int) -> list[Protocol]:
    return [Protocol.TCP, Protocol.UDP] if port == DNS_PORT else [Protocol.TCP]


def _of_bare_vip(findings: Findings, vip: Address) -> Iterator[TargetState]:
    tried = [_tcp(findings, Target(vip, port, Protocol.TCP)) for port in COMMON_PORTS]
    tried.append(_udp(findings, Target(vip, DNS_PORT, Protocol.UDP)))
    working = [state for state in tried if state.works is Works.YES]
    yield from working
    if not working:
        said = "no port was named, and none of 53, 80, 443 (TCP) and 53 (UDP) answers"
        yield TargetState(findings.vantage_point, Target(vip), Works.UNKNOWN, said)


def _tcp(findings: Findings, target: Target) -> TargetState:
    facts = findings.get(TcpFacts)
    answer = facts.answer(target.vip, target.port or 0) if facts else None
    if answer is None:
        return TargetState(findings.vantage_point, target, Works.UNKNOWN, "not tried")
    works = Works.YES if answer.outcome is Handshake.OPEN else Works.NO
    state = TargetState(findings.vantage_point, target, works, _handshake_words(answer), answer.connect_ms)
    dns = findings.get(DnsFacts) if works is Works.YES and target.port == DNS_PORT else None
    reply = dns.answer(target.vip, "tcp") if dns else None
    return _with_dns(state, reply, _waiting(findings, target.vip)) if reply is not None else state


def _waiting(findings: Findings, vip: Address) -> DnsServerAnswer | None:
    facts = findings.get(DnsServerFacts)
    return facts.waiting(vip) if facts else None


def _with_dns(state: TargetState, reply: DnsAnswer, waiting: DnsServerAnswer | None) -> TargetState:
    """An open port whose server answers a DNS question badly, or not at all, or hangs up, is no service."""
    if reply.outcome is DatagramOutcome.SILENT and waiting is not None:
        return _in_vain(replace(state, said=f"{state.said}, but DNS: {_waits(waiting)}"), waiting)
    if reply.outcome is not DatagramOutcome.ANSWERED or resolves(reply):
        return state
    said = (
        f"{state.said}, but DNS answers {reply.rcode}" if reply.rcode else f"{state.said}, but {reply.error}"
    )
    if reply.rcode and resolves(reply) is None:
        return replace(state, works=Works.UNKNOWN, said=f"{said}{OWN_ZONES}")
    return replace(state, works=Works.NO, said=said, answered=True)


def _handshake_words(answer: HandshakeAnswer) -> str:
    words = HANDSHAKE_WORDS[answer.outcome]
    return f"{words} ({answer.error})" if answer.error else words


def _udp(findings: Findings, target: Target) -> TargetState:
    return _dns(findings, target) if target.port == DNS_PORT else _datagram(findings, target)


def _dns(findings: Findings, target: Target) -> TargetState:
    facts = findings.get(DnsFacts)
    answer = facts.answer(target.vip, "udp") if facts else None
    if answer is None:
        return TargetState(findings.vantage_point, target, Works.UNKNOWN, "not tried")
    if answer.outcome is DatagramOutcome.ANSWERED:
        return _dns_answer(findings, target, answer)
    said = _outcome_words(answer.outcome, str(answer.replied_from), answer.error)
    state = TargetState(findings.vantage_point, target, Works.NO, f"DNS: {said}", answer.round_trip_ms)
    waiting = _waiting(findings, target.vip)
    return _in_vain(replace(state, said=f"DNS: {_waits(waiting)}"), waiting) if waiting else state


def _waits(waiting: DnsServerAnswer) -> str:
    late = f"{waiting.localhost} at last" if waiting.localhost else "no answer"
    return f"{late} for localhost., but {waiting.by_itself} for what the server knows by itself"


def _in_vain(state: TargetState, waiting: DnsServerAnswer) -> TargetState:
    """The server is reached, and has no answer for what it must look up."""
    if is_a_resolver(waiting):
        return replace(state, works=Works.NO, answered=True)
    return replace(state, works=Works.UNKNOWN, said=f"{state.said}{OWN_ZONES}")


def _dns_answer(findings: Findings, target: Target, answer: DnsAnswer) -> TargetState:
    good = resolves(answer)
    said = f"DNS answers {answer.rcode}" if answer.rcode else f"answers, but {answer.error}"
    cut = cut_off(findings, target.vip)
    if cut:
        said = f"{said}, cut off, and over TCP {cut}"
    if good is False or cut:
        return TargetState(
            findings.vantage_point, target, Works.NO, said, answer.round_trip_ms, answered=True
        )
    unclear = answer.rcode is not None and good is None
    works = Works.UNKNOWN if unclear else Works.YES
    said = f"{said}{OWN_ZONES}" if unclear else said
    return TargetState(findings.vantage_point, target, works, said, answer.round_trip_ms)


def cut_off(findings: Findings, vip: Address) -> str | None:
    """What came of asking over TCP, where UDP gave a truncated answer and TCP gives none; else None."""
    facts = findings.get(DnsFacts)
    udp, tcp = (facts.answer(vip, each) if facts else None for each in ("udp", "tcp"))
    if udp is None or tcp is None or not udp.truncated or resolves(tcp):
        return None
    if tcp.rcode:
        return f"DNS answers {tcp.rcode}"
    return _outcome_words(tcp.outcome, "", tcp.error).replace(" (ICMP port unreachable)", "")


def _datagram(findings: Findings, target: Target) -> TargetState:
    facts = findings.get(UdpFacts)
    answer = facts.answer(target.vip, target.port or 0) if facts else None
    if answer is None:
        return TargetState(findings.vantage_point, target, Works.UNKNOWN, "not tried")
    said = _outcome_words(answer.outcome, str(answer.replied_from), answer.error)
    if answer.outcome is DatagramOutcome.SILENT:
        said = "silent, which a UDP service may well be when it does not know our payload"
        return TargetState(findings.vantage_point, target, Works.UNKNOWN, said)
    works = Works.YES if answer.outcome is DatagramOutcome.ANSWERED else Works.NO
    return TargetState(findings.vantage_point, target, works, said, answer.round_trip_ms)


def _outcome_words(outcome: DatagramOutcome, replied_from: str, error: str | None) -> str:
    words = {
        DatagramOutcome.ANSWERED: "answers",
        DatagramOutcome.REFUSED: "refused (ICMP port unreachable)",
        DatagramOutcome.OTHER_SOURCE: f"answered from another address: {replied_from}",
        DatagramOutcome.SILENT: "no answer",
        DatagramOutcome.UNREACHABLE: f"unreachable ({error})",
    }
    return words[outcome]


def ping_said(findings: Findings, vip: Address) -> str:
    """One phrase about ping, for the symptom line."""
    facts = findings.get(IcmpFacts)
    answer = facts.answer(vip) if facts else None
    if answer is None:
        return "ping was not tried"
    if answer.replied_from == vip:
        return "ping answers"
    return "ping does not answer"
