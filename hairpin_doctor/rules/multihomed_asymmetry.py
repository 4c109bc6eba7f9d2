"""The answers to the client leave by another interface than its requests came in by, and do not arrive.

Why: Linux routes every packet by its destination alone. On a host with several NICs the way back to a client may lead by
another one than the client's packets took: to a router that does not know the flow, that filters the VIP as a foreign
source (RFC 2827), or that has no way to the client at all.
Seen as: Silence for TCP and UDP although the backend answers; the host's connection tracking shows the answer.
Told apart from: HD406 by the table that decides, which is the main one; HD410, where there is no route, or one into a
subnet of the host's own in which the client is not; HD401 (strict rp_filter drops the request
itself) and HD503 by the answer that connection tracking has seen; HD207 by the host's own routing.
By hand: On the host: the request comes in by one interface, and the way back to the client leads by another.
    ip route get CLIENT
    tcpdump -eni any host CLIENT and port PORT
    conntrack -L -d VIP
Fix: A route to the client by the interface that its requests come in by; in the end one NIC per LAN.
Unsure when: The client comes by a router and several hosts were scanned: then nobody knows which one it reaches.
References: RFC 2827; ip-route(8); metallb/metallb#610.
"""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import RouteEntry
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.ways_of_answers import Astray, answers_astray, overlapping, what_happened
from probes.routes import RouteFacts
from probes.target import Address


@rule("HD402", "multihomed-asymmetry", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def multihomed_asymmetry(network: Network, vip: Address) -> Verdict:
    """The answer was made, and the main table sends it to another segment."""
    astray = answers_astray(network, vip)
    host, client = astray.arrival.host, astray.arrival.client
    if astray.way.by_policy or astray.way.refused:
        return Cleared(f"no route of the main table sends answers to {client.name} elsewhere")
    if overlapping(astray.arrival, vip, astray.came_in, astray.way):
        return Cleared(f"{astray.leaves_by} is no way to {client.name}: that subnet is another network's")
    return Diagnosis(
        summary=f"{host.name} gets requests of {client.name} by {astray.came_in.name} and answers by {astray.leaves_by}",
        because=what_happened(astray, vip),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_fix(astray, vip),),
        ruled_out=(
            "HD406: no policy rule decides.",
            "HD401, HD503: the request got in, and the backend answers.",
        ),
    )


def _fix(astray: Astray, vip: Address) -> Fix:
    host, client = astray.arrival.host, astray.arrival.client
    address, interface = astray.way.client, astray.came_in.name
    check = check_from_client(vip, client.name)
    title = f"Answer {client.name} by {interface}"
    routes = host.findings[RouteFacts]
    near = any(address in each.prefix and each.interface == interface for each in routes.connected)
    default = routes.default_towards(address)
    by_default = default.gateway if default and default.interface == interface else None
    if not near and by_default is None:
        text = (
            f"Route the subnet of {address} by the gateway of {interface}, or answer connections that came in by "
            f"{interface} through it: mark them (CONNMARK) and give the mark a routing table (ip rule fwmark)."
        )
        step = Step("host", host.name, "an answer should leave as the request came", instructions=text)
        return Fix(title, (step,), check)
    via = str(by_default) if by_default and not near else None
    step = Step(
        place="host",
        machine=host.name,
        why="an answer should leave as the request came",
        changes=(RouteEntry(f"{address}/{address.max_prefixlen}", interface, via),),
    )
    caution = f"For this client alone: widen it to its subnet, or correct the route that leads to {astray.leaves_by}."
    return Fix(title, (step,), check, (caution,))
