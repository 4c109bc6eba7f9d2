"""The host has no way back to the client: no route, one that forbids, a silent gateway, or a subnet with its numbers.

Why: A request that arrives needs no route back, an answer does. A node without a default route answers its own subnet only;
a route of the type blackhole, unreachable or prohibit (fail2ban can ban by one) forbids the answer; a gateway that is gone
(a second default route with a smaller metric wins, ip-route(8)) loses it; and a network that containers or pods were given
(172.17.0.0/16, 10.42.0.0/16) takes the answers to a client's subnet of the same numbers. With rp_filter on, the kernel
drops even the request of whom it knows no way to. Over IPv6 a machine that forwards, as every node does, takes no default
route from router advertisements unless accept_ra is 2 for the interface (ip-sysctl); it has no rp_filter.
Seen as: Silence for some clients, often those behind a router, while the others are served. ARP is answered.
Told apart from: HD406 by the main table, which decides, as no policy rule refuses; HD402, whose route leads by another NIC
to where the client may be; HD401, whose filter drops a client that the node has a way to; HD405 and HD503 by the answer
that connection tracking has seen; HD403 by the silence before the handshake; HD409, where the client has no route.
By hand: On the host, ask for the way of the answer, for all routes that hold the client, and who is heard there.
    ip rule show
    ip route get CLIENT from ENDPOINT iif IF
    ip route show table all match CLIENT
    sysctl net.ipv6.conf.IF.accept_ra net.ipv6.conf.all.forwarding
    ip neigh show GATEWAY
    conntrack -L -d VIP
Fix: The route that is missing, by a router that is there; or take away the one that forbids or captures it.
Unsure when: The client comes by a router and several hosts were scanned; or rp_filter drops requests, so none is tracked.
References: ip-route(8); ip-neighbour(8); RFC 1812; net/ipv4/fib_frontend.c; Documentation/networking/ip-sysctl.rst; https://docs.docker.com/reference/cli/dockerd/.
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.way_back import out_of_the_overlap, route_to_the_client, without_the_ban
from hairpin_doctor.likewise import together
from hairpin_doctor.network import Network
from hairpin_doctor.refusing_rules import refusing_rules
from hairpin_doctor.rule import Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, symptom
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from hairpin_doctor.ways_of_answers import came_in_by, overlapping, untracked, ways_of_answers
from hairpin_doctor.ways_to_endpoints import forbidding
from probes.connections import ConnectionFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.questions.links import Link
from probes.questions.routing import HoldingRoute
from probes.routes import RouteFacts
from probes.target import Address
from probes.target import Network as Prefix
from probes.ways_back import FORBIDDING, WayBack, WayBackFacts


@rule("HD410", "no-way-back", Severity.BROKEN, explains=("HD401", "HD402"), ipv6=Ipv6.PROVEN)
def no_way_back(network: Network, vip: Address) -> Verdict:
    """Requests arrive, and the kernel's own lookup for the answer finds nothing, nobody, or a subnet without the client."""
    found: list[tuple[str, Diagnosis]] = []
    refusals: list[NotThis | MissingFacts] = []
    for arrival in arrivals(network, vip, f"whether there is a way back from {vip}"):
        try:
            found.append((arrival.client.name, _judge(arrival, vip)))
        except (NotThis, MissingFacts) as reason:
            refusals.append(reason)
    if found:
        return together(found)
    raise next((each for each in refusals if isinstance(each, MissingFacts)), refusals[0])


def _judge(arrival: Arrival, vip: Address) -> Diagnosis:
    ways = ways_of_answers(arrival, vip)
    if not ways:
        raise NotThis(f"nothing on {arrival.host.name} would answer for {vip}")
    if any(way.by_policy for way in ways):
        raise NotThis(f"a policy rule of {arrival.host.name} decides about answers to {arrival.client.name}")
    if all(way.refused for way in ways):
        return _refused(arrival, vip, ways[0])
    silent = arrival.host.findings[WayBackFacts].silent
    if all(way.refused or (way.route and way.route.gateway in silent) for way in ways):
        return _unanswered(arrival, vip, next(way for way in ways if not way.refused))
    came_in = came_in_by(arrival, vip)
    prefix = overlapping(arrival, vip, came_in, ways[0])
    if prefix is None:
        raise NotThis(f"{arrival.host.name} has a route to {arrival.client.name}")
    return _overlapped(arrival, vip, ways[0], came_in, prefix)


