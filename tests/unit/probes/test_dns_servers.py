"""Which servers the probe dns_servers asks, and which of them wait in vain."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.dns_servers import DnsServerFacts, dns_servers, is_a_resolver
from probes.probe import Scope
from probes.questions.traffic import (
    DatagramOutcome,
    DnsAnswer,
    DnsExchanges,
    DnsServerAnswer,
    DnsServers,
    Endpoint,
    Handshakes,
)
from probes.target import parse_target

VIP = IPv4Address("192.0.2.53")
SERVER = Endpoint(VIP, 53)
WAITS = DnsServerAnswer(SERVER, "NOERROR", True, None)


def looked(fake: Any, outcome: DatagramOutcome, target: str = "192.0.2.53:53/udp") -> list[DnsServers]:
    def exchanges(question: DnsExchanges) -> tuple[DnsAnswer, ...]:
        rcode = "NOERROR" if outcome is DatagramOutcome.ANSWERED else None
        return tuple(
            DnsAnswer(each, question.transport, outcome, rcode, False, None, None, None)
            for each in question.servers
        )

    host = fake({DnsExchanges: exchanges, DnsServers: (WAITS,), Handshakes: ()})
    dns_servers.look(host, Scope((parse_target(target),)))
    return list(host.asked_of(DnsServers))


def test_a_named_server_that_is_silent_is_asked_about_itself(fake: Any) -> None:
    (asked,) = looked(fake, DatagramOutcome.SILENT)
    assert asked.servers == (SERVER,)


@pytest.mark.parametrize("outcome", [each for each in DatagramOutcome if each is not DatagramOutcome.SILENT])
def test_one_that_says_anything_is_not(fake: Any, outcome: DatagramOutcome) -> None:
    assert looked(fake, outcome) == []


@pytest.mark.parametrize("target", ["192.0.2.53", "192.0.2.53:53/tcp"])
def test_a_mere_guess_or_another_transport_is_not_followed(fake: Any, target: str) -> None:
    assert looked(fake, DatagramOutcome.SILENT, target) == []


def test_who_answers_by_itself_and_not_what_must_be_looked_up_waits() -> None:
    assert DnsServerFacts((WAITS,)).waiting(VIP) == WAITS
    late = replace(WAITS, localhost="SERVFAIL")
    assert DnsServerFacts((late,)).waiting(VIP) == late


@pytest.mark.parametrize(
    "other",
    [
        replace(WAITS, by_itself=None),
        replace(WAITS, localhost="NOERROR"),
        replace(WAITS, localhost="NXDOMAIN"),
    ],
)
def test_who_says_nothing_at_all_or_answers_after_all_does_not(other: DnsServerAnswer) -> None:
    assert DnsServerFacts((other,)).waiting(VIP) is None


def test_a_server_says_by_its_offer_or_by_its_failure_that_it_asks_others() -> None:
    shy = replace(WAITS, recursion_offered=False)
    assert is_a_resolver(WAITS)
    assert is_a_resolver(replace(shy, localhost="SERVFAIL"))
    assert is_a_resolver(shy) is None
