"""On the machine that serves the VIP: its service rule, the interface towards the endpoints, the endpoints, the way back."""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.packet_filter import failing_ports, refused_by_proxy
from hairpin_doctor.service_path.hop import Evidence, Hop, Kind
from hairpin_doctor.service_path.trip import Trip
from hairpin_doctor.vantage_point import VantagePoint
from probes.dns import DnsFacts
from probes.endpoints import EndpointFacts, EndpointFound
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.probe import Scope
from probes.questions.links import Link
from probes.questions.traffic import DatagramOutcome, Endpoint, Handshake
from probes.routes import RouteFacts
from probes.service_rules import ProgrammedPort, ServiceRulesFacts
from probes.target import Address, Protocol, ServicePort
from probes.tcp import TcpFacts
from probes.udp import UdpFacts

SHOWN_AT_MOST = 2


def host_hops(trip: Trip) -> Iterator[Hop]:
    """Service rule, way out and endpoints of the server that gets the client's packets."""
    server = trip.server
    if server is None:
        said = f"no machine that serves {trip.vip} was looked at"
        if trip.network.hosts(trip.vip):
            said = f"what the machine that gets the packets does with {trip.vip} was not seen"
        yield Hop(Kind.SERVICE, None, None, None, (), Evidence.NOT_SEEN, said)
        yield Hop(Kind.ENDPOINT, None, None, None, (), Evidence.NOT_SEEN, "its endpoints were not seen")
        return
    ports = programmed(server, trip.vip, trip.client.scope)
    translated = any(host is server and flow.reply.source != trip.vip for host, flow in trip.flows)
    yield _service(trip, server, ports, translated)
    passed = Evidence.PASSED if translated else trip.by_others if trip.served else Evidence.NONE
    near = trip.attachment.port if trip.attachment and trip.attachment.host is server else None
    yield from way_out(server, ports, passed, near)
    yield endpoint_hop(server, trip.vip, ports, _endpoint_evidence(trip, ports))
    yield from _way_back(trip)


def programmed(server: VantagePoint, vip: Address, scope: Scope) -> tuple[ProgrammedPort, ...]:
    """What the server's rules do with the ports in scope."""
    rules = server.findings.get(ServiceRulesFacts)
    wanted = {target.port for target in scope.targets if target.vip == vip}
    found = rules.programmed(vip) if rules else ()
    return tuple(each for each in found if each.port in wanted or None in wanted)


def _service(trip: Trip, server: VantagePoint, ports: tuple[ProgrammedPort, ...], translated: bool) -> Hop:
    if trip.served or translated:
        evidence = Evidence.PASSED if translated else trip.by_others
    else:
        evidence = Evidence.HEARD if any(each.kind == "dnat" for each in ports) else Evidence.NONE
    refused = [
        f"{port} is {found.kind}ped" if found.kind == "drop" else f"{port} is rejected"
        for port in failing_ports(trip.client, trip.vip)
        if server.findings.get(ServiceRulesFacts) and (found := refused_by_proxy(server, trip.vip, port))
    ]
    if refused:
        said = f"its service proxy refuses: {', '.join(refused)}"
        return service_hop(server, trip.vip, ports, Evidence.BROKEN, said)
    return service_hop(server, trip.vip, ports, evidence)


def service_hop(
    server: VantagePoint,
    vip: Address,
    ports: tuple[ProgrammedPort, ...],
    evidence: Evidence,
    said: str | None = None,
) -> Hop:
    """The rules of the server for the VIP; a hop that was not seen where they could not be read."""
    rules, routes = server.findings.get(ServiceRulesFacts), server.findings.get(RouteFacts)
    if rules is None:
        said = f"the service rules of {server.name} could not be read"
        known = evidence in (Evidence.PASSED, Evidence.SERVED)
        unread = evidence if known else Evidence.NOT_SEEN
        return Hop(Kind.SERVICE, None, server.name, None, (), unread, said)
    backends = ", ".join(dict.fromkeys(each.backend for each in ports))
    if said is None:
        named = ", ".join(dict.fromkeys(each.service for each in ports if each.service))
        what = ", ".join(dict.fromkeys(str(ServicePort(each.port, each.protocol)) for each in ports))
        said = f"has rules for {what}" + (f" ({named})" if named else "")
        if not ports:
            local = routes is not None and routes.is_local(vip)
            said = f"{vip} is an address of {server.name}" if local else f"has no rule for {vip}"
    return Hop(Kind.SERVICE, backends or None, server.name, None, (vip,), evidence, said)


