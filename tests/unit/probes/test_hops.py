"""How far packets for a routed VIP get: by what routers say, never by what they do not say."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.hops import AT_MOST, PATIENCE_MS, HopFacts, hops
from probes.host import Absent
from probes.probe import Scope
from probes.questions.hops import Hops, HopsTowards
from probes.questions.icmp_message import IcmpMessage
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import Handshake, HandshakeAnswer, Handshakes
from probes.target import Protocol, Target

VIP, OWN, FIRST, SECOND = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 1, 2))
BY_GATEWAY = Route("unicast", "eth0", FIRST, OWN, 254)


def passed(sender: IPv4Address) -> IcmpMessage:
    return IcmpMessage(11, 0, sender)


def refused(sender: IPv4Address, code: int = 1) -> IcmpMessage:
    return IcmpMessage(3, code, sender)


@pytest.mark.parametrize(
    ("messages", "last", "circle"),
    [
        ((None, None), None, ()),
        ((passed(FIRST), None), FIRST, ()),
        ((None, passed(SECOND), None), SECOND, ()),  # the first router says nothing
        ((passed(FIRST), refused(SECOND), refused(SECOND)), SECOND, ()),
        ((refused(FIRST), refused(FIRST)), FIRST, ()),
        ((passed(FIRST), passed(SECOND), passed(FIRST), passed(SECOND)), SECOND, (FIRST, SECOND)),
    ],
)
def test_the_farthest_machine_that_spoke_had_the_packet(
    messages: tuple[IcmpMessage | None, ...], last: IPv4Address | None, circle: tuple[IPv4Address, ...]
) -> None:
    facts = HopFacts((Hops(VIP, messages),))
    assert (facts.last_router(VIP), facts.circle(VIP)) == (last, circle)
    assert facts.last_router(OWN) is None  # nothing was asked about it


def machine(route: Any, outcome: Handshake) -> dict[Any, Any]:
    return {
        RouteTo: route,
        Handshakes: lambda q: tuple(HandshakeAnswer(e, outcome, None, None, None) for e in q.destinations),
        HopsTowards: (Hops(VIP, (passed(FIRST),)),),
    }


@pytest.mark.parametrize(
    ("route", "outcome", "asked"),
    [
        (BY_GATEWAY, Handshake.SILENT, True),
        (BY_GATEWAY, Handshake.OPEN, False),
        (Route("unicast", "eth0", None, OWN, 254), Handshake.SILENT, False),
        (Absent("no route"), Handshake.SILENT, False),
    ],
)
def test_only_a_routed_vip_that_fails_is_followed(
    fake: Any, route: Any, outcome: Handshake, asked: bool
) -> None:
    host = fake(machine(route, outcome))
    hops.look(host, Scope((Target(VIP, 80, Protocol.TCP),)))
    wanted = [HopsTowards((VIP,), AT_MOST, PATIENCE_MS)] if asked else []
    assert host.asked_of(HopsTowards) == wanted
