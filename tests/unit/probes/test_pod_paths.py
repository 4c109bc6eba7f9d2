"""Which endpoints the probe pod_paths looks into: those elsewhere that are silent."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.pod_paths import pod_paths
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset, VirtualServers
from probes.questions.icmp_message import IcmpMessage
from probes.questions.links import Links
from probes.questions.neighbours import Neighbours
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import (
    EchoAnswer,
    Echoes,
    Endpoint,
    FirstHop,
    FirstHops,
    Handshake,
    HandshakeAnswer,
    Handshakes,
)
from probes.target import parse_target

POD, NODE = IPv4Address("10.0.1.5"), IPv4Address("192.0.2.20")
RULES = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 192.0.2.53/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.1.5:8080
COMMIT
"""
SCOPE = Scope((parse_target("192.0.2.53:80/tcp"),))


def machine(outcome: Handshake, gateway: IPv4Address | None, links: Any) -> dict[Any, Any]:
    return {
        IptablesRules: lambda question: RULES if question.variant == "nft" else "",
        NftRuleset: '{"nftables": []}',
        VirtualServers: (),
        Links: links,
        RouteTo: Route("unicast", "eth0", gateway, None, 254),
        Neighbours: (),
        Handshakes: (HandshakeAnswer(Endpoint(POD, 8080), outcome, None, None, None),),
        Echoes: lambda q: tuple(
            EchoAnswer(e, None if e == POD else 0.3, None, (), None) for e in q.destinations
        ),
        FirstHops: lambda q: tuple(FirstHop(e, IcmpMessage(11, 0, NODE)) for e in q.destinations),
    }


def test_a_silent_endpoint_behind_a_next_hop_is_pinged_and_its_next_hop_asked(fake: Any, link: Any) -> None:
    path = pod_paths.look(fake(machine(Handshake.SILENT, NODE, (link(2, "eth0"),))), SCOPE).to(POD)
    assert path is not None
    assert (path.next_hop, path.answers_ping, path.hop_answers_ping) == (NODE, False, True)
    assert path.said == IcmpMessage(11, 0, NODE)


def test_a_tunnel_without_a_next_hop_leads_elsewhere_too(fake: Any, link: Any) -> None:
    tunnel = link(2, "eth0", kind="wireguard")
    path = pod_paths.look(fake(machine(Handshake.SILENT, None, (tunnel,))), SCOPE).to(POD)
    assert path is not None
    assert path.hop_answers_ping is None


@pytest.mark.parametrize(
    ("outcome", "gateway"),
    [(Handshake.OPEN, NODE), (Handshake.REFUSED, NODE), (Handshake.SILENT, None)],
    ids=["answers", "refuses", "is a pod of this node"],
)
def test_nothing_is_asked_of_an_endpoint_that(
    fake: Any, link: Any, outcome: Handshake, gateway: IPv4Address | None
) -> None:
    host = fake(machine(outcome, gateway, (link(2, "eth0"),)))
    assert pod_paths.look(host, SCOPE).paths == ()
    assert host.asked_of(Echoes) == []
