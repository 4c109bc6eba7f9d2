"""A packet filter rule on the host or on the client drops or rejects the client's packets to the VIP, or the answers.

Why: The packets are translated and then meet the filter chains like any forwarded packet. A firewall's rule, or the
policy of a chain (Docker sets FORWARD to DROP), ends their way there, whatever another base chain accepts (nft(8)).
Seen as: ARP works; the ports get silence, "refused" by an ICMP message, or "administratively prohibited"; ping may work.
On the client itself, sending UDP is refused (EPERM), no SYN leaves it, or a SYN-ACK comes in that it does not take.
Told apart from: HD305 by the frames, which this host receives itself; HD502 and HD505 by the rule, which is not the
service proxy's; HD504 by the ruleset that drops, which also holds the service; HD503 by the endpoint, which serves the host.
By hand: The counter of a rule or policy rises with every try of the client. Of rules that do not count, a trace names the
one that drops (drop the table when you have seen it).
    iptables-save -c -t filter
    nft list ruleset
    nft 'add table ip seen; add chain ip seen in { type filter hook prerouting priority -350; }'
    nft add rule ip seen in ip daddr VIP meta nftrace set 1
    nft monitor trace
    nft delete table ip seen
Fix: Accept the service's connections in the chain that stops them, in front of the rule.
Unsure when: Conditions decide that a description of a packet does not tell (rates, ipsets, marks): then it is not named.
References: nft(8); iptables(8); https://docs.docker.com/engine/network/packet-filtering-firewalls/;
kubernetes/kubernetes#85082.
"""

from __future__ import annotations

from collections.abc import Iterable

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.client_filter import REFUSED, OwnStop, own_stops, refused_by_itself
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.allow import allow, allow_on_the_client
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import Stopped, possibly_stopped, refused_by_proxy, shut_out, stopped
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts
from probes.icmp import IcmpFacts
from probes.interfaces import InterfaceFacts
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    DatagramOutcome,
    Handshake,
)
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address
from probes.tcp import TcpFacts, frames_received
from probes.udp import UdpFacts