def _refused(arrival: Arrival, vip: Address, way: WayBack) -> Diagnosis:
    """No route, or one that forbids it."""
    host, client = arrival.host, arrival.client
    routes = host.findings[RouteFacts]
    if routes.asked(way.client) and not _refuses(routes, way.client):
        raise NotThis(f"{host.name} has a route to {client.name}, and refuses these answers alone")
    if refusing_rules(host, client, way):
        raise NotThis(f"a policy rule of {host.name} refuses answers to {client.name}")
    refusal = host.findings[WayBackFacts].refusal(way.client)
    deciding = refusal.deciding if refusal else None
    if deciding is not None and deciding.type not in FORBIDDING:
        raise NotThis(f"the main table of {host.name} has a route to {client.name}")
    evidence = _arrived(arrival, vip, strict=False)
    what = f"{forbidding(deciding)} for {deciding.prefix}" if deciding else "no route to it"
    return Diagnosis(
        summary=f"{host.name} answers {client.name} and has {what}",
        because=(
            symptom(client, vip),
            evidence,
            f"Asked for the way of an answer from {way.source} to {way.client}, the kernel of {host.name} refuses.",
            *_which(host, deciding, way.client, listed=refusal is not None),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN
        if arrival.sure and refusal and tracked(host, client, vip)
        else Confidence.LIKELY,
        fixes=(
            without_the_ban(host.name, client.name, vip, deciding)
            if deciding
            else route_to_the_client(host.name, client.name, vip, way.client),
        ),
        ruled_out=(
            "HD402, HD406: no table sends the answer elsewhere.",
            "HD409: the client's packets arrive.",
        ),
        clients=(client.name,),
    )


def _refuses(routes: RouteFacts, client: Address) -> bool:
    """Whether the kernel has no route for what the host itself sends there either."""
    route = routes.route(client)
    return route is None or route.type in FORBIDDING


def _which(
    host: VantagePoint, deciding: HoldingRoute | None, client: Address, *, listed: bool
) -> tuple[str, ...]:
    """What forbids it, as far as the host's routes were `listed`."""
    if deciding is not None:
        return (f"Its main table forbids it: {deciding.type} {deciding.prefix}.",)
    if not listed:
        return ()
    if host.findings[RouteFacts].default_towards(client) is not None:
        return (
            f"No route of its main table holds {client}, and it has a default route in another table only.",
        )
    said = f"No route of its main table holds {client}, and it has no default route."
    settings = host.findings.get(InterfaceSysctlFacts)
    if client.version == 6 and settings and settings.forwards(6):
        return (
            said,
            "It forwards IPv6: its kernel takes no default route from router advertisements unless accept_ra is 2.",
        )
    return (said,)


def _unanswered(arrival: Arrival, vip: Address, way: WayBack) -> Diagnosis:
    """A gateway for which nobody answers."""
    host, client, route = arrival.host, arrival.client, way.route
    hop, out = (route.gateway, route.interface) if route else (None, None)
    return Diagnosis(
        summary=f"{host.name} answers {client.name} by way of {hop}, for which nobody answers",
        because=(
            symptom(client, vip),
            _arrived(arrival, vip, strict=True),
            f"The way back to {way.client} leads out by {out} to {hop}, for whose MAC {host.name} asked in vain.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(route_to_the_client(host.name, client.name, vip, way.client, hop),),
        ruled_out=("HD406: no policy rule decides.", "HD503: the backend answers."),
        clients=(client.name,),
    )


def _overlapped(arrival: Arrival, vip: Address, way: WayBack, came_in: Link, prefix: Prefix) -> Diagnosis:
    """A subnet of the host's own holds the client's address."""
    host, client = arrival.host, arrival.client
    interface = (way.route.interface if way.route else None) or "?"
    inside = way.incoming == interface
    evidence = _arrived(arrival, vip, strict=True, answered=not inside)
    default = host.findings[RouteFacts].default_towards(vip)
    near = default is not None and default.interface == came_in.name and not inside
    gateway = (came_in.name, default.gateway) if default and default.gateway and near else None
    return Diagnosis(
        summary=f"{prefix} on {interface} of {host.name} holds the address of {client.name}, which is not there",
        because=(
            symptom(client, vip),
            evidence,
            f"Requests come in by {came_in.name}; an answer to {way.client} stays in {prefix} on {interface}, where nobody "
            "has that address.",
            *(
                (f"The endpoint {way.source} itself takes the client to be its neighbour there.",)
                if inside
                else ()
            ),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(out_of_the_overlap(host.name, client.name, vip, way.client, prefix, gateway),),
        ruled_out=(
            "HD406: the main table decides.",
            f"HD402: {interface} is no way to the client: asked for there, it is not heard.",
        ),
        clients=(client.name,),
    )


def _arrived(arrival: Arrival, vip: Address, *, strict: bool, answered: bool = True) -> str:
    """That requests get to the host. Raises NotThis where another cause would keep them from being answered.

    `strict`: there is a route, so that only the strict filter drops requests; `answered`: the answer gets to the host.
    """
    host, client = arrival.host, arrival.client
    host.findings[ConnectionFacts]
    flows = tracked(host, client, vip)
    own = host.findings[RouteFacts].is_local(vip)
    if any(flow.seen_reply for flow in flows):
        return f"{host.name} tracks connections of {client.name} to {vip} as answered: answers were made, and went nowhere."
    if flows and (own or not answered):
        return f"{host.name} tracks connections of {client.name} to {vip}: they arrive, and no answer leaves."
    unseen = None if flows else untracked(host, vip)
    if unseen:
        return unseen
    came_in = came_in_by(arrival, vip)
    mode = _filter(arrival, came_in, vip)
    if flows or not (mode == 1 if strict else mode):
        said = "without an answer" if flows else "nothing"
        raise NotThis(f"{host.name} tracks {said} of {client.name} to {vip}")
    return (
        f"{host.name} tracks nothing of {client.name}: rp_filter is {mode} on {came_in.name}, and drops whoever it has no "
        "way back to."
    )


def _filter(arrival: Arrival, came_in: Link, vip: Address) -> int:
    """The reverse path filter's mode where requests come in; IPv6 has none."""
    if vip.version == 6:
        return 0
    found = arrival.host.findings[InterfaceSysctlFacts].of(came_in.name)
    return (found.rp_filter or 0) if found else 0
