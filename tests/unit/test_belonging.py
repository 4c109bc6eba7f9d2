"""Reports that belong together are joined, those of different networks or namings are not, and odd ones get a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import pytest

from hairpin_doctor.belonging import NotTogether, lacking, remarks
from hairpin_doctor.examine import replay
from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.redaction.redact import redact
from hairpin_doctor.scan import judge
from probes import questions as q
from probes.catalogue import CATALOGUE
from probes.host import Absent
from probes.probe import Scope
from probes.questions.links import Link, LinkAddress
from probes.questions.machine import Identity, Moment
from probes.questions.neighbours import Neighbour
from probes.questions.routing import ConnectedPrefix, Route
from probes.target import parse_target

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LAN, GATEWAY = IPv4Network("192.168.1.0/24"), IPv4Address("192.168.1.1")
ROUTER, OTHER_ROUTER = "74:83:c2:00:00:01", "c4:ad:34:00:00:01"


def machine(
    name: str, host: int, vip: str = "192.168.1.53:53", knows: dict[str, str] | None = None, **changes: Any
) -> Recording:
    """A machine of 192.168.1.0/24 with a MAC of its own that ends in `host`, and what it has in its neighbour cache."""
    own, mac = LAN[host], f"52:54:00:00:00:{host:02x}"
    link = Link(
        2,
        "eth0",
        None,
        mac,
        None,
        1500,
        True,
        True,
        True,
        True,
        0,
        None,
        None,
        (LinkAddress(own, 24),),
        None,
        None,
        None,
    )
    cache = tuple(
        Neighbour(2, IPv4Address(address), found, "REACHABLE", False)
        for address, found in (knows or {}).items()
    )
    target = parse_target(vip)
    asked = (
        Asked(q.MachineIdentity(), Identity(name, f"boot-{name}", 1, "6.1.0", True)),
        Asked(q.Links(), (link,)),
        Asked(q.Neighbours(Moment.BEFORE), cache),
        Asked(q.Neighbours(Moment.AFTER_TRAFFIC), cache),
        Asked(q.RouteTo(target.vip), Route("unicast", "eth0", None, own, 254)),
        Asked(q.RouteTo(IPv4Address("192.0.0.8")), Route("unicast", "eth0", GATEWAY, own, 254)),
        Asked(q.RoutingRules(), ()),
        Asked(q.ConnectedPrefixes(), (ConnectedPrefix(LAN, "eth0"),)),
        Asked(q.ArpSweep("eth0", own, (target.vip, GATEWAY), (), 850), ()),
    )
    return replace(Recording(name, NOW.isoformat(), Scope((target,)), asked), **changes)


def test_two_machines_that_know_one_router_are_of_one_network() -> None:
    pair = [
        machine("vm", 10, knows={"192.168.1.1": ROUTER}),
        machine("n5", 11, knows={"192.168.1.9": ROUTER}),
    ]
    assert len(judge(pair).recordings) == 2


def test_nothing_in_common_but_the_vip_may_be_two_ends_of_a_routed_path() -> None:
    assert len(judge([machine("vm", 10), machine("n5", 11)]).recordings) == 2


def test_the_same_numbers_behind_different_routers_are_different_networks() -> None:
    pair = [
        machine("vm", 10, knows={"192.168.1.1": ROUTER}),
        machine("n5", 11, knows={"192.168.1.1": OTHER_ROUTER}),
    ]
    with pytest.raises(NotTogether, match="gateways of one address and different MACs, and no MAC in common"):
        judge(pair)


def test_two_routers_at_one_address_of_one_network_are_a_contradiction_and_no_reason_to_refuse() -> None:
    pair = [
        machine("vm", 10, knows={"192.168.1.1": ROUTER, "192.168.1.11": "52:54:00:00:00:0b"}),
        machine("n5", 11, knows={"192.168.1.1": OTHER_ROUTER}),
    ]
    report = judge(pair).report
    assert [(each.address, each.what) for each in report.contradictions] == [("192.168.1.1", "the gateway")]
    assert sorted(claim.macs for claim in report.contradictions[0].claims) == [(ROUTER,), (OTHER_ROUTER,)]


def test_reports_of_different_vips_that_never_met_are_refused_by_name() -> None:
    with pytest.raises(
        NotTogether, match="no VIP in common, and neither has heard a MAC that the other knows"
    ):
        judge([machine("vm", 10), machine("elsewhere", 11, "192.168.1.99:53")])


def test_reports_of_different_vips_of_one_network_are_joined() -> None:
    pair = [
        machine("vm", 10, knows={"192.168.1.11": "52:54:00:00:00:0b"}),
        machine("n5", 11, "192.168.1.99:53"),
    ]
    assert len(judge(pair).recordings) == 2


def test_macs_that_every_docker_host_has_join_nothing() -> None:
    containers = {"172.17.0.2": "02:42:ac:11:00:02"}
    with pytest.raises(NotTogether):
        judge([machine("vm", 10, knows=containers), machine("elsewhere", 11, "192.168.1.99:53", containers)])


def test_redacted_reports_join_by_one_key_only() -> None:
    pair = [
        machine("vm", 10, knows={"192.168.1.1": ROUTER}),
        machine("n5", 11, knows={"192.168.1.1": ROUTER}),
    ]
    key, other = Key(b"k" * 16), Key(b"o" * 16)
    assert len(judge([redact(each, key).recording for each in pair]).recordings) == 2
    for mixed in (
        [redact(pair[0], key).recording, pair[1]],
        [redact(pair[0], key).recording, redact(pair[1], other).recording],
    ):
        with pytest.raises(NotTogether, match="redact all of them by one --redact-key, or none"):
            judge(mixed)


def said(*recordings: Recording) -> str:
    return " ".join(remarks(recordings, "0.1.0", NOW))


def test_clocks_and_times_that_do_not_fit_are_said() -> None:
    assert said(machine("vm", 10), machine("n5", 11)) == ""
    old = machine("vm", 10, taken_at=(NOW - timedelta(days=3)).isoformat())
    assert "vm and n5 were looked at 3 days apart" in said(old, machine("n5", 11))
    future = machine("vm", 10, taken_at=(NOW + timedelta(hours=1)).isoformat())
    assert "the report of vm is from the future" in said(future)


def test_a_redacted_report_says_that_it_is_one() -> None:
    assert "redacted" in said(redact(machine("vm", 10), Key(b"k" * 16)).recording)


def test_what_another_version_did_not_ask_or_asked_beyond_us_is_said() -> None:
    old = machine("vm", 10, tool_version="0.0.9")
    unasked = replay(old, CATALOGUE).unasked
    assert "Handshakes" in unasked
    assert "Links" not in unasked
    assert "looked at by hairpin-doctor 0.0.9, and this is 0.1.0: not asked then: A, B" in next(
        lacking(old, ("A", "B"), "0.1.0")
    )
    assert list(lacking(machine("vm", 10, tool_version="0.1.0"), unasked, "0.1.0")) == []
    assert list(lacking(machine("vm", 10), unasked, "0.1.0")) == []
    newer = machine("vm", 10, tool_version="9.0", unknown=("Telepathy",))
    assert "cannot read what it says of Telepathy" in said(newer)


def test_a_machines_own_address_found_elsewhere_is_a_contradiction() -> None:
    stranger = "00:1b:21:de:ad:99"
    pair = [
        machine("vm", 10, knows={"192.168.1.1": ROUTER}),
        machine("n5", 11, knows={"192.168.1.10": stranger, "192.168.1.1": ROUTER}),
    ]
    (found,) = judge(pair).report.contradictions
    assert (found.address, found.what) == ("192.168.1.10", "vm itself")
    assert {claim.vantage_point: claim.macs for claim in found.claims} == {
        "vm": ("52:54:00:00:00:0a",),
        "n5": (stranger,),
    }


def test_vantage_points_that_agree_contradict_each_other_in_nothing() -> None:
    pair = [
        machine(name, host, knows={"192.168.1.1": ROUTER, "192.168.1.53": ROUTER})
        for name, host in (("vm", 10), ("n5", 11))
    ]
    assert judge(pair).report.contradictions == ()


def test_a_vip_at_two_macs_is_shown_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    from hairpin_doctor.report.html import to_html
    from hairpin_doctor.report.markdown import to_markdown
    from hairpin_doctor.report.page import Page
    from hairpin_doctor.report.short import show_short
    from hairpin_doctor.report.terminal import show

    pair = [
        machine("vm", 10, knows={"192.168.1.53": "52:54:00:00:00:0b"}),
        machine("n5", 11, knows={"192.168.1.53": "00:1b:21:de:ad:99", "192.168.1.10": "52:54:00:00:00:0a"}),
    ]
    report = judge(pair).report
    show(report, Page())
    show_short(report, Page())
    shown = capsys.readouterr().out
    assert shown.count("192.168.1.53, the VIP:") == 2
    assert "The vantage points contradict each other" in shown
    for text in (to_markdown(report), to_html(report)):
        assert "the VIP" in text
        assert "contradict each other" in text


def ipv6_machine(name: str, host: int, gateway: str, router: str) -> Recording:
    """The same without IPv4; each link of the site has fe80::/64, and many a router is fe80::1 there."""
    old = machine(name, host)
    vip, own = parse_target("[fd00:1::53]:53"), IPv6Address(f"fd00:{host}::5")
    towards = Route("unicast", "eth0", IPv6Address(gateway), own, 254)
    cache = (Neighbour(2, IPv6Address(gateway), router, "REACHABLE", True),)
    asked = (
        *old.asked[:2],
        Asked(q.Neighbours(Moment.BEFORE), cache),
        Asked(q.Neighbours(Moment.AFTER_TRAFFIC), cache),
        Asked(q.RouteTo(vip.vip), towards),
        Asked(q.RouteTo(IPv4Address("192.0.0.8")), None, Absent("no route")),
        Asked(q.RouteTo(IPv6Address("100::8")), towards),
        Asked(q.RoutingRules(), ()),
        Asked(q.ConnectedPrefixes(), (ConnectedPrefix(IPv6Network("fe80::/64"), "eth0"),)),
    )
    return replace(old, scope=Scope((vip,)), asked=asked)


def test_machines_without_ipv4_have_no_gateway_in_common_by_that() -> None:
    pair = [
        ipv6_machine("remote", 10, "fd00:10::1", ROUTER),
        ipv6_machine("n5", 11, "fd00:11::1", OTHER_ROUTER),
    ]
    assert len(judge(pair).recordings) == 2


def test_a_link_local_gateway_of_one_address_is_another_router_on_each_link() -> None:
    pair = [ipv6_machine("remote", 10, "fe80::1", ROUTER), ipv6_machine("n5", 11, "fe80::1", OTHER_ROUTER)]
    assert len(judge(pair).recordings) == 2
    assert judge(pair).report.contradictions == ()


def test_an_ipv6_gateway_of_one_global_address_and_two_macs_is_two_networks() -> None:
    pair = [
        ipv6_machine("remote", 10, "fd00:10::1", ROUTER),
        ipv6_machine("n5", 11, "fd00:10::1", OTHER_ROUTER),
    ]
    with pytest.raises(NotTogether, match="gateways of one address and different MACs"):
        judge(pair)
