"""A policy routing rule sends the answers to the client into another table, out by an interface that does not lead back.

Why: Policy rules go before the main table (ip-rule(8)). A VPN that accepts a route to the client's own LAN, or one that
takes all traffic of pods, captures answers too: the request comes in from the LAN, and the answer leaves by the tunnel.
For a translated flow the rule sees the endpoint's address as source, not the VIP: source translation is undone later.
Seen as: Silence for TCP and UDP although the backend answers; the host's connection tracking shows the answer.
Told apart from: HD402 by the table that decides, which is none that every system has; HD410, where the
main table has no route or one that forbids, by the rule whose action or table refuses; HD401, HD405 and HD503 by the answer
that connection tracking has seen; HD207 by the host's own routing.
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

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import PolicyRule
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.refusing_rules import refusing_rules
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.ways_of_answers import Astray, answers_astray, clients_prefix, what_happened
from probes.questions.routing import RoutingRule
from probes.routes import RouteFacts
from probes.target import Address


@rule("HD406", "policy-route-captures-reply", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def policy_route_captures_reply(network: Network, vip: Address) -> Verdict:
    """The answer was made, and a table of a policy rule sends it to another segment."""
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
        ruled_out=("HD402: the main table is not what decides.", "HD503: the backend answers."),
    )


def _capturing(astray: Astray) -> tuple[RoutingRule, ...]:
    """The policy rules that lead to the deciding table, or the one that refuses."""
    host, way = astray.arrival.host, astray.way
    if way.route is None:
        return refusing_rules(host, astray.arrival.client, way)
    if not way.by_policy:
        return ()
    rules = host.findings[RouteFacts].rules
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
