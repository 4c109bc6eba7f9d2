"""What connection tracking remembers of flows to the VIPs."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from probes.connections import connections
from probes.probe import Phase, Scope
from probes.questions.firewall import FlowDirection, TrackedConnection, TrackedConnections
from probes.target import Protocol, Target

VIP, OTHER, CLIENT, NEIGHBOUR = (IPv4Address(f"192.0.2.{n}") for n in (53, 54, 10, 11))


def flow(source: IPv4Address, destination: IPv4Address) -> TrackedConnection:
    there, back = FlowDirection(source, destination, 40000, 53), FlowDirection(destination, source, 53, 40000)
    return TrackedConnection(Protocol.UDP, there, back, True, None)


def test_each_vip_is_asked_for_once_after_the_traffic(fake: Any) -> None:
    host = fake({TrackedConnections: (flow(CLIENT, VIP),)})
    scope = Scope((Target(VIP, 53, Protocol.UDP), Target(VIP, 53, Protocol.TCP), Target(OTHER)))
    assert connections.look(host, scope).entries == (flow(CLIENT, VIP),)
    assert host.asked == [TrackedConnections((VIP, OTHER))]
    assert connections.phase is Phase.AFTER


def test_a_clients_flows_to_one_vip_are_told_from_others(fake: Any) -> None:
    flows = (flow(CLIENT, VIP), flow(NEIGHBOUR, VIP), flow(CLIENT, OTHER), flow(VIP, CLIENT))
    facts = connections.look(fake({TrackedConnections: flows}), Scope((Target(VIP),)))
    assert facts.from_client(CLIENT, VIP) == (flow(CLIENT, VIP),)
