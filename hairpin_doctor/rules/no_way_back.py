"""The host has no way back to the client: no route for its answers, or a gateway that nobody answers for.

Why: An answer is routed like any other packet. A node without a default route serves its own subnet and nobody beyond; one
with a route of the type unreachable, prohibit or blackhole, or with a gateway that is gone (a second default route with a
smaller metric wins, ip-route(8)), loses what it answers. The requests come in all the same.
Seen as: Silence for clients of other subnets, though the backend answers and the node's own subnet is served.
Told apart from: HD402 and HD406, where a route leads elsewhere and a machine takes the answers; HD401, where the missing
route has the request dropped; HD405 by connection tracking, which has seen the answer.
By hand: On the host, the kernel has no route to the client, or the gateway of that route has no MAC.
    ip route get CLIENT
    ip route show default
    ip neigh show GATEWAY
    conntrack -L -d VIP
Fix: A route to the client's subnet, or the default route, by a router that is there.
Unsure when: The backend's answer is not seen in connection tracking: then the packet may be lost before.
References: ip-route(8); ip-neighbour(8); RFC 1812; net/ipv4/route.c.
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from hairpin_doctor.translation import tracked
from probes.questions.routing import Route
from probes.routes import RouteFacts
from probes.target import Address
from probes.ways_back import WayBack, WayBackFacts


@rule("HD410", "no-way-back", Severity.BROKEN, explains=("HD402",), ipv6=Ipv6.UNPROVEN)
def no_way_back(network: Network, vip: Address) -> Verdict:
    """The answer was made, and the main table has no route for it, or one by a gateway that is silent."""
    found = arrivals(network, vip, "whether its answers find back")
    for arrival in found:
        lost = _lost(arrival, vip)
        if lost is not None:
            return _diagnosis(arrival, vip, lost)
    return Cleared(f"{found[0].host.name} made no answer to {found[0].client.name}, or has a way back")


def _lost(arrival: Arrival, vip: Address) -> WayBack | None:
    """A way of answers that leads nowhere, where an answer was made; none where some other way is open."""
    host, address = arrival.host, arrival.client.address_towards(vip)
    facts = host.findings[WayBackFacts]
    ways = facts.of(vip, address) if address else ()
    if not any(flow.seen_reply for flow in tracked(host, arrival.client, vip)):
        return None
    ways = tuple(way for way in ways if way.source != vip) or ways
    rules = host.findings[RouteFacts].rules  # where there are any, the refusal may be theirs: HD406
    dead = [
        way for way in ways if not way.by_policy and _nowhere(way.route, facts) and (way.route or not rules)
    ]
    return dead[0] if dead and len(dead) == len(ways) else None


def _nowhere(route: Route | None, facts: WayBackFacts) -> bool:
    return route is None or route.type != "unicast" or route.gateway in facts.silent


def _diagnosis(arrival: Arrival, vip: Address, way: WayBack) -> Diagnosis:
    host, client, route = arrival.host, arrival.client, way.route
    hop = route.gateway if route and route.type == "unicast" else None
    summary = (
        f"{host.name} answers {client.name} by way of {hop}, for which nobody answers"
        if hop
        else f"{host.name} has no route by which its answers could go to {client.name}"
    )
    kernel = (
        f"The way back to {way.client} leads out by {route.interface} to {hop}, for whose MAC {host.name} asked in vain."
        if hop and route
        else f"The kernel of {host.name} refuses to route an answer from {way.source} to {way.client}."
    )
    step = Step(
        place="host",
        machine=host.name,
        why="an answer needs a route of its own, whatever way the request came",
        changes=(
            Look(f"ip route get {way.client}"),
            Look("ip route show"),
            *((Look(f"ip neigh show {hop}"),) if hop else ()),
        ),
        instructions=(
            f"Give it the default route (or one to the subnet of {way.client}) by the router that the requests come from, "
            "where its routes are configured; take away a default route whose gateway is gone, and routes of the types "
            f"unreachable, prohibit and blackhole that hold {way.client}."
        ),
    )
    return Diagnosis(
        summary=summary,
        because=(
            symptom(client, vip),
            f"{host.name} tracks connections of {client.name} to {vip} as answered, so the backend answers.",
            kernel,
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(Fix(f"Give {host.name} a way back", (step,), check_from_client(vip, client.name)),),
        ruled_out=("HD406: no policy rule decides.", "HD503: the backend answers."),
        clients=(client.name,),
    )
