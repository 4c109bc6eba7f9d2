"""Which tracked flows say something about packets that fail now."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from hairpin_doctor.network import Network
from hairpin_doctor.service_path.trip import Trip
from probes.connections import ConnectionFacts
from probes.questions.firewall import FlowDirection, TrackedConnection
from probes.questions.routing import Route
from probes.questions.traffic import Endpoint, Handshake, HandshakeAnswer
from probes.routes import RouteFacts, RouteFound
from probes.service_rules import ServiceRulesFacts
from probes.target import Protocol
from probes.tcp import TcpFacts

VIP, CLIENT, POD = ip_address("192.0.2.53"), ip_address("192.0.2.10"), ip_address("10.244.0.83")


def tracked(protocol: Protocol, state: str | None, *, replied: bool) -> TrackedConnection:
    asked = FlowDirection(CLIENT, VIP, 40000, 80)
    return TrackedConnection(protocol, asked, FlowDirection(POD, CLIENT, 8080, 40000), replied, state)


@pytest.mark.parametrize(
    ("flow", "counts"),
    [
        (tracked(Protocol.TCP, "SYN_SENT", replied=False), True),
        (tracked(Protocol.TCP, "SYN_RECV", replied=True), True),
        (tracked(Protocol.TCP, "TIME_WAIT", replied=True), False),
        (tracked(Protocol.TCP, "ESTABLISHED", replied=True), False),
    ],
)
def test_a_handshake_that_the_client_finished_is_of_a_time_when_it_worked(
    point: Callable[..., Any], flow: TrackedConnection, counts: bool
) -> None:
    silent = HandshakeAnswer(Endpoint(VIP, 80), Handshake.SILENT, None, None, None)
    there = Route("unicast", "eth0", None, CLIENT, 254)
    client = point(
        "vm",
        RouteFacts((RouteFound(VIP, there),), None, (), ()),
        ServiceRulesFacts((), (), (), ()),
        TcpFacts((silent,), ()),
    )
    here = Route("local", "lo", None, VIP, 255)
    host = point("n5", RouteFacts((RouteFound(VIP, here),), None, (), ()), ConnectionFacts((flow,)))
    assert bool(Trip(Network([client, host]), client, VIP).flows) is counts
