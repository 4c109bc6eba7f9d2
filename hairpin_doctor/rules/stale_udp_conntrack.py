"""A UDP flow is stuck to an endpoint that is gone: connection tracking sends its packets where they went before.

Why: The rules of the service proxy are asked for the first packet of a flow; for the others connection tracking remembers
where it went, for as long as they come. A client that always sends from one port, and often, keeps its old endpoint after
the pod is gone, unless the proxy deletes the entry; so does one that began before there was any rule.
Seen as: One program gets no answer over UDP (a DNS forwarder, a phone, a game), everything else is served, and a restart of
that program, which takes another port, mends it.
Told apart from: HD503 and HD508 by a new flow, which is served; HD405 by the entry itself, whose end is no endpoint now.
By hand: On the node: the flow's second source is where it goes; compare it with the endpoints, and look twice whether the
number of seconds, the third column, is set anew.
    conntrack -L -p udp -d VIP
    iptables-save -t nat | grep -F VIP
    kubectl get endpointslices -A
Fix: Delete the entry; the next packet goes to an endpoint of now.
Unsure when: The client sends more seldom than every six seconds; or it once got answers, and whether its old endpoint still
gives them cannot be seen from the node.
References: conntrack(8); net/netfilter/nf_conntrack_proto_udp.c; kubernetes/kubernetes#139628; kubernetes/kubernetes#125467.
"""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import ForgottenFlow
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import NotThis, names
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.connections import ConnectionFacts
from probes.questions.firewall import FlowDirection
from probes.questions.traffic import Endpoint
from probes.service_rules import ServiceRulesFacts
from probes.stray_flows import StrayFlow, StrayFlowFacts, astray
from probes.target import Address, Protocol


@rule("HD506", "stale-udp-conntrack", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def stale_udp_conntrack(network: Network, vip: Address) -> Verdict:
    """A flow in use whose end is no endpoint and does not answer."""
    hosts = network.hosts(vip)
    strays = {host.name: _strays(host, vip) for host in hosts}
    if not any(strays.values()):
        return _none(network, vip)
    open_questions: list[tuple[VantagePoint, StrayFlow]] = []
    for host in hosts:
        found = host.findings[StrayFlowFacts].to(vip) if strays[host.name] else ()
        stuck = tuple(each for each in found if _is_stuck(each))
        if stuck:
            return _diagnosis(network, vip, host, stuck)
        open_questions += [(host, each) for each in found if each.in_use and _may_be_stuck(each)]
    for host, flow in open_questions:
        what = f"whether {flow.end}, no endpoint of {vip} now, still answers {flow.flow.original.source}"
        return Undetermined(what, f"on {host.name}: tcpdump -ni any udp and host {flow.end.address}")
    return Cleared(f"the flows to {vip} that lead to no endpoint of now are not in use, or are answered")


def _strays(host: VantagePoint, vip: Address) -> int:
    facts, rules = host.findings.get(ConnectionFacts), host.findings.get(ServiceRulesFacts)
    entries = (each for each in facts.entries if each.original.destination == vip) if facts else ()
    return len(list(astray(entries, rules))) if rules else 0


def _none(network: Network, vip: Address) -> Verdict:
    """No such flow is known. What fails for a new flow is not for this rule to explain, whoever saw the old ones."""
    failing = network.failing(vip)
    if failing:
        raise NotThis(f"what fails from {names(failing)} fails for a new flow too")
    if not network.hosts(vip):
        raise network.need_host(vip, "which of its tracked flows lead to no endpoint")
    for host in network.hosts(vip):
        _ = (
            host.findings[ConnectionFacts],
            host.findings[ServiceRulesFacts],
        )  # raises where they were not seen
    return Cleared(
        f"every tracked UDP flow to {vip} leads to an endpoint of now, as far as the rules name them"
    )


def _is_stuck(stray: StrayFlow) -> bool:
    """In use, and unanswered by the word of its end, or of connection tracking that has never seen an answer."""
    if not stray.in_use or stray.end_answers:
        return False
    return (stray.translated and stray.end_answers is False) or not stray.flow.seen_reply


def _may_be_stuck(stray: StrayFlow) -> bool:
    return stray.translated and stray.end_answers is None


def _diagnosis(network: Network, vip: Address, host: VantagePoint, stuck: tuple[StrayFlow, ...]) -> Diagnosis:
    first, others = stuck[0], len(stuck) - 1
    asked = first.flow.original
    more = f", and {others} more" if others else ""
    served = _served(network, vip, asked.destination_port)
    rules = host.findings[ServiceRulesFacts].at(vip, asked.destination_port or 0, Protocol.UDP)
    ends = ", ".join(dict.fromkeys(str(end) for port in rules for end in port.endpoints))
    where = f"to {first.end}, which is no endpoint now" if first.translated else "untranslated"
    return Diagnosis(
        summary=f"UDP from {_asker(asked)} to {Endpoint(vip, asked.destination_port or 0)} is still sent {where}{more}",
        because=(
            *(map(_evidence, stuck)),
            f"{host.name} sends new flows to {ends}.",
            *served,
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if served else Confidence.LIKELY,
        fixes=(_forget(host, vip, stuck),),
        ruled_out=("HD503, HD508: a new flow is served.",) if served else (),
        clients=tuple(dict.fromkeys(_whose(network, vip, each) for each in stuck)),
    )


def _whose(network: Network, vip: Address, stray: StrayFlow) -> str:
    """The name of the machine that sends it, if it was looked at, else its address: the flow of one explains no other's."""
    source = stray.flow.original.source
    return next((p.name for p in network.vantage_points if p.address_towards(vip) == source), str(source))


def _evidence(stray: StrayFlow) -> str:
    asked = stray.flow.original
    heard = "had answers before" if stray.flow.seen_reply else "has had no answer yet"
    silent = f"; {stray.end} does not answer the node either" if stray.end_answers is False else ""
    return (
        f"Connection tracking sends {_asker(asked)} to {stray.end}: packets came while we watched, and "
        f"it {heard}{silent}."
    )


def _asker(asked: FlowDirection) -> Endpoint:
    return Endpoint(asked.source, asked.source_port or 0)


def _served(network: Network, vip: Address, port: int | None) -> tuple[str, ...]:
    """Who is served by the same port, from a source port of its own."""
    working = [
        point.name
        for point in network.clients(vip)
        for state in point.states_of(vip)
        if (state.target.port, state.target.protocol, state.works) == (port, Protocol.UDP, Works.YES)
    ]
    return (f"From {', '.join(working)} a new flow to {port}/udp is served.",) if working else ()


def _forget(host: VantagePoint, vip: Address, stuck: tuple[StrayFlow, ...]) -> Fix:
    flows = [each.flow.original for each in stuck]
    step = Step(
        place="host",
        machine=host.name,
        why="the next packet of the flow asks the rules again",
        changes=tuple(
            ForgottenFlow(str(f.source), f.source_port or 0, str(f.destination), f.destination_port or 0)
            for f in flows
        ),
    )
    caution = "If it comes back with a new pod, the service proxy does not clean up; see its log."
    return Fix("Forget the stuck flows", (step,), check_from_client(vip, host.name), (caution,))