def way_out(
    server: VantagePoint, ports: tuple[ProgrammedPort, ...], evidence: Evidence, near: Link | None = None
) -> Iterator[Hop]:
    """The interface, or the bridge port, by which the server sends on to the first endpoint; `near`: the client's port."""
    found = next(_found(server, ports), None)
    interfaces = server.findings.get(InterfaceFacts)
    if found is None or found.route is None or interfaces is None:
        return
    link, said = interfaces.by_name(found.route.interface), f"leads to {found.endpoint.address}"
    fdb = server.findings.get(ForwardingDatabaseFacts)
    for entry in fdb.learned(found.mac) if fdb and found.mac else ():
        port = interfaces.by_index(entry.port)
        if link is not None and port is not None and port.master == link.index:
            link = port
            if near is not None and near.index == port.index and port.port is not None:
                said += (
                    f", behind the client's own port; hairpin is {'on' if port.port.hairpin_mode else 'off'}"
                )
    if evidence is Evidence.NONE and found.answers:
        evidence = Evidence.HEARD
    if link is not None:
        yield Hop(Kind.FORWARDING, link.name, server.name, link.mac, (), evidence, said)


def _found(server: VantagePoint, ports: tuple[ProgrammedPort, ...]) -> Iterator[EndpointFound]:
    facts = server.findings.get(EndpointFacts)
    for port in ports:
        for endpoint in port.endpoints:
            found = facts.of(endpoint, port.protocol) if facts else None
            if found is not None:
                yield found


def _all(ports: tuple[ProgrammedPort, ...]) -> tuple[Endpoint, ...]:
    return tuple(dict.fromkeys(endpoint for port in ports for endpoint in port.endpoints))


def _endpoint_evidence(trip: Trip, ports: tuple[ProgrammedPort, ...]) -> Evidence:
    machines = {endpoint.address for endpoint in _all(ports)}
    if any(flow.seen_reply and flow.reply.source in machines for _, flow in trip.flows):
        return Evidence.PASSED
    return trip.by_others if trip.served and len(machines) == 1 else Evidence.NONE


def endpoint_hop(
    server: VantagePoint, vip: Address, ports: tuple[ProgrammedPort, ...], evidence: Evidence
) -> Hop:
    """The endpoints, and what they said to the server when asked directly."""
    found = _all(ports)
    if not found:
        routes = server.findings.get(RouteFacts)
        local = routes is not None and routes.is_local(vip)
        said = f"{server.name} itself, as it seems" if local else "no endpoint shows in its rules"
        return Hop(Kind.ENDPOINT, None, None, None, (), Evidence.NOT_SEEN, said)
    answers = [each.answers for each in _found(server, ports) if each.answers is not None]
    if evidence is Evidence.NONE and answers and all(answers):
        evidence = Evidence.HEARD
    more = f" and {len(found) - SHOWN_AT_MOST} more" if len(found) > SHOWN_AT_MOST else ""
    name = ", ".join(str(each) for each in found[:SHOWN_AT_MOST]) + more
    mac = next((each.mac for each in _found(server, ports) if each.mac), None) if len(found) == 1 else None
    return Hop(Kind.ENDPOINT, name, None, mac, (), evidence, _directly(server, answers))


def _directly(server: VantagePoint, answers: list[bool]) -> str:
    if not answers:
        return f"{server.name} did not ask it directly"
    if all(answers):
        return f"answers {server.name} directly"
    return f"does not answer {server.name} directly" if not any(answers) else "only some answer directly"


def _way_back(trip: Trip) -> Iterator[Hop]:
    """Where answers were seen to leave and the client heard none: the way back, wherever on it they are lost."""
    for host, flow in trip.flows:
        port = ServicePort(flow.original.destination_port or 0, flow.protocol)
        if flow.seen_reply and _unheard(trip.client, trip.vip, port):
            said = f"{flow.reply.source} answers, as {host.name} saw; {trip.client.name} hears nothing"
            yield Hop(Kind.REPLY, None, None, None, (), Evidence.BROKEN, said)
            return


def _unheard(client: VantagePoint, vip: Address, port: ServicePort) -> bool:
    """Whether the client heard nothing at all for this port, no refusal either."""
    if port.protocol is Protocol.TCP:
        tcp = client.findings.get(TcpFacts)
        answer = tcp.answer(vip, port.port) if tcp else None
        return answer is not None and answer.outcome is Handshake.SILENT
    dns, udp = client.findings.get(DnsFacts), client.findings.get(UdpFacts)
    outcomes = [
        found.outcome
        for found in (
            dns.answer(vip, "udp") if dns and port.port == 53 else None,
            udp.answer(vip, port.port) if udp else None,
        )
        if found is not None
    ]
    return bool(outcomes) and all(each is DatagramOutcome.SILENT for each in outcomes)
