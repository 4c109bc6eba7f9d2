"""What a packet to the gateway's MAC tells: a node behind it, no route, or nothing."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.host import Absent, Denied
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset, VirtualServers
from probes.questions.icmp_message import IcmpMessage
from probes.questions.machine import Moment
from probes.questions.neighbours import ArpReply, ArpSweep, Neighbours
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import (
    RoutedEcho,
    RoutedEchoes,
)
from probes.routed_path import PATIENCE_MS, Gateway, RoutedPathFacts, routed_path
from probes.routes import SOMEWHERE_ELSE
from probes.target import Target

VIP, OWN, GATEWAY, NODE = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 1, 20))
ON_LINK, DEFAULT = Route("unicast", "eth0", None, OWN, 254), Route("unicast", "eth0", GATEWAY, OWN, 254)
GATEWAY_MAC, STRANGER = "02:00:00:00:00:01", "02:00:00:00:00:99"
DNAT = """*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 192.0.2.53/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 10.0.0.5:53
COMMIT
"""


def said(*messages: IcmpMessage, replied: bool = False) -> RoutedPathFacts:
    return RoutedPathFacts((Gateway(GATEWAY, ()),), (RoutedEcho(VIP, replied, messages),))


def redirect(to: IPv4Address) -> IcmpMessage:
    return IcmpMessage(5, 1, GATEWAY, to)


@pytest.mark.parametrize(
    ("facts", "hop"),
    [
        (said(IcmpMessage(11, 0, NODE)), NODE),
        (said(redirect(NODE)), NODE),
        (said(replied=True), VIP),
        (said(redirect(VIP), IcmpMessage(11, 0, NODE)), None),
        (said(redirect(VIP), replied=True), None),
        (said(IcmpMessage(11, 0, GATEWAY)), None),
        (said(redirect(VIP)), None),
        (said(IcmpMessage(3, 1, GATEWAY)), None),
        (said(), None),
    ],
)
def test_the_next_hop_gives_itself_away(facts: RoutedPathFacts, hop: IPv4Address | None) -> None:
    assert facts.next_hop(VIP) == hop
    assert facts.next_hop(NODE) is None  # nothing was asked about it


@pytest.mark.parametrize(
    ("facts", "none"),
    [
        (said(redirect(VIP)), True),
        (said(IcmpMessage(3, 0, GATEWAY)), True),
        (said(IcmpMessage(3, 1, GATEWAY)), True),
        (said(IcmpMessage(3, 1, NODE)), False),
        (said(redirect(VIP), IcmpMessage(11, 0, NODE)), True),
        (said(redirect(NODE)), False),
        (said(replied=True), False),
        (said(), False),
        *((said(IcmpMessage(3, code, GATEWAY)), False) for code in (2, 3, 9, 10, 13)),
    ],
)
def test_only_a_redirect_to_the_vip_or_net_or_host_unreachable_of_the_gateway_shows_that_it_has_no_route(
    facts: RoutedPathFacts, none: bool
) -> None:
    assert facts.gateway_has_no_route(VIP) is none


@pytest.mark.parametrize(
    ("facts", "who"),
    [
        (said(redirect(VIP), IcmpMessage(11, 0, NODE)), NODE),
        (said(redirect(VIP), replied=True), VIP),
        (said(redirect(VIP)), None),
        (said(redirect(VIP), IcmpMessage(3, 1, GATEWAY)), None),
        (said(IcmpMessage(11, 0, NODE)), None),
        (said(redirect(NODE), IcmpMessage(11, 0, NODE)), None),
    ],
)
def test_a_gateway_that_redirects_to_the_vip_itself_and_gets_through_was_answered_by_arp(
    facts: RoutedPathFacts, who: IPv4Address | None
) -> None:
    assert facts.found_by_arp(VIP) == who


def machine(*answers: str, rules: Any = "", default: Any = DEFAULT, timeout: Any = ()) -> dict[Any, Any]:
    replies = [ArpReply(GATEWAY, GATEWAY_MAC, GATEWAY_MAC, 0.1)]
    replies += [ArpReply(VIP, mac, mac, 0.2) for mac in answers]

    def route(question: RouteTo) -> Route:
        if question.destination != SOMEWHERE_ELSE:
            return ON_LINK
        if isinstance(default, Exception):
            raise default
        return default

    return {
        RouteTo: route,
        Neighbours(Moment.BEFORE): (),
        Neighbours(Moment.AFTER_TRAFFIC): (),
        ArpSweep: tuple(replies),
        RoutedEchoes: (RoutedEcho(VIP, False, (IcmpMessage(11, 0, NODE),)),),
        IptablesRules: lambda q: rules if q.variant == "nft" else "",
        NftRuleset: '{"nftables": []}',
        VirtualServers: (),
    }


def tried(fake: Any, answers: dict[Any, Any], timeout_ms: int = 2000) -> list[RoutedEchoes]:
    host = fake(answers)
    routed_path.look(host, Scope((Target(VIP),), timeout_ms=timeout_ms))
    found: list[RoutedEchoes] = host.asked_of(RoutedEchoes)
    return found


def test_a_vip_that_nobody_answers_for_is_tried_by_the_gateways_mac(fake: Any) -> None:
    assert tried(fake, machine()) == [RoutedEchoes("eth0", OWN, GATEWAY_MAC, (VIP,), PATIENCE_MS)]
    facts = routed_path.look(fake(machine()), Scope((Target(VIP),)))
    assert (facts.gateway(VIP), facts.next_hop(VIP)) == (Gateway(GATEWAY, (GATEWAY_MAC,)), NODE)


def test_the_users_patience_may_be_shorter(fake: Any) -> None:
    assert tried(fake, machine(), timeout_ms=100)[0].timeout_ms == 100


def test_a_vip_that_only_the_gateway_answers_for_is_tried_too(fake: Any) -> None:
    assert tried(fake, machine(GATEWAY_MAC))


def test_a_vip_that_somebody_else_answers_for_is_not_tried(fake: Any) -> None:
    assert not tried(fake, machine(GATEWAY_MAC, STRANGER))


def test_a_vip_that_is_translated_here_is_not_tried_since_a_host_never_hears_its_own_announcer(
    fake: Any,
) -> None:
    assert not tried(fake, machine(rules=DNAT))


def test_unreadable_rules_do_not_keep_it_from_trying(fake: Any) -> None:
    denied = Denied("CAP_NET_ADMIN", "rules")
    assert tried(fake, machine() | {IptablesRules: denied, NftRuleset: denied})


def test_without_a_gateway_or_its_mac_nothing_is_tried(fake: Any) -> None:
    assert not tried(fake, machine(default=Absent("no default route")))
    assert not tried(fake, machine() | {ArpSweep: ()})
