"""Which answers the kernel is asked about: from each endpoint as it comes in, and from the VIP where it is held."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.host import Absent
from probes.probe import Scope
from probes.questions.routing import Route, RouteTo
from probes.questions.traffic import Endpoint
from probes.target import parse_target
from probes.ways_back import WayBack, ways_back

VIP, CLIENT, POD, NODE = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 83, 2))
SCOPE = Scope((parse_target("192.0.2.53:53"),), clients=(CLIENT,))
MAIN, LOCAL, VPN = 254, 255, 52


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The endpoints that the service rules name for the VIP."""

    def to(*endpoints: IPv4Address) -> None:
        class Rules:
            def look(self, *_: Any) -> Any:
                return self

            def endpoints(self, vip: IPv4Address) -> tuple[Endpoint, ...]:
                return tuple(Endpoint(each, 53) for each in endpoints) if vip == VIP else ()

        monkeypatch.setattr("probes.ways_back.service_rules", Rules())

    return to


def route(interface: str | None, kind: str = "unicast", table: int = MAIN) -> Route:
    return Route(kind, interface, None, None, table)


def test_an_answer_of_a_pod_comes_in_from_its_side_and_carries_its_address(
    fake: Any, translated: Any
) -> None:
    translated(POD)
    host = fake(
        {
            RouteTo(POD): route("cni0"),
            RouteTo(VIP): route("eth0"),
            RouteTo(CLIENT, POD, "cni0"): route("tun0", table=VPN),
        }
    )
    (way,) = ways_back.look(host, SCOPE).of(VIP, CLIENT)
    assert way == WayBack(VIP, CLIENT, POD, "cni0", route("tun0", table=VPN))
    assert way.by_policy


def test_an_endpoint_on_the_host_network_and_a_vip_that_is_held_answer_from_here(
    fake: Any, translated: Any
) -> None:
    translated(NODE)
    host = fake(
        {
            RouteTo(NODE): route("lo", "local", LOCAL),
            RouteTo(VIP): route("lo", "local", LOCAL),
            RouteTo(CLIENT, NODE): route("eth0"),
            RouteTo(CLIENT, VIP): route("eth0"),
        }
    )
    found = ways_back.look(host, SCOPE).of(VIP, CLIENT)
    assert [(way.source, way.incoming) for way in found] == [(NODE, None), (VIP, None)]
    assert not any(way.by_policy for way in found)


def test_a_way_that_does_not_exist_is_said_to_be_none(fake: Any, translated: Any) -> None:
    translated(POD)
    host = fake(
        {
            RouteTo(POD): route("cni0"),
            RouteTo(VIP): route("eth0"),
            RouteTo(CLIENT, POD, "cni0"): Absent("no route"),
        }
    )
    (way,) = ways_back.look(host, SCOPE).ways
    assert way.route is None
    assert not way.by_policy


def test_without_rules_a_vip_that_is_not_held_sends_no_answers(fake: Any, translated: Any) -> None:
    translated()
    assert ways_back.look(fake({RouteTo(VIP): route("eth0")}), SCOPE).ways == ()