@rule("HD405", "firewall-drops", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def firewall_drops(network: Network, vip: Address) -> Verdict:
    """A rule that surely stops the client's packets where they arrive, or somebody who says that he does."""
    for client in failing_clients(network, vip):
        told = _prohibited(client, vip)
        if told and _fails_alike(client, vip, told) and not _own(network, vip, told):
            return _told(client, vip, told)
        own = own_stops(client, vip)
        if own:
            return _at_the_client(client, vip, own)
    _suspect_the_client(network, vip)
    found = [
        (each, _foreign(each, vip)) for each in arrivals(network, vip, "whether a rule of it drops them")
    ]
    for arrival, stops in found:
        if stops:
            return _named(arrival, vip, stops)
    _known_to(vip, (arrival for arrival, _ in found))
    names = ", ".join(dict.fromkeys(arrival.host.name for arrival, _ in found))
    return Cleared(
        f"no rule or policy on {names}, but for the service proxy's own, surely stops these packets"
    )


def _known_to(vip: Address, found: Iterable[Arrival]) -> None:
    """Raises MissingFacts where a rule may stop a client of which the host did not know: by which interface it comes in."""
    for arrival in found:
        host, client = arrival.host, arrival.client
        address = client.address_towards(vip)
        if address is None or host.findings[RouteFacts].asked(address):
            continue
        if possibly_stopped(host, client, vip, arrival.ports):
            raise Network.need_another_scan(
                host, client, f"whether a rule of {host.name} stops {client.name}"
            )


def _at_the_client(client: VantagePoint, vip: Address, own: tuple[OwnStop, ...]) -> Diagnosis:
    stops = [each.stopped for each in own]
    first = stops[0]
    what = f"the policy of {first.by.chain}" if first.by.is_policy else f"a rule in {first.by.chain}"
    whom = f"what it sends to {vip}" if first.way == "sent" else f"the answers of {vip}"
    because = (
        symptom(client, vip),
        *_rules(stops),
        *dict.fromkeys(each.seen for each in own if each.seen is not None),
    )
    return Diagnosis(
        summary=f"{what} ({first.by.backend}, {first.by.table}) on {client.name} itself {first.by.action}s {whom}",
        because=because,
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if any(each.seen for each in own) else Confidence.LIKELY,
        fixes=(allow_on_the_client(vip, client.name, stops),),
        ruled_out=(
            "HD502, HD505: the packets or their answers end at the client, not at the service proxy.",
        ),
        lost="requests" if first.way == "sent" else "answers",
    )


def _suspect_the_client(network: Network, vip: Address) -> None:
    """A full connection tracking table of the client's refuses just so, and rules may not be readable: no more is said."""
    for client in failing_clients(network, vip):
        refused = refused_by_itself(client, vip)
        if refused:
            raise MissingFacts(
                f"what on {client.name} itself refuses to send to {vip} port {', '.join(refused)} ({REFUSED})",
                None,
                f"as root on {client.name}: nft list ruleset; iptables-save -c; dmesg | grep conntrack",
            )


def _foreign(arrival: Arrival, vip: Address) -> list[Stopped]:
    """What is stopped, and not by the service proxy on purpose, nor merely because nothing translates it."""
    host = arrival.host
    found = stopped(host, arrival.client, vip, arrival.ports)
    return [each for each in found if not _explained(host, arrival.client, vip, each)]


def _explained(host: VantagePoint, client: VantagePoint, vip: Address, found: Stopped) -> bool:
    if refused_by_proxy(host, vip, found.port) or shut_out(host, client, vip, found.port):
        return True
    rules, routes = host.findings[ServiceRulesFacts], host.findings[RouteFacts]
    programmed = rules.at(vip, found.port.port, found.port.protocol)
    return not programmed and not routes.is_local(vip) and found.by.hook != "prerouting"


def _named(arrival: Arrival, vip: Address, stops: list[Stopped]) -> Diagnosis:
    host, client = arrival.host, arrival.client
    told = _prohibited(client, vip)
    because = [symptom(client, vip), *_rules(stops)]
    if told:
        because.append(f"{told.sender} says so itself: {_word(told)}.")
    first = stops[0].by
    what = f"the policy of {first.chain}" if first.is_policy else f"a rule in {first.chain}"
    return Diagnosis(
        summary=f"{what} ({first.backend}, {first.table}) on {host.name} {first.action}s what {client.name} sends to {vip}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=_confidence(arrival, stops, told),
        fixes=(allow(host.name, vip, client.name, stops),),
        ruled_out=("HD502, HD505: the service proxy lets this client in.", *_answering(arrival, vip)),
    )


def _rules(stops: list[Stopped]) -> list[str]:
    """A sentence for each rule that stops something."""
    return [
        f"{_ports(stops, each)}: {each.action} by {each.backend}, table {each.table}, chain {each.chain}: {each.rule}"
        + (f" (it has stopped {each.packets} packets so far)." if each.packets else ".")
        for each in dict.fromkeys(each.by for each in stops)
    ]


def _confidence(arrival: Arrival, stops: list[Stopped], told: IcmpMessage | None) -> Confidence:
    if told:
        return Confidence.PROVEN
    counted = any(each.by.packets and not each.by.is_policy for each in stops)
    return Confidence.LIKELY if arrival.sure or counted else Confidence.POSSIBLE


def _ports(stops: list[Stopped], by: object) -> str:
    return ", ".join(str(each.port) for each in stops if each.by == by)


def _answering(arrival: Arrival, vip: Address) -> tuple[str, ...]:
    works = [s for s in arrival.host.states_of(vip) if s.works == "works"]
    return (f"HD503: {arrival.host.name} itself is served by the backend.",) if works else ()


def _prohibited(client: VantagePoint, vip: Address) -> IcmpMessage | None:
    """Somebody's word that our ping was refused on purpose."""
    icmp = client.findings.get(IcmpFacts)
    answer = icmp.answer(vip) if icmp else None
    messages = (answer.messages if answer else None) or ()
    return next((m for m in messages if m.is_prohibited or m.is_port_unreachable), None)


def _word(told: IcmpMessage) -> str:
    said = f"ICMP {told.type}/{told.code}"
    if told.is_port_unreachable:
        return f"port unreachable ({said}) even to ping, which has no port: a REJECT rule"
    return f"administratively prohibited ({said})"


def _fails_alike(client: VantagePoint, vip: Address, told: IcmpMessage) -> bool:
    """Whether a port fails by an ICMP error too: then not only ping is refused."""
    if told.is_port_unreachable:
        return _refused_by_icmp(client, vip)
    tcp, dns, udp = (client.findings.get(facts) for facts in (TcpFacts, DnsFacts, UdpFacts))
    outcomes: list[str] = [answer.outcome for answer in (tcp.of(vip) if isinstance(tcp, TcpFacts) else ())]
    for facts in (dns, udp):
        answers = facts.answers if isinstance(facts, DnsFacts | UdpFacts) else ()
        outcomes += [each.outcome for each in answers if each.destination.address == vip]
    return any(each in (Handshake.UNREACHABLE, DatagramOutcome.UNREACHABLE) for each in outcomes)


def _refused_by_icmp(client: VantagePoint, vip: Address) -> bool:
    """A TCP port that is refused, and no frame came in from it, so that it was no RST; or a UDP port."""
    tcp, dns, udp = (client.findings.get(facts) for facts in (TcpFacts, DnsFacts, UdpFacts))
    handshakes = tcp.of(vip) if isinstance(tcp, TcpFacts) else ()
    if any(
        e.outcome is Handshake.REFUSED and e.frames is not None and not frames_received(e) for e in handshakes
    ):
        return True
    answers = [
        each
        for facts in (dns, udp)
        for each in (facts.answers if isinstance(facts, DnsFacts | UdpFacts) else ())
    ]
    return any(
        each.outcome is DatagramOutcome.REFUSED and each.destination.address == vip for each in answers
    )


def _own(network: Network, vip: Address, told: IcmpMessage) -> bool:
    """Whether a scanned host said it: then its very rule can be named."""
    hosts = (host.findings.get(InterfaceFacts) for host in network.hosts(vip))
    return any(facts is not None and facts.with_address(told.sender) for facts in hosts)


def _told(client: VantagePoint, vip: Address, told: IcmpMessage) -> Diagnosis:
    return Diagnosis(
        summary=f"a packet filter on {told.sender} rejects what {client.name} sends to {vip}",
        because=(
            symptom(client, vip),
            f"{told.sender} answers {client.name}: {_word(told)}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_look(client, vip, told.sender),),
    )


def _look(client: VantagePoint, vip: Address, where: Address) -> Fix:
    text = f"Find the rule on {where} that rejects (hairpin-doctor scan --with names it) and accept {vip} before it."
    step = Step("host", str(where), "only its own rules tell which one it is", instructions=text)
    return Fix(f"Let {where} accept {vip}", (step,), check_from_client(vip, client.name))
