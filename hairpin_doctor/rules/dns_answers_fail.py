"""The VIP is reached, and the DNS server behind it refuses, fails, waits in vain, or cuts off without serving TCP.

Why: A resolver refuses whom its access list or its interface setting leaves out, or every name that it has no upstream
for; it says SERVFAIL where it cannot find the answer, or says nothing while it waits for an upstream that does not
answer (dnsmasq for ever, CoreDNS for 5 s). What does not fit into a datagram comes truncated, and the client
asks again over TCP (RFC 7766 section 5), which must be served too.
Seen as: The ports are open and answer at once, and no name resolves, or only those with short answers do.
Told apart from: HD503 by the answer, a DNS message and no refused connection; HD507 by the port that is missed, TCP,
which only a truncated answer needs; HD405 by the question, which reached the server. A silent server is told from a silent
network by what it answers by itself in the very same flow: `version.bind`, or a header with an unknown opcode. Names that
do not exist (NXDOMAIN) are no fault, nor is a server of its own zones alone, which offers no recursion and refuses
`localhost.` to everybody.
By hand: Ask over both transports, and look at the status and the flags (tc: cut off, ra: recursion) of the answer.
    dig @VIP NAME
    dig +tcp @VIP NAME
    dig +noall +comments @VIP NAME
    dig @ENDPOINT NAME
    dig @VIP version.bind CH TXT
    dig +opcode=15 +norecurse +header-only @VIP
Fix: The server's own configuration: access list, interface, upstream; for truncated answers the port 53/tcp.
Unsure when: The server offers no recursion and nobody else was asked; or the host was not scanned: whether the server
refuses the host's direct question too is then unknown. A server that answers nothing at all remains unexplained.
References: RFC 1035; RFC 7766; RFC 2308; RFC 4892; RFC 8906.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.fixes.resolver import resolver_configuration
from hairpin_doctor.fixes.service_object import add_port
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import symptom
from hairpin_doctor.states import cut_off
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts, resolves
from probes.dns_servers import DnsServerFacts, is_a_resolver
from probes.questions.traffic import DatagramOutcome, DnsAnswer, DnsServerAnswer
from probes.resolvers import ResolverFacts
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Address, Protocol, ServicePort
from probes.udp import DNS_PORT

ANSWERS = ("NOERROR", "NXDOMAIN")


@dataclass(frozen=True)
class _Direct:
    """What an endpoint answers the host that sends the VIP's packets to it, asked past the VIP."""

    host: VantagePoint
    port: ProgrammedPort
    answer: DnsAnswer


