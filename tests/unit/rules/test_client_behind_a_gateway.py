"""HD409 and a gateway: nobody answers for it, or the netmask is too narrow; and whose gateway is a host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from hairpin_doctor.gateway_route import gateway_on_a_host
from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis
from hairpin_doctor.rules.client_routes_vip_elsewhere import client_routes_vip_elsewhere
from probes.questions.firewall import FlowDirection, TrackedConnection, TrackedConnections
from probes.questions.links import LinkAddress, Links
from probes.questions.neighbours import ArpReply, ArpSweep, Neighbours
from probes.questions.routing import ConnectedPrefix, ConnectedPrefixes
from probes.questions.traffic import Handshakes
from probes.target import Protocol

Recorded = Callable[[str], Any]
CASE = "vip-outside-prefix"
GATEWAY, OWN = IPv4Address("192.168.8.1"), IPv4Address("192.168.8.100")
WIDE = IPv4Network("128.0.0.0/1")


def asked_in_vain(case: Any, state: str) -> Any:
    """The client's kernel has asked for the gateway, and has this to show for it."""
    return case.client_says(
        Neighbours, lambda _, found: tuple(replace(each, mac=None, state=state) for each in found)
    )


def heard_beside(case: Any, *macs: str) -> Any:
    """Who answers for the VIP on the client's own link."""
    replies = tuple(ArpReply(case.vip, mac, mac, 0.2) for mac in macs)
    asked = Asked(ArpSweep("eth0", OWN, (case.vip,), (), case.client.scope.arp_window_ms), replies)
    return replace(case, client=replace(case.client, asked=(*case.client.asked, asked)))


def in_a_wider_lan(case: Any) -> Any:
    """The host's own subnet holds the client's and the VIP."""
    return case.host_says(ConnectedPrefixes, lambda _, found: (*found, ConnectedPrefix(WIDE, "bridge0")))


def test_a_gateway_that_nobody_answers_for_stops_everything(recorded: Recorded) -> None:
    for state in ("FAILED", "INCOMPLETE"):
        case = asked_in_vain(recorded(CASE), state)
        for only in ((), (case.client,)):
            verdict = case.verdict(client_routes_vip_elsewhere, *only)
            assert isinstance(verdict, Diagnosis)
            assert str(GATEWAY) in verdict.summary
            assert verdict.confidence is Confidence.LIKELY


def test_an_answer_to_arp_beside_the_subnet_and_a_wider_one_of_the_host_is_a_wrong_netmask(
    recorded: Recorded,
) -> None:
    case = recorded(CASE)
    mac = case.link("bridge0").mac
    verdict = in_a_wider_lan(heard_beside(case, mac)).verdict(client_routes_vip_elsewhere)
    assert isinstance(verdict, Diagnosis)
    assert "192.168.8.0/24" in verdict.summary
    assert str(WIDE) in verdict.summary


def tracking(case: Any, protocol: Protocol) -> Any:
    """The host remembers a flow of the client's to the VIP, answered."""
    there, back = FlowDirection(OWN, case.vip, 4711, 53), FlowDirection(case.vip, OWN, 53, 4711)
    flow = TrackedConnection(protocol, there, back, True, "ESTABLISHED" if protocol is Protocol.TCP else None)
    return case.host_says(TrackedConnections, lambda *_: (flow,))


def test_an_old_flow_of_udp_does_not_hide_a_wrong_netmask_where_tcp_is_silent_and_not_tracked(
    recorded: Recorded,
) -> None:
    case = recorded(CASE)
    case = in_a_wider_lan(heard_beside(case, case.link("bridge0").mac))
    old = tracking(case, Protocol.UDP)
    assert isinstance(old.verdict(client_routes_vip_elsewhere), Diagnosis)
    only_udp = old.client_says(Handshakes, lambda *_: ())
    assert isinstance(only_udp.verdict(client_routes_vip_elsewhere), Cleared)


def test_a_flow_of_tcp_that_came_in_is_another_cause(recorded: Recorded) -> None:
    case = recorded(CASE)
    case = in_a_wider_lan(heard_beside(case, case.link("bridge0").mac))
    seen = case.client_says(Handshakes, lambda _, found: tuple(replace(each, frames=None) for each in found))
    assert isinstance(tracking(seen, Protocol.TCP).verdict(client_routes_vip_elsewhere), Cleared)


def test_without_the_answer_or_the_wider_subnet_it_is_another_cause(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = case.link("bridge0").mac
    for other in (
        in_a_wider_lan(case),
        heard_beside(case, mac),
        heard_beside(case, "02:00:00:00:00:99"),
        case,
    ):
        assert isinstance(other.verdict(client_routes_vip_elsewhere), Cleared)


def test_the_clients_gateway_may_be_the_host_itself_by_address_and_mac(recorded: Recorded) -> None:
    case = recorded(CASE)
    known = next(iter(_client(case).gateway_macs()))
    address = LinkAddress(GATEWAY, 24)
    here = case.host_lists(
        Links,
        lambda link: (
            replace(link, mac=known, addresses=(*link.addresses, address)) if link.name == "bridge0" else link
        ),
    )
    another = case.host_lists(
        Links,
        lambda link: replace(link, addresses=(*link.addresses, address)) if link.name == "bridge0" else link,
    )
    for found, right in ((here, "bridge0 of n5"), (another, "None"), (case, "None")):
        assert str(gateway_on_a_host(found.network(), _client(found), case.vip)) == right


def _client(case: Any) -> Any:
    return case.network().clients(case.vip)[0]
