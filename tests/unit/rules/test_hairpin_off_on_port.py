"""HD304: client and backend behind one bridge port without hairpin mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from hairpin_doctor.rule import Cleared, Diagnosis
from hairpin_doctor.rules.hairpin_off_on_port import hairpin_off_on_port
from hairpin_doctor.situation import translated
from probes.questions.firewall import FlowDirection, TrackedConnection, TrackedConnections
from probes.questions.links import ForwardingDatabase, Links
from probes.questions.machine import Moment
from probes.questions.neighbours import Neighbours
from probes.questions.routing import RouteTo
from probes.target import Protocol

Recorded = Callable[[str], Any]
CALL_IPTABLES = "net/bridge/bridge-nf-call-iptables"


def backend_and_client(case: Any) -> tuple[Any, Any]:
    """Their addresses: the backend that the rules name, and the client."""
    host, client = case.network().vantage_points
    return translated(host, case.vip, client.scope)[0].endpoints[0], client.address_towards(case.vip)


def test_a_frame_never_leaves_by_the_port_it_came_in(recorded: Recorded) -> None:
    verdict = recorded("hairpin-off-on-port").verdict(hairpin_off_on_port)
    assert isinstance(verdict, Diagnosis)
    assert verdict.fixes[0].steps[0].commands == ("bridge link set dev vnet1 hairpin on",)


def test_hairpin_mode_clears_it(recorded: Recorded) -> None:
    def hairpin(link: Any) -> Any:
        return replace(link, port=replace(link.port, hairpin_mode=True)) if link.name == "vnet1" else link

    verdict = recorded("hairpin-off-on-port").host_lists(Links, hairpin).verdict(hairpin_off_on_port)
    assert isinstance(verdict, Cleared)
    assert "hairpin_mode is on" in verdict.reason


def test_without_br_netfilter_nothing_is_translated_on_the_bridge(recorded: Recorded) -> None:
    verdict = recorded("hairpin-off-on-port").host_sets({CALL_IPTABLES: 0}).verdict(hairpin_off_on_port)
    assert isinstance(verdict, Cleared)
    assert "br_netfilter" in verdict.reason


def test_a_backend_of_another_node_counts_by_the_mac_of_the_next_hop(recorded: Recorded) -> None:
    case = recorded("hairpin-off-on-port")
    endpoint, _ = backend_and_client(case)
    node = ip_address("192.168.8.9")

    def by_the_node(question: RouteTo, route: Any) -> Any:
        return replace(route, gateway=node) if question.destination == endpoint.address else route

    def elsewhere(entry: Any) -> Any:
        return replace(entry, address=node) if entry.address == endpoint.address else entry

    far = case.host_says(RouteTo, by_the_node)
    assert isinstance(far.host_lists(Neighbours, elsewhere).verdict(hairpin_off_on_port), Diagnosis)
    assert isinstance(far.verdict(hairpin_off_on_port), Cleared)


def test_a_backend_behind_another_port_is_another_cause(recorded: Recorded) -> None:
    case = recorded("hairpin-off-on-port")
    endpoint, _ = backend_and_client(case)
    cache = next(each.answer for each in case.host.asked if each.question == Neighbours(Moment.AFTER))
    mac = next(entry.mac for entry in cache if entry.address == endpoint.address)
    uplink = case.link("eno1").index
    moved = case.host_lists(ForwardingDatabase, lambda e: replace(e, port=uplink) if e.mac == mac else e)
    verdict = moved.verdict(hairpin_off_on_port)
    assert isinstance(verdict, Cleared)
    assert "no backend" in verdict.reason


def test_answered_connections_of_this_client_clear_it_and_unanswered_ones_do_not(recorded: Recorded) -> None:
    case = recorded("hairpin-off-on-port")
    endpoint, client = backend_and_client(case)

    def with_flow(*, seen_reply: bool) -> Any:
        flow = TrackedConnection(
            Protocol.TCP,
            FlowDirection(client, case.vip, case.syn_port(), 53),
            FlowDirection(endpoint.address, client, endpoint.port, case.syn_port()),
            seen_reply,
            None,
        )
        return case.host_says(TrackedConnections, lambda _, flows: (*flows, flow)).verdict(
            hairpin_off_on_port
        )

    assert isinstance(with_flow(seen_reply=True), Cleared)
    assert isinstance(with_flow(seen_reply=False), Diagnosis)


def test_without_br_netfilter_it_does_not_matter_where_the_client_hangs(recorded: Recorded) -> None:
    unseen = recorded("unknown-host-misled").host_lists(ForwardingDatabase, lambda _: None)
    verdict = unseen.host_sets({CALL_IPTABLES: 0}).verdict(hairpin_off_on_port)
    assert isinstance(verdict, Cleared)
    assert "acts on no bridge" in verdict.reason
