"""The backend behind the VIP refuses the connection, as where nothing listens on the port that the Service sends to.

Why: The packet is translated and reaches the endpoint, whose kernel answers with RST (TCP) or ICMP port unreachable
(UDP). The targetPort is wrong, the program is down, it listens on 127.0.0.1 only, or a filter in the pod rejects. Where the
VIP is an address of the machine itself (keepalived with HAProxy or nginx), that machine is the backend.
Seen as: "Connection refused" at once, from every client and from the node itself.
Told apart from: HD405 and Services without endpoints, which refuse by ICMP before the backend is reached, by the endpoint,
which refuses the node's direct question too; HD501 by the rules, which lead to an endpoint; HD203, where the VIP stands on
the machine itself, by the other address that it stands beside, and by nobody else who answers for it or has rules for it.
By hand: From the node, ask the endpoint itself; in the pod, see who listens (an image without ss: `kubectl debug`).
    kubectl -n NAMESPACE get endpointslices -l kubernetes.io/service-name=SERVICE
    nc -zvw2 ENDPOINT TARGETPORT
    kubectl -n NAMESPACE exec POD -- ss -lnt
    ss -lntup
Fix: Make the program listen on the Service's targetPort, or change the targetPort.
Unsure when: The host was not scanned: a refusal seen by a client may come from a packet filter.
References: https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/; RFC 9293; RFC 1122.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.arrival import arrivals
from hairpin_doctor.claimants import claimants, floats, is_node
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import look_at_backend
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import failing_ports
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts
from probes.endpoints import EndpointFacts
from probes.interfaces import InterfaceFacts
from probes.questions.traffic import DatagramOutcome, Endpoint, Handshake
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Address, Protocol, ServicePort
from probes.tcp import TcpFacts
from probes.udp import UdpFacts

OTHER_DATAPATHS = ("cilium_", "kube-ipvs", "bpfin.cali", "bpfout.cali")
"""Interfaces of service datapaths that no ruleset shows."""


@dataclass(frozen=True)
class _Refusal:
    """Who was refused, by way of which host, at which programmed port, and which of its endpoints refuse that host."""

    point: VantagePoint
    host: VantagePoint
    port: ProgrammedPort
    refusing: tuple[str, ...]


@rule("HD503", "backend-refuses", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def backend_refuses(network: Network, vip: Address) -> Verdict:
    """A refusal, and an endpoint that refuses the host's own direct question."""
    if not any(
        refused(each, vip, port) for each in network.vantage_points for port in failing_ports(each, vip)
    ):
        failing_clients(network, vip)
        return Cleared(f"no connection to {vip} is refused")
    if not network.hosts(vip):
        raise network.need_host(vip, "who refuses: the backend, or a packet filter before it")
    found = list(_refusals(network, vip))
    if not found:
        own = _nobody_listens_there(network, vip)
        return own or Cleared(f"no endpoint of {vip} refuses the host's direct question")
    return _diagnosis(vip, found)


def _refusals(network: Network, vip: Address) -> Iterator[_Refusal]:
    for point, host in _ways(network, vip):
        for port in failing_ports(point, vip):
            if not refused(point, vip, port):
                continue
            for programmed in host.findings[ServiceRulesFacts].at(vip, port.port, port.protocol):
                refusing = tuple(_refusing(host, programmed))
                if refusing:
                    yield _Refusal(point, host, programmed, refusing)


def _nobody_listens_there(network: Network, vip: Address) -> Diagnosis | None:
    """The VIP stands on a scanned machine as a floating address does, which serves it by itself and refuses itself too."""
    if any(is_node(each, vip) for each in network.vantage_points):
        return None
    for host in network.hosts(vip):
        own = [port for port in failing_ports(host, vip) if refused(host, vip, port)]
        if own and floats(host, vip) and _alone_and_without_a_proxy(network, host, vip):
            if not network.clients(vip):
                raise network.need_client(
                    vip, f"who else answers for {vip}, on which nothing of {host.name} listens"
                )
            return _nobody_listens(network, host, vip, own)
    return None


def _alone_and_without_a_proxy(network: Network, host: VantagePoint, vip: Address) -> bool:
    """Whether no proxy serves other Services there, and nobody but the host answers for the VIP."""
    rules = host.findings[ServiceRulesFacts]
    links = host.findings[InterfaceFacts].links
    if rules.backends or rules.unread or any(link.name.startswith(OTHER_DATAPATHS) for link in links):
        return False
    answers = {
        each.mac
        for client in network.vantage_points
        if client is not host
        for each in claimants(network, client, vip)
    }
    return all(any(owner.vantage_point is host for owner in network.owners(mac)) for mac in answers)