@rule("HD510", "dns-answers-fail", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def dns_answers_fail(network: Network, vip: Address) -> Verdict:
    """An answer of the server that says so itself, compared with what it answers the host directly."""
    bad = [(point, each) for point in network.vantage_points for each in _bad(point, vip)]
    sure = [(point, each) for point, each in bad if resolves(each) is False or each.rcode is None]
    for point, answer in sure:
        return _diagnosis(network, vip, point, answer)
    for point in network.vantage_points:
        cut = cut_off(point.findings, vip)
        if cut and not _tcp_fails(point, vip):
            return _truncated(network, vip, point, cut)
    for point, answer in bad:
        return _doubtful(network, vip, point, answer)
    for point in network.vantage_points:
        servers = point.findings.get(DnsServerFacts)
        waiting = servers.waiting(vip) if servers else None
        if waiting:
            return _waits(network, vip, point, waiting)
    return Cleared(f"no DNS server answers badly at {vip}")


def _bad(point: VantagePoint, vip: Address) -> Iterator[DnsAnswer]:
    """Answers that are none, or hang-ups of a server that took our question over TCP."""
    facts = point.findings.get(DnsFacts)
    tried = {state.target.protocol for state in point.states_of(vip) if state.target.port == DNS_PORT}
    for each in facts.answers if facts else ():
        mine = each.destination.address == vip and Protocol(each.transport) in tried
        if mine and each.outcome is DatagramOutcome.ANSWERED and not resolves(each) and _is_said(each):
            yield each


def _tcp_fails(point: VantagePoint, vip: Address) -> bool:
    """Whether TCP was named too and fails: that is for other rules to explain."""
    tcp = (state for state in point.states_of(vip) if state.target.protocol is Protocol.TCP)
    return any(state.unreached for state in tcp if state.target.port == DNS_PORT)


def _is_said(answer: DnsAnswer) -> bool:
    """A datagram that is no DNS message may be anything; a connection that ends without an answer is the server's act."""
    return answer.rcode is not None or answer.transport == "tcp"


def _direct(network: Network, vip: Address, transport: str) -> list[_Direct]:
    found: list[_Direct] = []
    for host in network.hosts(vip):
        rules, facts = host.findings.get(ServiceRulesFacts), host.findings.get(ResolverFacts)
        for port in rules.at(vip, DNS_PORT, Protocol(transport)) if rules and facts else ():
            answers = (facts.of(end, transport) for end in port.endpoints) if facts else ()
            found += [_Direct(host, port, each) for each in answers if each is not None]
    return found


def _diagnosis(network: Network, vip: Address, point: VantagePoint, answer: DnsAnswer) -> Diagnosis:
    direct = _direct(network, vip, answer.transport)
    same = bool(direct) and all(each.answer.rcode == answer.rcode for each in direct)
    said = answer.rcode or f"nothing and hangs up ({answer.error})"
    because = [symptom(point, vip), *map(_compared, direct)]
    service = direct[0].port.service if direct else None
    what = _what(answer.rcode, direct, point.address_towards(vip))
    return Diagnosis(
        summary=f"the DNS server behind {vip} answers {said} over {answer.transport.upper()}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if same else Confidence.LIKELY,
        fixes=(resolver_configuration(service, vip, point.name, what),),
        ruled_out=("The network in between: it has carried the question there and the answer back.",),
    )


def _compared(direct: _Direct) -> str:
    said = direct.answer.rcode or direct.answer.outcome
    hidden = {
        True: "a node's address",
        False: "the client's own address",
        None: "a node's or the client's address",
    }
    return (
        f"{direct.host.name} sends {DNS_PORT}/{direct.port.protocol} to {direct.answer.destination}, which sees "
        f"{hidden[direct.port.masquerade]} as its asker, and answers {direct.host.name} directly: {said}."
    )


def _what(rcode: str | None, direct: list[_Direct], client: Address | None) -> str:
    if rcode == "SERVFAIL":
        return "Give it an upstream that it reaches, and look at its log: SERVFAIL means that it looked and failed."
    if any(each.answer.rcode in ANSWERS for each in direct):
        hidden = any(each.port.masquerade for each in direct)
        who = (
            "the nodes' addresses, behind which the clients are hidden"
            if hidden
            else f"the clients' network ({client})"
        )
        return f"Let it serve {who}: its access list (unbound: access-control, BIND: allow-query and allow-recursion)."
    if rcode == "REFUSED":
        return (
            "Give it an upstream server, and let it serve the network that its questions come from: it refuses what its "
            "access list leaves out, and what it has nobody to ask for."
        )
    return "Let it serve DNS over TCP as well, for the network that its questions come from; its log says why it hangs up."


def _doubtful(network: Network, vip: Address, point: VantagePoint, answer: DnsAnswer) -> Verdict:
    """Refused without an offer of recursion: by whom it is asked, if anybody is answered."""
    others = [e for p in network.vantage_points for e in _answers(p, vip) if p is not point]
    others += [each.answer for each in _direct(network, vip, answer.transport)]
    if any(each.rcode in ANSWERS for each in others):
        return _diagnosis(network, vip, point, answer)
    what = (
        f"whether the DNS server behind {vip} refuses {point.name}, or only names that are not in its zones"
    )
    return Undetermined(what, f"on {point.name}: ask it for a name that it must know (dig @{vip} NAME)")


def _waits(network: Network, vip: Address, point: VantagePoint, waiting: DnsServerAnswer) -> Verdict:
    """Silent about what it must look up, and not about itself: by whom else it is asked, if anybody is answered."""
    direct = _direct(network, vip, "udp")
    if not is_a_resolver(waiting):
        what = f"whether the DNS server behind {vip} waits in vain for its upstream, or ignores names beyond its zones"
        return Undetermined(
            what, f"on {point.name}: ask it for a name that it must know (dig @{vip} NAME)", suspected=True
        )
    same = bool(direct) and all(each.answer.rcode in (None, "SERVFAIL") for each in direct)
    service = direct[0].port.service if direct else None
    what = (
        "Give it an upstream that it reaches: look what it forwards to (forward, server=, forward-addr), and if its pod "
        "gets out to there. It takes our questions, and answers those that it needs nobody for."
    )
    return Diagnosis(
        summary=f"the DNS server behind {vip} waits in vain for whom it asks in turn",
        because=(symptom(point, vip), _same_flow(waiting), *map(_compared, direct)),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if same else Confidence.LIKELY,
        fixes=(resolver_configuration(service, vip, point.name, what),),
        ruled_out=(
            "The network in between: in the same flow it has carried another question and its answer.",
        ),
    )


def _same_flow(waiting: DnsServerAnswer) -> str:
    said, late = waiting.by_itself, waiting.localhost or "nothing"
    return (
        f"In one UDP flow {waiting.server} says {said} to what it knows by itself, and {late} to localhost."
    )


def _answers(point: VantagePoint, vip: Address) -> list[DnsAnswer]:
    facts = point.findings.get(DnsFacts)
    return [each for each in (facts.answers if facts else ()) if each.destination.address == vip]


def _truncated(network: Network, vip: Address, point: VantagePoint, over_tcp: str) -> Diagnosis:
    fixes, because, sure = _serve_tcp(network, vip, point)
    return Diagnosis(
        summary=f"the DNS server behind {vip} cuts its answer off, and TCP, where the rest is, does not answer",
        because=(symptom(point, vip), f"{point.name} asked again over TCP: {over_tcp}.", *because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if sure else Confidence.LIKELY,
        fixes=fixes,
    )


def _serve_tcp(
    network: Network, vip: Address, point: VantagePoint
) -> tuple[tuple[Fix, ...], tuple[str, ...], bool]:
    """The fixes, this case's evidence, and whether the host's rules or its direct question show why TCP fails."""
    tcp = ServicePort(DNS_PORT, Protocol.TCP)
    for host in network.hosts(vip):
        rules = host.findings.get(ServiceRulesFacts)
        served = rules.at(vip, DNS_PORT, Protocol.UDP) if rules else ()
        port = next((each for each in served if each.kind == "dnat" and each.endpoints), None)
        if rules and port and port.service and not rules.at(vip, DNS_PORT, Protocol.TCP):
            end = f"{port.endpoints[0]} ({port.backend})"
            said = f"{host.name} sends {DNS_PORT}/udp to {end}; no rule speaks of {DNS_PORT}/tcp."
            return (add_port(port.service, tcp, port.endpoints[0].port, vip, point.name),), (said,), True
    direct = _direct(network, vip, "tcp")
    service = direct[0].port.service if direct else None
    what = "Let it serve DNS over TCP as well, or keep its answers below 1232 bytes."
    failing = any(each.answer.rcode is None for each in direct)
    return (resolver_configuration(service, vip, point.name, what),), tuple(map(_compared, direct)), failing
