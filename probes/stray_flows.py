"""Which tracked UDP flows to a VIP lead to none of its endpoints, are they in use, and does their end answer?

An entry keeps its translation for as long as packets come; the rules are asked for the first one only. Its end is asked
directly: by a DNS question on port 53, else by a datagram, whose silence says nothing. Flows are watched for some seconds,
and only where there are such ones: a client that sends more seldom is taken for one that has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from probes.connections import connections
from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.firewall import TrackedConnection, UsedFlows
from probes.questions.traffic import DatagramOutcome, Datagrams, DnsExchanges, Endpoint
from probes.service_rules import IPVS, ServiceRulesFacts, service_rules
from probes.target import Address, Protocol
from probes.udp import DNS_PORT

AT_MOST = 16
WATCH_MS = 6000  # a resolver repeats its question after 5 s (resolv.conf(5), timeout)
PATIENCE_MS = 3500  # the kernel gives an address up after three ARP questions, one a second


@dataclass(frozen=True)
class StrayFlow:
    """`flow` leads elsewhere than any rule does now; untranslated, it goes on to the VIP itself.

    `in_use`: it carried a packet while we watched. `end_answers`: what is there answers this machine; None where unknown.
    """

    flow: TrackedConnection
    in_use: bool
    end_answers: bool | None

    @property
    def end(self) -> Endpoint:
        """Where its packets are sent."""
        return _end(self.flow)

    @property
    def translated(self) -> bool:
        """Whether it is sent elsewhere than to the VIP itself."""
        return self.flow.reply.source != self.flow.original.destination


@dataclass(frozen=True)
class StrayFlowFacts:
    """The first 16 of them."""

    flows: tuple[StrayFlow, ...]

    def to(self, vip: Address) -> tuple[StrayFlow, ...]:
        """Those to this VIP."""
        return tuple(each for each in self.flows if each.flow.original.destination == vip)


def astray(entries: Iterable[TrackedConnection], rules: ServiceRulesFacts) -> Iterator[TrackedConnection]:
    """UDP flows to a port that the rules send to endpoints, all known, none of which they lead to."""
    for entry in entries:
        asked = entry.original
        served = rules.at(asked.destination, asked.destination_port or 0, Protocol.UDP)
        known = served and all(p.kind == "dnat" and p.certain and p.backend != IPVS for p in served)
        if entry.protocol is not Protocol.UDP or not known or not all(p.admits(asked.source) for p in served):
            continue
        ends = {end for port in served for end in port.endpoints}
        end = _end(entry)
        if ends and end not in ends and Endpoint(end.address, 0) not in ends:
            yield entry


def _end(entry: TrackedConnection) -> Endpoint:
    return Endpoint(entry.reply.source, entry.reply.source_port or 0)


@probe(Layer.SERVICE, Phase.AFTER)
def stray_flows(host: Host, scope: Scope) -> StrayFlowFacts:
    """Watch them, and ask where they lead."""
    entries, rules = connections.look(host, scope).entries, service_rules.look(host, scope)
    found = tuple(astray(entries, rules))[:AT_MOST]
    if not found:
        return StrayFlowFacts(())
    used = host.ask(UsedFlows(tuple(each.original for each in found), WATCH_MS))
    away = tuple(each for each in found if each.reply.source != each.original.destination)
    answers = {**_resolvers(host, away), **_others(host, away)}
    return StrayFlowFacts(
        tuple(StrayFlow(each, each.original in used, answers.get(_end(each))) for each in found)
    )


def _resolvers(host: Host, flows: Iterable[TrackedConnection]) -> dict[Endpoint, bool | None]:
    ends = tuple(dict.fromkeys(_end(each) for each in flows if each.original.destination_port == DNS_PORT))
    found = host.ask(DnsExchanges(ends, "udp", PATIENCE_MS)) if ends else ()
    return {each.destination: each.outcome is DatagramOutcome.ANSWERED for each in found}


def _others(host: Host, flows: Iterable[TrackedConnection]) -> dict[Endpoint, bool | None]:
    ends = tuple(dict.fromkeys(_end(each) for each in flows if each.original.destination_port != DNS_PORT))
    said: dict[DatagramOutcome, bool] = {
        DatagramOutcome.ANSWERED: True,
        DatagramOutcome.REFUSED: False,
        DatagramOutcome.UNREACHABLE: False,
    }
    found = host.ask(Datagrams(ends, PATIENCE_MS)) if ends else ()
    return {each.destination: said.get(each.outcome) for each in found}
