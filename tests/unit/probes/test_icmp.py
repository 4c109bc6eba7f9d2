"""Ping, and what others say about our packets."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from probes.icmp import PATIENCE_MS, icmp
from probes.probe import Scope
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import (
    EchoAnswer,
    Echoes,
)
from probes.target import Target

VIP, OTHER, ROUTER = (IPv4Address(f"192.0.2.{n}") for n in (53, 54, 1))
REDIRECT, UNREACHABLE = IcmpMessage(5, 1, ROUTER, OTHER), IcmpMessage(3, 1, ROUTER)


def facts(fake: Any, **how: Any) -> Any:
    plain = {"round_trip_ms": None, "replied_from": None, "messages": (), "error": None}
    return icmp.look(fake({Echoes: (EchoAnswer(destination=VIP, **(plain | how)),)}), Scope((Target(VIP),)))


def test_patience_is_the_shorter_of_the_users_and_our_own(fake: Any) -> None:
    host = fake({Echoes: ()})
    icmp.look(host, Scope((Target(VIP), Target(OTHER)), timeout_ms=5000))
    icmp.look(host, Scope((Target(VIP),), timeout_ms=50))
    assert host.asked == [Echoes((VIP, OTHER), PATIENCE_MS), Echoes((VIP,), 50)]


def test_only_a_reply_from_the_vip_itself_is_one(fake: Any) -> None:
    assert facts(fake, replied_from=VIP, round_trip_ms=0.1).replied(VIP)
    assert not facts(fake, replied_from=OTHER, round_trip_ms=0.1).replied(VIP)
    assert not facts(fake).replied(VIP)
    assert not facts(fake, replied_from=VIP).replied(OTHER)


def test_redirects_are_told_from_errors_and_unseen_ones_are_none(fake: Any) -> None:
    assert facts(fake, messages=(UNREACHABLE, REDIRECT)).redirects(VIP) == (REDIRECT,)
    assert facts(fake, messages=None).redirects(VIP) == ()
    assert facts(fake, messages=(REDIRECT,)).redirects(OTHER) == ()
