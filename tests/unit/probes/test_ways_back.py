"""Which answers the kernel is asked about: from each endpoint as it comes in, and from the VIP where it is held."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from probes.host import Absent, NotAsked
from probes.probe import Scope
from probes.questions.firewall import FlowDirection, TrackedConnection, TrackedConnections
from probes.questions.links import Links
from probes.questions.neighbours import Neighbour, Neighbours
from probes.questions.routing import HoldingRoute, Route, RoutesThatHold, RouteTo
from probes.questions.traffic import Endpoint
from probes.target import Protocol, parse_target
from probes.ways_back import LIKELY_AT_MOST, WayBack, ways_back

VIP, CLIENT, POD, NODE = (IPv4Address(f"192.0.2.{n}") for n in (53, 10, 83, 2))
SCOPE = Scope((parse_target("192.0.2.53:53"),), clients=(CLIENT,))
MAIN, LOCAL, VPN = 254, 255, 52
NOBODY: dict[Any, Any] = {TrackedConnections: (), Neighbours: (), Links: ()}


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
            **NOBODY,
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
            **NOBODY,
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
            **NOBODY,
            RouteTo(POD): route("cni0"),
            RouteTo(VIP): route("eth0"),
            RouteTo(CLIENT, POD, "cni0"): Absent("no route"),
            RoutesThatHold(CLIENT): (),
        }
    )
    (way,) = ways_back.look(host, SCOPE).ways
    assert way.route is None
    assert not way.by_policy


def test_without_rules_a_vip_that_is_not_held_sends_no_answers(fake: Any, translated: Any) -> None:
    translated()
    assert ways_back.look(fake({**NOBODY, RouteTo(VIP): route("eth0")}), SCOPE).ways == ()


def tracked(source: IPv4Address, destination: IPv4Address = VIP) -> TrackedConnection:
    there, back = FlowDirection(source, destination, 4711, 53), FlowDirection(POD, source, 53, 4711)
    return TrackedConnection(Protocol.UDP, there, back, True, None)


def neighbour(index: int, address: str, mac: str | None = "52:54:00:00:00:01") -> Neighbour:
    return Neighbour(index, IPv4Address(address), mac, "STALE", False)


def test_whoever_sent_to_the_vip_or_is_a_neighbour_there_may_turn_out_to_be_the_client(
    fake: Any, translated: Any, link: Any
) -> None:
    translated(POD)
    near = (neighbour(2, "192.0.2.20"), neighbour(2, "192.0.2.21", None), neighbour(3, "10.244.0.83"))
    host = fake(
        {
            TrackedConnections: (tracked(IPv4Address("198.51.100.7")), tracked(CLIENT, POD), tracked(NODE)),
            Neighbours: near,
            Links: (link(2, "eth0"), link(3, "cni0")),
            RouteTo(POD): route("cni0"),
            RouteTo(NODE): route("lo", "local", LOCAL),
            RouteTo: route("eth0"),
        }
    )
    found = ways_back.look(host, Scope(SCOPE.targets)).ways
    assert [str(way.client) for way in found] == ["198.51.100.7", "192.0.2.20"]


def test_a_large_network_costs_no_more_than_a_dozen_questions_per_endpoint(
    fake: Any, translated: Any, link: Any
) -> None:
    translated(POD)
    crowd = tuple(neighbour(2, f"192.0.2.{n}") for n in range(100, 250))
    answers = {Neighbours: crowd, Links: (link(2, "eth0"),), RouteTo: route("eth0"), TrackedConnections: ()}
    host = fake(answers)
    assert len(ways_back.look(host, SCOPE).ways) == 1 + LIKELY_AT_MOST
    assert len(host.asked_of(RouteTo)) < 3 * LIKELY_AT_MOST


def test_what_a_recording_was_not_asked_is_no_way_at_all(fake: Any, translated: Any) -> None:
    translated(POD)
    answers = {**NOBODY, RouteTo(POD): route("cni0"), RouteTo(VIP): route("eth0"), RouteTo: NotAsked("then")}
    assert ways_back.look(fake(answers), SCOPE).ways == ()


def test_where_the_kernel_refuses_the_routes_that_hold_the_client_are_asked_for(
    fake: Any, translated: Any
) -> None:
    translated(POD)
    ban = HoldingRoute(IPv4Network("192.0.2.10/32"), "blackhole", None, None, MAIN)
    answers = {
        **NOBODY,
        RouteTo(POD): route("cni0"),
        RouteTo(VIP): route("eth0"),
        RouteTo(CLIENT, POD, "cni0"): Absent("no route"),
        RoutesThatHold(CLIENT): (ban,),
    }
    found = ways_back.look(fake(answers), SCOPE).refusal(CLIENT)
    assert found is not None
    assert found.deciding == ban
    unknown = ways_back.look(fake({**answers, RoutesThatHold(CLIENT): NotAsked("then")}), SCOPE)
    assert unknown.refusal(CLIENT) is None


def test_a_gateway_is_silent_on_the_link_that_the_answer_leaves_by_and_not_on_another(
    fake: Any, translated: Any, link: Any
) -> None:
    """fe80::1 is another router on each link; so may be any address."""
    translated(POD)
    gateway = IPv4Address("169.254.1.1")

    def silent(interface: int) -> tuple[Any, ...]:
        host = fake(
            {
                **NOBODY,
                Links: (link(2, "eth0"), link(3, "eth1")),
                RoutesThatHold: (),
                Neighbours: (
                    Neighbour(interface, gateway, None, "FAILED", True),
                    Neighbour(5 - interface, gateway, "02:00:00:00:00:01", "REACHABLE", True),
                ),
                RouteTo(POD): route("cni0"),
                RouteTo(VIP): route("eth0"),
                RouteTo(gateway): Absent("no route"),
                RouteTo(gateway, POD, "cni0"): Absent("no route"),
                RouteTo(CLIENT, POD, "cni0"): Route("unicast", "eth0", gateway, None, MAIN),
            }
        )
        found: tuple[Any, ...] = ways_back.look(host, SCOPE).silent
        return found

    assert (silent(2), silent(3)) == ((gateway,), ())
