"""Which endpoints the probe resolvers asks, over which transport."""

from __future__ import annotations

from typing import Any

from probes.host import Absent
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset, VirtualServers
from probes.questions.routing import RouteTo
from probes.questions.traffic import DnsExchanges
from probes.resolvers import resolvers
from probes.target import parse_target

RULES = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 192.0.2.53/32 -p udp -m udp --dport 53 -j DNAT --to-destination 10.0.0.83:5353
-A PREROUTING -d 192.0.2.53/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.84:8080
COMMIT
"""


def test_only_the_endpoints_of_dns_ports_are_asked_and_over_the_transport_of_the_port(fake: Any) -> None:
    host = fake(
        {
            IptablesRules: lambda question: RULES if question.variant == "nft" else "",
            NftRuleset: '{"nftables": []}',
            VirtualServers: (),
            RouteTo: Absent("no route"),
            DnsExchanges: (),
        }
    )
    resolvers.look(host, Scope((parse_target("192.0.2.53:53/udp"), parse_target("192.0.2.53:80/tcp"))))
    asked = host.asked_of(DnsExchanges)
    assert [(each.transport, [str(end) for end in each.servers]) for each in asked] == [
        ("udp", ["10.0.0.83:5353"])
    ]
