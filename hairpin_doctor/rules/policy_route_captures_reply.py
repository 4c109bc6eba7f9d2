"""A policy routing rule sends the answers to the client into another table, out by an interface that does not lead back.

Why: Policy rules go before the main table (ip-rule(8)). A VPN that accepts a route to the client's own LAN, or one that
takes all traffic of pods, captures answers too: the request comes in from the LAN, and the answer leaves by the tunnel.
For a translated flow the rule sees the endpoint's address as source, not the VIP: source translation is undone later.
Seen as: Silence for TCP and UDP although the backend answers; the host's connection tracking shows the answer.
Told apart from: HD402 by the table that decides, which is none that every system has; HD401, HD405 and HD503 by the
answer that connection tracking has seen; HD207 by the host's own routing.
By hand: On the host, ask for the way of the answer as the kernel sees it: from the endpoint, which comes in by its
interface.
    ip rule show
    ip route get CLIENT from ENDPOINT iif IF
    conntrack -L -d VIP
Fix: A rule in front that sends traffic for the clients' prefix to the main table.
Unsure when: Rules that look at packet marks decide: nobody can ask the kernel about these.
References: ip-rule(8); net/ipv4/fib_rules.c; tailscale/tailscale#1227; tailscale/tailscale#6231.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import PolicyRule
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, symptom
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.connections import ConnectionFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.links import Link
from probes.questions.routing import RoutingRule
from probes.routes import RouteFacts
from probes.target import Address
from probes.target import Network as Prefix
from probes.ways_back import WayBack, WayBackFacts


@dataclass(frozen=True)
class Astray:
    """Answers that were made and leave by `way`, which is another segment than `came_in`."""

    arrival: Arrival
    came_in: Link
    way: WayBack

    @property
    def leaves_by(self) -> str:
        """The interface, or what the kernel does instead."""
        route = self.way.route
        return route.interface or route.type if route else "no route at all"


@rule("HD406", "policy-route-captures-reply", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def policy_route_captures_reply(network: Network, vip: Address) -> Verdict:
    """The answer was made, and a table of a policy rule sends it to another segment."""
    astray = answers_astray(network, vip)
    host, client = astray.arrival.host, astray.arrival.client
    rules = _capturing(host, astray.way)
    if not astray.way.by_policy and not (astray.way.route is None and rules):
        return Cleared(f"the main table sends answers to {client.name} out by {astray.leaves_by}")
    does = (
        f"sends answers to {client.name} out by {astray.leaves_by}"
        if astray.way.route
        else "discards answers"
    )
    return Diagnosis(
        summary=f"a policy rule of {host.name} {does}",
        because=(
            *what_happened(astray, vip),
            *(f"Its policy rule {each.priority} is: {each.text}." for each in rules),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_fix(astray, vip, rules),),
        ruled_out=("HD402: the main table is not what decides.", "HD503: the backend answers."),
    )


def answers_astray(network: Network, vip: Address) -> Astray:
    """The first failing client whose answers leave by another segment than its requests came in by.

    Raises NotThis where no answer is made or all leave as they should, MissingFacts where that cannot be seen.
    """
    reason: NotThis | None = None
    for arrival in arrivals(network, vip, f"by which way the answers of {vip} leave"):
        try:
            return _astray(arrival, vip)
        except NotThis as found:
            reason = found
    raise reason or NotThis("no packet arrives")


def _astray(arrival: Arrival, vip: Address) -> Astray:
    host, client = arrival.host, arrival.client
    address = client.address_towards(vip)
    came_in = arrival.link or _interface_of(host, vip)
    if address is None or came_in is None:
        raise MissingFacts(f"by which interface {client.name} comes in", host.name, f"scan on {host.name}")
    host.findings[ConnectionFacts]
    flows = tracked(host, client, vip)
    if not any(flow.seen_reply for flow in flows):
        said = "without an answer" if flows else "nothing"
        raise NotThis(f"{host.name} tracks {said} of {client.name} to {vip}")
    ways = host.findings[WayBackFacts].of(vip, address)
    if not ways and not host.findings[RouteFacts].asked(address):
        raise Network.need_another_scan(host, client, f"by which way answers to {client.name} leave")
    translated = [way for way in ways if way.source != vip]
    for way in translated or ways:
        if way.route is None or not (
            _same_segment(host, came_in, way.route.interface) or _meets(host, client, vip, way)
        ):
            return Astray(arrival, came_in, way)
    raise NotThis(f"answers to {client.name} leave by {came_in.name}, as its requests come in")


def _interface_of(host: VantagePoint, vip: Address) -> Link | None:
    """The interface whose prefix holds the VIP: where a router delivers packets for it."""
    connected = host.findings[RouteFacts].connected
    name = next((each.interface for each in connected if vip in each.prefix), None)
    return host.findings[InterfaceFacts].by_name(name)


def _meets(host: VantagePoint, client: VantagePoint, vip: Address, way: WayBack) -> bool:
    """Whether the client itself was heard where the answer leaves: two NICs in one LAN, of which either will do."""
    out = host.findings[InterfaceFacts].by_name(way.route.interface) if way.route else None
    cache, link = host.findings.get(NeighbourFacts), client.link_towards(vip)
    if out is None or cache is None or link is None or way.route is None or way.route.gateway is not None:
        return False
    return any(
        each.address == way.client and each.interface == out.index and each.mac == link.mac
        for each in cache.entries
    )


def _same_segment(host: VantagePoint, came_in: Link, leaves_by: str | None) -> bool:
    """Whether two interfaces are one, stacked on one another or on the same one, or a veth into the same bridge."""
    interfaces = host.findings[InterfaceFacts]
    out = interfaces.by_name(leaves_by)
    return out is not None and bool(_places(interfaces, came_in) & _places(interfaces, out))


def _places(interfaces: InterfaceFacts, link: Link) -> set[int]:
    lower = interfaces.by_index(link.lower)
    found = (link.index, link.master, link.lower, lower.master if lower else None)
    return {each for each in found if each is not None}


def what_happened(astray: Astray, vip: Address) -> tuple[str, ...]:
    """The evidence that HD402 and HD406 share."""
    arrival, way = astray.arrival, astray.way
    source = f"from {way.source}" + (f" (in by {way.incoming})" if way.incoming else "")
    table = f" (table {way.route.table})" if way.route else ""
    return (
        symptom(arrival.client, vip),
        f"{arrival.host.name} tracks connections of {arrival.client.name} to {vip} as answered, so the backend answers.",
        f"Requests come in by {astray.came_in.name}; the kernel of {arrival.host.name} sends an answer {source} to "
        f"{way.client} out by {astray.leaves_by}{table}.",
    )


def _capturing(host: VantagePoint, way: WayBack) -> tuple[RoutingRule, ...]:
    """The policy rules that lead to the deciding table; all of them where the kernel finds no route."""
    rules = host.findings[RouteFacts].rules
    if way.route is None:
        return rules
    return tuple(each for each in rules if f"table {way.route.table}" in each.text.split(", "))


def _fix(astray: Astray, vip: Address, rules: tuple[RoutingRule, ...]) -> Fix:
    host, client = astray.arrival.host, astray.arrival.client
    prefix = clients_prefix(host, astray.way.client)
    priority = max(min((each.priority for each in rules), default=1) - 1, 0)
    step = Step(
        place="host",
        machine=host.name,
        why=f"packets for {prefix} are then routed by the main table, whatever the later rules say",
        changes=(PolicyRule(str(prefix), priority),),
    )
    caution = (
        f"If {prefix} is meant to go by {astray.leaves_by}, exclude it at the VPN instead (no accepted routes for it)."
        if astray.way.route
        else f"Who set the rule meant to stop something (a VPN's kill switch, an old network): then narrow it there "
        f"instead, so that answers to {prefix} are left out."
    )
    return Fix(
        f"Exclude {prefix} from policy routing", (step,), check_from_client(vip, client.name), (caution,)
    )


def clients_prefix(host: VantagePoint, client: Address) -> Prefix:
    """The connected prefix of the host that holds the client, else the client alone."""
    connected = (each.prefix for each in host.findings[RouteFacts].connected if client in each.prefix)
    return next(connected, ip_network(client))
