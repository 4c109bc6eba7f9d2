"""What connection tracking on a host says about a client's flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from hairpin_doctor.network import VantagePoint
from hairpin_doctor.translation import tracked, tracked_without_reply, translated_flows
from probes.connections import ConnectionFacts
from probes.questions.firewall import FlowDirection, TrackedConnection
from probes.questions.routing import Route
from probes.routes import RouteFacts, RouteFound
from probes.target import Protocol

VIP, OTHER, CLIENT, POD = (
    IPv4Address(text) for text in ("192.0.2.53", "192.0.2.54", "192.0.2.10", "10.0.0.5")
)
Point = Callable[..., VantagePoint]


def flow(to: IPv4Address, *, seen: bool = True, source: IPv4Address = CLIENT, vip: IPv4Address = VIP) -> Any:
    there, back = FlowDirection(source, vip, 40000, 53), FlowDirection(to, source, 53, 40000)
    return TrackedConnection(Protocol.TCP, there, back, seen, None)


def both(point: Point, *flows: Any) -> tuple[VantagePoint, VantagePoint]:
    """The host and the client, which sends from CLIENT."""
    routes = RouteFacts((RouteFound(VIP, Route("unicast", "eth0", None, CLIENT, 254)),), None, (), ())
    return point("n5", ConnectionFacts(flows)), point("vm", routes)


def test_only_this_clients_flows_to_this_vip_count(point: Point) -> None:
    mine = flow(POD)
    host, client = both(point, mine, flow(POD, source=OTHER), flow(POD, vip=OTHER))
    assert tracked(host, client, VIP) == (mine,)


def test_nothing_is_tracked_where_it_cannot_be_read_or_the_client_has_no_route(point: Point) -> None:
    host, client = both(point, flow(POD))
    assert tracked(point("n5"), client, VIP) == ()
    assert tracked(host, point("vm"), VIP) == ()


def test_a_flow_that_the_vip_itself_answers_is_not_translated(point: Point) -> None:
    host, client = both(point, flow(VIP), flow(POD))
    assert translated_flows(host, client, VIP) == (flow(POD),)


@pytest.mark.parametrize(
    ("flows", "without"),
    [
        ((), None),
        ((flow(VIP, seen=False),), None),
        ((flow(POD),), False),
        ((flow(POD, seen=False),), True),
        ((flow(POD), flow(POD, seen=False)), True),
        ((replace(flow(POD), protocol=Protocol.TCP, tcp_state="TIME_WAIT"),), None),
        ((replace(flow(POD), protocol=Protocol.TCP, tcp_state="SYN_RECV"),), False),
    ],
)
def test_a_translated_flow_without_a_reply_is_told(
    point: Point, flows: tuple[Any, ...], without: bool | None
) -> None:
    assert tracked_without_reply(*both(point, *flows), VIP) is without
