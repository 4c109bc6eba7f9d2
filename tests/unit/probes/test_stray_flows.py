"""Which flows are watched, and how what is at their ends is asked."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.host import Absent
from probes.probe import Phase, Scope
from probes.questions.firewall import (
    FlowDirection,
    IptablesRules,
    NftRuleset,
    TrackedConnection,
    TrackedConnections,
    UsedFlows,
    VirtualServers,
)
from probes.questions.routing import RouteTo
from probes.questions.traffic import DatagramAnswer, DatagramOutcome, Datagrams, DnsExchanges, Endpoint
from probes.stray_flows import stray_flows
from probes.target import Protocol, parse_target

RULES = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 192.0.2.53/32 -p udp -m udp --dport 5060 -j DNAT --to-destination 10.0.0.83:5060
COMMIT
"""
VIP, CLIENT = IPv4Address("192.0.2.53"), IPv4Address("192.0.2.10")
GONE = IPv4Address("10.0.0.9")


def flow(end: str, destination_port: int = 5060) -> TrackedConnection:
    there = FlowDirection(CLIENT, VIP, 40000, destination_port)
    back = FlowDirection(IPv4Address(end), CLIENT, destination_port, 40000)
    return TrackedConnection(Protocol.UDP, there, back, True, None)


def asked(fake: Any, *flows: TrackedConnection, end: DatagramOutcome = DatagramOutcome.SILENT) -> Any:
    return fake(
        {
            IptablesRules: lambda question: RULES if question.variant == "nft" else "",
            NftRuleset: '{"nftables": []}',
            VirtualServers: Absent("no IPVS"),
            RouteTo: Absent("no route"),
            TrackedConnections: flows,
            UsedFlows: lambda question: question.flows,
            Datagrams: lambda q: tuple(
                DatagramAnswer(each, end, None, None, None) for each in q.destinations
            ),
        }
    )


SCOPE = Scope((parse_target("192.0.2.53:5060/udp"),))


def test_only_a_flow_that_leads_to_no_endpoint_of_its_port_is_watched(fake: Any) -> None:
    host = asked(fake, flow("10.0.0.83"), flow("10.0.0.9"), flow("10.0.0.9", destination_port=99))
    (stray,) = stray_flows.look(host, SCOPE).to(VIP)
    assert (stray.end, stray.in_use, stray.translated) == (Endpoint(GONE, 5060), True, True)
    assert [len(each.flows) for each in host.asked_of(UsedFlows)] == [1]


def test_where_every_flow_leads_to_an_endpoint_nothing_more_is_asked(fake: Any) -> None:
    host = asked(fake, flow("10.0.0.83"))
    assert stray_flows.look(host, SCOPE).flows == ()
    assert host.asked_of(UsedFlows) == host.asked_of(Datagrams) == host.asked_of(DnsExchanges) == []
    assert stray_flows.phase is Phase.AFTER


@pytest.mark.parametrize(
    ("outcome", "answers"),
    [
        (DatagramOutcome.ANSWERED, True),
        (DatagramOutcome.REFUSED, False),
        (DatagramOutcome.UNREACHABLE, False),
        (DatagramOutcome.SILENT, None),
    ],
)
def test_silence_of_a_service_that_may_not_know_our_payload_says_nothing(
    fake: Any, outcome: DatagramOutcome, answers: bool | None
) -> None:
    (stray,) = stray_flows.look(asked(fake, flow("10.0.0.9"), end=outcome), SCOPE).flows
    assert stray.end_answers is answers


def test_an_untranslated_flow_has_no_end_to_be_asked(fake: Any) -> None:
    host = asked(fake, flow("192.0.2.53"))
    (stray,) = stray_flows.look(host, SCOPE).flows
    assert not stray.translated
    assert host.asked_of(Datagrams) == []
