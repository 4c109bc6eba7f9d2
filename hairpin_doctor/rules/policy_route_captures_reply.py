"""A policy routing rule sends the answers to the client into another table, out by an interface that does not lead back.

Why: Policy rules go before the main table (ip-rule(8)). A VPN that accepts a route to the client's own LAN, or one that
takes all traffic of pods, captures answers too: the request comes in from the LAN, and the answer leaves by the tunnel.
For a translated flow the rule sees the endpoint's address as source, not the VIP: source translation is undone later. One
that takes everything (wg-quick without its rule suppress_prefixlength) captures what the node sends to its own pods as well.
Seen as: Silence for TCP and UDP although the backend answers; the host's connection tracking shows the answer. Where the
endpoint itself is captured, the node gets no answer from it either.
Told apart from: HD402 by the table that decides, which is none that every system has; HD508, where the main table has no
route for the endpoint itself; HD410, where the main table has no route or one that forbids, by the rule whose action or
table refuses; HD401, HD405 and HD503 by the answer that connection tracking has seen; HD207 by the host's own routing.
By hand: On the host, ask for the way of the answer as the kernel sees it: from the endpoint, which comes in by its
interface.
    ip rule show
    ip route get CLIENT from ENDPOINT iif IF
    ip route get ENDPOINT
    conntrack -L -d VIP
Fix: A rule in front that sends traffic for the clients' prefix to the main table.
Unsure when: Rules that look at packet marks decide: nobody can ask the kernel about these.
References: ip-rule(8); net/ipv4/fib_rules.c; tailscale/tailscale#1227; tailscale/tailscale#6231.
"""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import PolicyRule
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.refusing_rules import refusing_rules
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from hairpin_doctor.vantage_point import VantagePoint
from hairpin_doctor.ways_of_answers import Astray, answers_astray, clients_prefix, what_happened
from hairpin_doctor.ways_to_endpoints import captured_endpoints, capturing_rules, leading_to
from probes.pod_paths import Diverted
from probes.questions.routing import RoutingRule
from probes.routes import RouteFacts
from probes.target import Address
from probes.target import Network as Prefix
from probes.ways_back import WayBackFacts


@rule("HD406", "policy-route-captures-reply", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def policy_route_captures_reply(network: Network, vip: Address) -> Verdict:
    """The answer was made, or the request sent on to the endpoint, and a table of a policy rule leads it elsewhere."""
    for host in network.hosts(vip):
        captured = captured_endpoints(host, vip)
        if captured:
            return _requests(network, vip, host, captured[0])
    astray = answers_astray(network, vip)
    host, client = astray.arrival.host, astray.arrival.client
    rules = _capturing(astray)
    if not astray.way.by_policy and not rules:
        return Cleared(f"no policy rule decides about answers to {client.name}: {astray.leaves_by}")
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
        ruled_out=(
            "HD402: the main table is not what decides.",
            *(("HD503: the backend answers.",) if astray.answered else ()),
        ),
    )


def _capturing(astray: Astray) -> tuple[RoutingRule, ...]:
    """The policy rules that lead to the deciding table, or the one that refuses."""
    host, way = astray.arrival.host, astray.way
    if way.route is None:
        return refusing_rules(host, astray.arrival.client, way)
    return leading_to(host.findings[RouteFacts], way.route.table) if way.by_policy else ()


def _requests(network: Network, vip: Address, host: VantagePoint, captured: Diverted) -> Diagnosis:
    """What should go to an endpoint is captured, which its answer never is, for there is none."""
    client = next(iter(network.failing(vip)), host)
    rules, endpoint, main = capturing_rules(host, vip, captured), captured.endpoint, captured.main
    if captured.route is None or captured.refused:
        does = f"discards what is for {endpoint}"
    else:
        does = (
            f"sends what is for {endpoint} out by {captured.route.interface} (table {captured.route.table})"
        )
    whom = tuple(each.prefix for each in (main,) if each)
    return Diagnosis(
        summary=f"a policy rule of {host.name} {does}, an endpoint of {vip}",
        because=(
            symptom(client, vip),
            f"{host.name} gets no answer from {endpoint}; asked for the way there, its kernel {does}.",
            *(
                f"Its main table has a route for it: {each.prefix} by {each.interface}."
                for each in (main,)
                if each
            ),
            *(f"Its policy rule {each.priority} is: {each.text}." for each in rules),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_exclude(host, client, vip, (*whom, *_captured_too(network, host, vip)), rules),),
        ruled_out=(
            "HD508: the main table has a route for the endpoint.",
            "HD503: the question itself is lost.",
        ),
        lost="requests",
    )


def _captured_too(network: Network, host: VantagePoint, vip: Address) -> tuple[Prefix, ...]:
    """The prefixes of failing clients whose answers such a rule captures as well."""
    ways = host.findings.get(WayBackFacts)
    clients = [each.address_towards(vip) for each in network.failing(vip)]
    found = [way for each in clients if ways and each for way in ways.of(vip, each)]
    astray = [way.client for way in found if way.by_policy or way.route is None]
    return tuple(dict.fromkeys(clients_prefix(host, each) for each in astray))


def _fix(astray: Astray, vip: Address, rules: tuple[RoutingRule, ...]) -> Fix:
    host, client = astray.arrival.host, astray.arrival.client
    prefix = clients_prefix(host, astray.way.client)
    caution = (
        f"If {prefix} is meant to go by {astray.leaves_by}, exclude it at the VPN instead (no accepted routes for it)."
        if astray.way.route
        else f"Who set the rule meant to stop something (a VPN's kill switch, an old network): then narrow it there "
        f"instead, so that answers to {prefix} are left out."
    )
    return _exclude(host, client, vip, (prefix,), rules, caution)


def _exclude(
    host: VantagePoint,
    client: VantagePoint,
    vip: Address,
    prefixes: tuple[Prefix, ...],
    rules: tuple[RoutingRule, ...],
    caution: str = "Set it where the VPN is configured too: these rules last until the next boot.",
) -> Fix:
    priority = max(min((each.priority for each in rules), default=1) - 1, 0)
    names = ", ".join(map(str, prefixes))
    step = Step(
        place="host",
        machine=host.name,
        why=f"packets for {names} are then routed by the main table, whatever the later rules say",
        changes=tuple(PolicyRule(str(each), priority) for each in prefixes),
    )
    return Fix(
        f"Exclude {names} from policy routing", (step,), check_from_client(vip, client.name), (caution,)
    )
