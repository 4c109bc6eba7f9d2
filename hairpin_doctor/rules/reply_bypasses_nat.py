"""The backend answers the client directly, past the node that translated the request, so the answer's source is wrong.

Why: The node sends the client's packet to a backend on the client's own link without hiding the client's address. The
backend answers on the link, the translation is not undone, and the client gets an answer from an address it never asked.
Seen as: TCP gets silence or a reset, UDP an answer "from another address"; clients beyond a router are served.
Told apart from: HD403 by the SYN-ACK's source address, which is the backend's and not the VIP's; a UDP server that answers
from its host's main address by TCP, which it serves.
By hand: On the client, the SYN goes to the VIP and the SYN-ACK comes from the backend's own address.
    tcpdump -eni IF 'tcp[tcpflags] & tcp-syn != 0'
    iptables-save -t nat | grep -i masq
Fix: Masquerade these connections on the node, as external traffic policy Cluster does.
Unsure when: Nobody could see the frames (no CAP_NET_RAW) and the host was not scanned.
References: RFC 9293; conntrack(8); kubernetes/kubernetes#65358.
"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import IptablesRule
from hairpin_doctor.fixes.changes.packet_filter import IPTABLES
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import failing_ports
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import failing_clients, macs_used, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts
from probes.questions.traffic import Endpoint
from probes.routes import RouteFacts
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Address, Protocol, ServicePort
from probes.target import Network as Prefix
from probes.tcp import TcpFacts, frames_received
from probes.udp import UdpFacts


@dataclass(frozen=True)
class _Stray:
    """An answer for `port` that came from another address; `beyond_doubt`: a SYN-ACK from another station."""

    port: ServicePort
    source: Endpoint
    mac: str | None
    beyond_doubt: bool


@rule("HD306", "reply-bypasses-nat", Severity.BROKEN, explains=("HD302", "HD303"), ipv6=Ipv6.PROVEN)
def reply_bypasses_nat(network: Network, vip: Address) -> Verdict:
    """An answer from an on-link address that is not the VIP, and a rule that sends the VIP there."""
    for client in failing_clients(network, vip):
        strays = _strays(client, vip)
        if strays:
            return _judge(network, client, vip, strays)
    if any(client.findings.get(TcpFacts) is None for client in failing_clients(network, vip)):
        raise network.need_client(vip, "from which address TCP answers come")
    return Cleared(f"no answer comes from an on-link address other than {vip}")


def _judge(network: Network, client: VantagePoint, vip: Address, strays: list[_Stray]) -> Verdict:
    found = [(host, port) for host in network.hosts(vip) for port in _leading(host, vip, strays)]
    sure = [each for each in strays if each.beyond_doubt]
    if not sure and not network.hosts(vip):
        what = (
            f"whether a node translates {vip} to {strays[0].source.address}, or a server there answers badly"
        )
        raise MissingFacts(what, None, network.need_host(vip, what).how_to_get)
    if network.hosts(vip) and not found:
        return Cleared(f"no rule of a scanned host sends {vip} to {strays[0].source.address}")
    host = found[0][0].name if found else None
    best_first = [*sure, *(each for each in strays if each not in sure)]
    return _diagnosis(client, vip, best_first, host, found[0][1] if found else None)


def _leading(host: VantagePoint, vip: Address, strays: list[_Stray]) -> list[ProgrammedPort]:
    """The host's rules that send the VIP to where the answers came from, with the client's own address."""
    rules = host.findings[ServiceRulesFacts]
    return [
        port
        for stray in strays
        for port in rules.at(vip, stray.port.port, stray.port.protocol)
        if stray.source in port.endpoints and port.masquerade is not True
    ]


def _strays(client: VantagePoint, vip: Address) -> list[_Stray]:
    found: list[_Stray] = []
    for port in failing_ports(client, vip):
        for source, mac in _answers(client, vip, port):
            if source.address != vip and any(source.address in prefix for prefix in _own_links(client)):
                told = mac is not None and mac not in macs_used(client, vip)
                found.append(_Stray(port, source, mac, told))
    return found


def _own_links(client: VantagePoint) -> list[Prefix]:
    return [each.prefix for each in client.findings[RouteFacts].connected]


def _answers(client: VantagePoint, vip: Address, port: ServicePort) -> list[tuple[Endpoint, str | None]]:
    """(source, MAC where it was seen) of what came back: SYN-ACKs, and answers to datagrams."""
    tcp, dns, udp = (
        client.findings.get(TcpFacts),
        client.findings.get(DnsFacts),
        client.findings.get(UdpFacts),
    )
    if port.protocol is Protocol.TCP:
        handshake = tcp.answer(vip, port.port) if tcp else None
        frames = frames_received(handshake) if handshake else ()
        return [(frame.source, frame.source_mac) for frame in frames if "SYN" in frame.flags]
    query = dns.answer(vip, "udp") if dns and port.port == 53 else None
    datagram = udp.answer(vip, port.port) if udp else None
    sources = [each.replied_from for each in (query, datagram) if each is not None]
    return [(source, None) for source in sources if source is not None]


def _of(vip: Address, port: ServicePort) -> str:
    return f"{Endpoint(vip, port.port)}/{port.protocol}"


def _diagnosis(
    client: VantagePoint, vip: Address, strays: list[_Stray], host: str | None, port: ProgrammedPort | None
) -> Diagnosis:
    first = strays[0]
    by = f" (MAC {first.mac}, another station than the one that answers for {vip})" if first.mac else ""
    kind = "The SYN-ACK" if first.port.protocol is Protocol.TCP else "The answer"
    because = [symptom(client, vip), f"{kind} for {_of(vip, first.port)} comes from {first.source}{by}."]
    because.append(f"{first.source.address} is on {client.name}'s own link: it answers past the node.")
    if port is not None:
        because.append(
            f"{host} sends {_of(vip, first.port)} there and leaves the client's address ({port.backend})."
        )
    return Diagnosis(
        summary=f"{first.source.address} answers {client.name} directly, past the node that translated {vip}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if port is not None and first.beyond_doubt else Confidence.LIKELY,
        fixes=(_masquerade(client, vip, strays, host),),
        ruled_out=("HD403: the answer's source is not the VIP.", "HD503: the backend answers."),
    )


def _masquerade(client: VantagePoint, vip: Address, strays: list[_Stray], host: str | None) -> Fix:
    subnets = [prefix for prefix in _own_links(client) if strays[0].source.address in prefix]
    rules = list(
        dict.fromkeys(
            f"-s {subnets[0]} -d {each.source.address} -p {each.port.protocol} --dport {each.source.port} "
            f"-m conntrack --ctstate DNAT --ctorigdst {vip} -j MASQUERADE"
            for each in strays
        )
    )
    step = Step(
        place="host",
        machine=host or f"the node that answers for {vip}",
        why="the backend then answers the node, which undoes the translation",
        changes=tuple(
            IptablesRule(IPTABLES[vip.version], "nat", "POSTROUTING", each, insert=False) for each in rules
        ),
    )
    caution = "The backend sees the node's address instead of the client's; external traffic policy Cluster does the same."
    return Fix(f"Masquerade connections to {vip}", (step,), check_from_client(vip, client.name), (caution,))
