"""What a client's own rules do with its packets to a VIP and with the answers, in rules as a client has them."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from probes.forward_chain import forward_chain
from probes.host import Absent
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset
from probes.questions.links import Links
from probes.questions.routing import Route, RouteTo
from probes.rulesets.passage import Passage
from probes.target import parse_target

VIP, CLIENT = ip_address("192.0.2.53"), ip_address("192.0.2.10")
ON_LINK = Route("unicast", "eth0", None, CLIENT, 254)
UFW = """*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
"""
FORGETFUL = UFW.replace("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", "")
STRICT = UFW.replace(":OUTPUT ACCEPT", ":OUTPUT DROP").replace(
    "COMMIT", "-A OUTPUT -p udp --dport 53 -j ACCEPT\nCOMMIT"
)
TRANSLATES = """*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -d 192.0.2.53/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.5:80
COMMIT
"""
Fake = Callable[[Any], Any]


def own(
    fake: Fake, rules: str, target: str = "192.0.2.53:80/tcp", route: Any = ON_LINK
) -> tuple[Passage, ...]:
    def there(_: RouteTo) -> Route:
        if isinstance(route, Exception):
            raise route
        found: Route = route
        return found

    answers = {
        RouteTo: there,
        Links: (),
        IptablesRules: lambda question: rules if question.variant == "nft" else "",
        NftRuleset: '{"nftables": []}',
    }
    return forward_chain.look(fake(answers), Scope((parse_target(target),))).own


def passes(found: tuple[Passage, ...]) -> dict[str, bool | None]:
    return {each.way: each.passes for each in found}


@pytest.mark.parametrize(
    ("rules", "sent", "answered"),
    [("", True, True), (UFW, True, True), (FORGETFUL, True, False), (STRICT, False, True)],
)
def test_both_directions_of_a_connection_are_followed(
    fake: Fake, rules: str, sent: bool, answered: bool
) -> None:
    assert passes(own(fake, rules)) == {"sent": sent, "answered": answered}


def test_each_port_is_followed_on_its_own(fake: Fake) -> None:
    assert passes(own(fake, STRICT, "192.0.2.53:53/udp")) == {"sent": True, "answered": True}


def test_the_rule_or_policy_that_stops_them_is_named(fake: Fake) -> None:
    (stopped,) = (each for each in own(fake, FORGETFUL) if each.passes is False)
    assert [(each.hook, each.chain, each.rule) for each in stopped.stoppers] == [
        ("input", "INPUT", "policy drop")
    ]


def test_a_machine_that_translates_the_vip_itself_is_no_such_client(fake: Fake) -> None:
    assert own(fake, TRANSLATES) == ()


@pytest.mark.parametrize(
    "route",
    [Absent("no route"), Route("local", "lo", None, VIP, 255), Route("blackhole", None, None, None, 254)],
)
def test_where_no_packet_is_sent_none_is_followed(fake: Fake, route: Any) -> None:
    assert own(fake, UFW, route=route) == ()