def _nobody_listens(
    network: Network, host: VantagePoint, vip: Address, refused_ports: list[ServicePort]
) -> Diagnosis:
    ports = ", ".join(map(str, refused_ports))
    link = host.findings[InterfaceFacts].with_address(vip)
    clients = network.failing(vip)
    where = clients[0] if clients else host
    step = Step(
        place="host",
        machine=host.name,
        why="an address alone serves nothing: a program must listen on it, or a rule must send its packets on",
        changes=(Look("ss -lntup"), Look("systemctl --failed")),
        instructions=(
            f"Start what should serve {vip} there (HAProxy, nginx, kube-proxy, ...), listening on {ports} at {vip} or at "
            "every address; have keepalived watch it (vrrp_script with track_script), so that the address goes to "
            "a machine that serves it."
        ),
    )
    return Diagnosis(
        summary=f"nothing on {host.name}, which holds {vip}, listens on {ports}",
        because=(
            symptom(where, vip),
            f"{vip} is an address of {host.name} itself ({link.name if link else 'lo'}), beside another one; no rule there "
            "sends its packets on.",
            f"{host.name} is refused too when it connects to {vip} itself, by way of no network.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(Fix(f"Serve {vip} on {host.name}", (step,), check_from_client(vip, where.name)),),
        ruled_out=(
            "HD405: the machine is refused by itself, past any rule for other machines.",
            "HD203: the address stands beside another one there, and no other machine answers for it.",
        ),
    )


def _ways(network: Network, vip: Address) -> list[tuple[VantagePoint, VantagePoint]]:
    """(vantage point, host that takes its packets): clients, and each host for itself."""
    own = [(host, host) for host in network.hosts(vip)]
    if not network.failing(vip):
        return own
    return [(each.client, each.host) for each in arrivals(network, vip, "who refuses")] + own


def refused(point: VantagePoint, vip: Address, port: ServicePort) -> bool:
    tcp, dns, udp = (point.findings.get(facts) for facts in (TcpFacts, DnsFacts, UdpFacts))
    if port.protocol is Protocol.TCP:
        handshake = tcp.answer(vip, port.port) if isinstance(tcp, TcpFacts) else None
        return handshake is not None and handshake.outcome is Handshake.REFUSED
    query = dns.answer(vip, "udp") if isinstance(dns, DnsFacts) and port.port == 53 else None
    datagram = udp.answer(vip, port.port) if isinstance(udp, UdpFacts) else None
    return any(each is not None and each.outcome is DatagramOutcome.REFUSED for each in (query, datagram))


def _refusing(host: VantagePoint, port: ProgrammedPort) -> Iterator[str]:
    """The endpoints that refuse when asked directly."""
    facts = host.findings[EndpointFacts]
    for endpoint in port.endpoints:
        found = facts.of(endpoint, port.protocol)
        tcp = found is not None and found.handshake and found.handshake.outcome is Handshake.REFUSED
        udp = found is not None and found.datagram and found.datagram.outcome is DatagramOutcome.REFUSED
        if tcp or udp:
            yield str(endpoint)


def _diagnosis(vip: Address, found: list[_Refusal]) -> Diagnosis:
    first = found[0]
    every = all(len(each.refusing) == len(each.port.endpoints) for each in found)
    refusing = ", ".join(dict.fromkeys(f"{end} ({e.port.protocol})" for e in found for end in e.refusing))
    return Diagnosis(
        summary=f"the backend of {vip} refuses connections to {refusing}",
        because=(
            symptom(first.point, vip),
            *dict.fromkeys(
                f"{e.host.name} sends {Endpoint(vip, e.port.port)}/{e.port.protocol} to "
                f"{', '.join(map(str, e.port.endpoints))} ({e.port.backend})."
                for e in found
            ),
            f"Asked directly by {first.host.name}, {refusing} {'refuse' if ',' in refusing else 'refuses'} too.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if every else Confidence.LIKELY,
        fixes=(look_at_backend(first.port.service, vip, first.point.name),),
        ruled_out=("HD405: the host itself is refused, past any rule for forwarded packets.",),
    )
