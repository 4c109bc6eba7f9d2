"""HD106: one machine answers with several MACs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Undetermined
from hairpin_doctor.rules.announced_by_many_interfaces import announced_by_many_interfaces
from hairpin_doctor.rules.ipvs_without_strict_arp import ipvs_without_strict_arp
from probes.questions.links import LinkAddress, Links
from probes.questions.neighbours import ArpSweep
from probes.questions.routing import RouteTo

Recorded = Callable[[str], Any]
CASE, STRANGER = "announced-twice", "3c:06:30:77:88:99"


def second(case: Any) -> str:
    """The MAC that answers besides the bridge's."""
    replies = next(each.answer for each in case.client.asked if isinstance(each.question, ArpSweep))
    return next(r.mac for r in replies if r.address == case.vip and r.mac != case.link("bridge0").mac)


def test_two_macs_of_one_machine_are_proof(recorded: Recorded) -> None:
    verdict = recorded(CASE).verdict(announced_by_many_interfaces)
    assert isinstance(verdict, Diagnosis)
    assert verdict.confidence is Confidence.PROVEN


def test_one_answer_clears_it(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = second(case)
    verdict = case.client_lists(ArpSweep, lambda r: None if r.mac == mac else r).verdict(
        announced_by_many_interfaces
    )
    assert isinstance(verdict, Cleared)
    assert "no two MACs" in verdict.reason


def test_no_answer_at_all_is_not_called_one(recorded: Recorded) -> None:
    verdict = recorded("nobody-announces").verdict(announced_by_many_interfaces)
    assert isinstance(verdict, Cleared)
    assert "no two MACs answer" in verdict.reason


def test_a_client_behind_a_router_does_not_hide_what_another_one_hears(recorded: Recorded) -> None:
    case = recorded(CASE)
    gateway = IPv4Address("192.168.8.1")
    routed = case.client_says(
        RouteTo, lambda q, route: replace(route, gateway=gateway) if q.destination == case.vip else route
    ).client
    assert isinstance(case.verdict(announced_by_many_interfaces, case.host, routed), Cleared)
    together = case.verdict(announced_by_many_interfaces, case.host, routed, case.client)
    assert isinstance(together, Diagnosis)


def test_a_second_mac_of_a_stranger_is_another_cause(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac = second(case)
    verdict = case.client_lists(ArpSweep, lambda r: replace(r, mac=STRANGER) if r.mac == mac else r).verdict(
        announced_by_many_interfaces
    )
    assert isinstance(verdict, Cleared)
    assert STRANGER in verdict.reason


def test_a_second_mac_of_another_scanned_machine_is_another_cause(recorded: Recorded) -> None:
    case = recorded(CASE)
    mac, others = second(case), case.network().vantage_points[1].link_towards(case.vip).mac
    verdict = case.client_lists(ArpSweep, lambda r: replace(r, mac=others) if r.mac == mac else r).verdict(
        announced_by_many_interfaces
    )
    assert isinstance(verdict, Cleared)


def test_an_unknown_gateways_second_answer_is_proxy_arp_also_for_the_client_alone(recorded: Recorded) -> None:
    case = recorded("proxy-arp-beside-announcer")
    assert isinstance(case.verdict(announced_by_many_interfaces), Cleared)
    assert isinstance(case.verdict(announced_by_many_interfaces, case.client), Cleared)


def test_a_node_that_is_the_gateway_itself_may_answer_twice_like_any_other(recorded: Recorded) -> None:
    case = recorded(CASE)
    gateway = next(iter(case.network().vantage_points[1].gateway_macs()))
    own = case.link("bridge0").mac
    same = case.client_lists(ArpSweep, lambda r: replace(r, mac=own) if r.mac == gateway else r)
    assert own in same.network().vantage_points[1].gateway_macs()
    assert isinstance(same.verdict(announced_by_many_interfaces), Diagnosis)


def test_the_client_alone_cannot_know_the_owners(recorded: Recorded) -> None:
    case = recorded(CASE)
    assert isinstance(case.verdict(announced_by_many_interfaces, case.client), Undetermined)


def held_by(case: Any, *interfaces: str, arp_ignore: int = 0) -> Any:
    """The same, where the VIP is an address of the host, on these of its interfaces or on a dummy."""
    local = case.host_says(
        RouteTo, lambda q, route: replace(route, type="local") if q.destination == case.vip else route
    )
    if interfaces:
        own = LinkAddress(case.vip, case.vip.max_prefixlen)
        local = local.host_lists(
            Links,
            lambda link: replace(link, addresses=(*link.addresses, own)) if link.name in interfaces else link,
        )
    names = ("all", "bridge0", "metallb0")
    return local.host_sets({f"net/ipv4/conf/{name}/arp_ignore": arp_ignore for name in names})


def fix_of(case: Any) -> Any:
    verdict = case.verdict(announced_by_many_interfaces)
    assert isinstance(verdict, Diagnosis)
    return verdict.fixes[0]


def test_a_kernel_that_answers_on_both_is_made_quiet_where_the_address_is_not(recorded: Recorded) -> None:
    for case in (held_by(recorded(CASE), "bridge0"), held_by(recorded(CASE))):
        assert fix_of(case).steps[0].commands == (
            "sysctl -w net/ipv4/conf/metallb0/arp_ignore=1",
            "sysctl -w net/ipv4/conf/metallb0/arp_announce=2",
        )


def test_a_listener_there_is_spoken_of_since_no_setting_reaches_it(recorded: Recorded) -> None:
    assert "A process listens for ARP on metallb0" in fix_of(held_by(recorded(CASE), "bridge0")).cautions[0]


def test_an_address_on_both_is_taken_off_one(recorded: Recorded) -> None:
    for arp_ignore in (0, 1):
        fix = fix_of(held_by(recorded(CASE), "bridge0", "metallb0", arp_ignore=arp_ignore))
        assert fix.steps[0].commands == ("ip addr del 192.168.8.53/32 dev metallb0",)


def test_under_strict_arp_the_announcer_answers_twice_and_is_told_of_one_interface(
    recorded: Recorded,
) -> None:
    assert "metallb0" in fix_of(held_by(recorded(CASE), arp_ignore=1)).steps[0].manifest
    assert "bridge0" in fix_of(held_by(recorded(CASE), "bridge0", arp_ignore=1)).steps[0].manifest


def test_over_ipv6_the_kernel_answers_where_the_address_is_so_the_other_answer_is_an_announcers(
    recorded: Recorded,
) -> None:
    case = recorded("announced-twice-ipv6")
    assert "metallb0" in fix_of(held_by(case, "metallb0")).steps[0].manifest
    both = fix_of(held_by(case, "bridge0", "metallb0"))
    assert both.steps[0].commands == (f"ip addr del {case.vip}/128 dev metallb0",)


def test_one_machine_with_two_kernel_answers_is_not_two_nodes(recorded: Recorded) -> None:
    assert isinstance(held_by(recorded(CASE)).verdict(ipvs_without_strict_arp), Cleared)
