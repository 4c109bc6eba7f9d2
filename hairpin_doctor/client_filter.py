"""What a client's own packet filter does with its packets to a VIP, and what its own sockets and capture say of that."""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.packet_filter import Stopped, failing_ports
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts
from probes.forward_chain import ForwardChainFacts
from probes.questions.firewall import TrackedConnection
from probes.questions.traffic import Handshake, HandshakeAnswer
from probes.rulesets.passage import Way
from probes.target import Address, Protocol, ServicePort
from probes.tcp import TcpFacts, frames_received, frames_sent
from probes.udp import UdpFacts

NOT_TAKEN_UP = (Handshake.SILENT, Handshake.UNREACHABLE)
REFUSED = "EPERM"
"""What sendto() says of a packet that the output hook drops (NF_DROP, net/netfilter/core.c)."""


@dataclass(frozen=True)
class OwnStop:
    """A port of the VIP whose packets, or the answers to them, the client's own rules surely stop.

    `seen`: a sentence of the client's own sockets or capture that shows it; None where they say neither yes nor no.
    """

    stopped: Stopped
    seen: str | None


def own_stops(client: VantagePoint, vip: Address) -> tuple[OwnStop, ...]:
    """For each failing port the first that stops it, unless the client's own capture shows that the packets pass."""
    facts = client.findings.get(ForwardChainFacts)
    found: list[OwnStop] = []
    if facts is None:
        return ()
    for port in failing_ports(client, vip):
        ways = [
            each
            for each in facts.own
            if (each.vip, each.port, each.protocol) == (vip, port.port, port.protocol)
        ]
        for way in (each for each in ways if each.passes is False and each.stoppers):
            sure = next((each for each in way.stoppers if each.certain), way.stoppers[0])
            passed, seen = _observed(client, vip, port, way.way)
            if not passed:
                found.append(OwnStop(Stopped(port, sure, way.way), seen))
                break
    return tuple(found)


def refused_by_itself(client: VantagePoint, vip: Address) -> tuple[str, ...]:
    """The ports of which the client's own kernel said that it may not send there."""
    dns, udp = client.findings.get(DnsFacts), client.findings.get(UdpFacts)
    over_dns = [(each.destination, each.transport, each.error) for each in (dns.answers if dns else ())]
    over_udp = [(each.destination, "udp", each.error) for each in (udp.answers if udp else ())]
    return tuple(
        f"{end.port}/{protocol}"
        for end, protocol, error in (*over_dns, *over_udp)
        if end.address == vip and error == REFUSED
    )


def may_be_the_attempt(client: VantagePoint, flow: TrackedConnection) -> bool:
    """Whether a tracked flow can be what the client's sockets tried, not a frame that we crafted past its filters.

    A SYN that nobody took up has the source port that the client's own capture saw, and none where it saw none leave.
    """
    vip, port = flow.original.destination, flow.original.destination_port
    if flow.protocol is Protocol.UDP:
        return f"{port}/udp" not in refused_by_itself(client, vip)
    answer = _handshake(client, vip, port)
    if answer is None or answer.frames is None or answer.outcome not in NOT_TAKEN_UP:
        return True
    used = {frame.source.port for frame in frames_sent(answer)}
    return flow.original.source_port in used if used else not _captures(client)


def _observed(client: VantagePoint, vip: Address, port: ServicePort, way: Way) -> tuple[bool, str | None]:
    """Whether the packets were seen to pass after all; and the sentence that shows that they did not."""
    if port.protocol is Protocol.UDP:
        refused = f"{port.port}/udp" in refused_by_itself(client, vip)
        return (
            False,
            f"{client.name} may not even send to {port} ({REFUSED})." if refused and way == "sent" else None,
        )
    answer = _handshake(client, vip, port.port)
    if answer is None or answer.frames is None:
        return False, None
    return _sent(client, port, answer) if way == "sent" else _answered(client, port, answer)


def _sent(client: VantagePoint, port: ServicePort, answer: HandshakeAnswer) -> tuple[bool, str | None]:
    """A capture stands behind the filter on the way out."""
    if frames_sent(answer):
        return True, None
    return False, f"No SYN to {port} was seen to leave {client.name}." if _captures(client) else None


def _answered(client: VantagePoint, port: ServicePort, answer: HandshakeAnswer) -> tuple[bool, str | None]:
    """And before it on the way in."""
    if answer.outcome is not Handshake.SILENT or not frames_received(answer):
        return answer.outcome is not Handshake.SILENT, None
    return False, f"The SYN-ACK from {port} comes in at {client.name}, and its own kernel does not take it."


def _handshake(client: VantagePoint, vip: Address, port: int | None) -> HandshakeAnswer | None:
    tcp = client.findings.get(TcpFacts)
    return next((each for each in (tcp.of(vip) if tcp else ()) if each.destination.port == port), None)


def _captures(client: VantagePoint) -> bool:
    """Whether the capture saw any frame of ours: an empty one may have seen nothing at all."""
    tcp = client.findings.get(TcpFacts)
    return any(frames_sent(each) for each in (tcp.answers if tcp else ()))
