"""The three-valued walk."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from probes.rulesets import iptables
from probes.rulesets.crossing import Crossing
from probes.rulesets.packet import Packet
from probes.rulesets.truth import Mark, Truth
from probes.rulesets.walk import through_hook

PACKET = Packet(ip_address("192.0.2.53"), "tcp", 53)


def forward(rules: str, chains: str = "", packet: Packet = PACKET) -> Crossing:
    """Cross a FORWARD chain with policy ACCEPT and these rules."""
    text = f"*filter\n:FORWARD ACCEPT [0:0]\n{chains}\n{rules}\nCOMMIT\n"
    return through_hook([iptables.parse(text, "iptables-nft", 4)], "forward", packet)


def test_a_known_match_is_certain() -> None:
    crossing = forward("-A FORWARD -d 192.0.2.53/32 -j DROP")
    assert crossing.continues is Truth.NO
    assert crossing.stops[0].certain


def test_an_unknown_match_is_possible() -> None:
    crossing = forward("-A FORWARD -s 198.51.100.0/24 -j DROP")
    assert crossing.continues is Truth.UNKNOWN
    assert not crossing.stops[0].certain


def test_a_drop_behind_a_possible_accept_is_only_possible() -> None:
    crossing = forward("-A FORWARD -i eth0 -j ACCEPT\n-A FORWARD -j DROP")
    assert [stop.certain for stop in crossing.stops] == [False]


def test_an_unknown_match_that_changes_nothing_keeps_certainty() -> None:
    crossing = forward(
        "-A FORWARD -i eth0 -j LOG\n-A FORWARD -i eth0 -j X\n-A FORWARD -j DROP\n-A X -j RETURN", ":X - [0:0]"
    )
    assert [stop.certain for stop in crossing.stops] == [True]


def test_a_possible_return_makes_the_rest_of_that_chain_possible_and_no_more() -> None:
    crossing = forward(
        "-A FORWARD -j X\n-A FORWARD -j DROP\n-A X -i eth0 -j RETURN\n-A X -p tcp -j REJECT", ":X - [0:0]"
    )
    assert [(stop.decision, stop.certain) for stop in crossing.stops] == [("reject", False), ("drop", False)]
    assert crossing.continues is Truth.NO


def test_goto_comes_back_to_the_caller() -> None:
    crossing = forward(
        "-A FORWARD -j A\n-A FORWARD -j DROP\n-A A -g B\n-A A -j ACCEPT\n-A B -j LOG",
        ":A - [0:0]\n:B - [0:0]",
    )
    assert crossing.stops[0].certain


def test_marks_are_followed() -> None:
    marked = (
        "-A X -j MARK --set-xmark 0x8000/0x8000\n"
        "-A FORWARD -d 192.0.2.53/32 -j X\n"
        "-A FORWARD -m mark --mark 0x8000/0x8000 -j DROP"
    )
    assert forward(marked, ":X - [0:0]").stops[0].certain


def test_possibly_marked_is_unknown() -> None:
    crossing = forward(
        "-A FORWARD -i eth0 -j MARK --set-xmark 0x1/0x1\n-A FORWARD -m mark --mark 0x1/0x1 -j DROP"
    )
    assert not crossing.stops[0].certain
    assert not crossing.mark.known & 1


def test_loops_are_cut_off_and_nothing_stays_certain() -> None:
    crossing = forward("-A FORWARD -j A\n-A A -j B\n-A B -j A\n-A FORWARD -j DROP", ":A - [0:0]\n:B - [0:0]")
    assert crossing.bounded
    assert not crossing.stops[0].certain


def test_an_unknown_target_is_told() -> None:
    crossing = forward("-A FORWARD -j TARPIT\n-A FORWARD -j DROP")
    assert crossing.unclear == ("TARPIT",)
    assert not crossing.stops[0].certain


@pytest.mark.parametrize(("bridged", "stopped"), [(True, 0), (False, 1)])
def test_bridged_frames(bridged: bool, stopped: int) -> None:
    packet = replace(PACKET, bridged=bridged)
    rules = "-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT\n-A FORWARD -j DROP"
    assert len(forward(rules, packet=packet).stops) == stopped


def test_an_accept_ends_one_table_only() -> None:
    text = (
        "*filter\n:FORWARD DROP [9:9]\nCOMMIT\n*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j ACCEPT\nCOMMIT\n"
    )
    stop = through_hook([iptables.parse(text, "iptables-legacy", 4)], "forward", PACKET).stops[0]
    assert (stop.text, stop.chain, stop.base.table, stop.certain) == (
        "policy drop",
        "FORWARD",
        "filter",
        True,
    )


def test_statistic_leaves_no_way_untranslated() -> None:
    text = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -m statistic --mode random --probability 0.50 -j DNAT --to-destination 10.0.0.1:53
-A PREROUTING -j DNAT --to-destination 10.0.0.2:53
COMMIT
"""
    crossing = through_hook([iptables.parse(text, "iptables-nft", 4)], "prerouting", PACKET)
    assert [str(translation.endpoint) for translation in crossing.translations] == [
        "10.0.0.1:53",
        "10.0.0.2:53",
    ]
    assert crossing.untranslated is Truth.NO
    assert crossing.continues is Truth.YES


def test_marks_know_their_bits() -> None:
    mark = Mark(0, 0).changed(0xFFFFBFFF, 0x4000)
    assert mark.equals(0x4000, 0x4000) is Truth.YES
    assert mark.equals(0, 0x4000) is Truth.NO
    assert mark.equals(0x8000, 0x8000) is Truth.UNKNOWN
    assert mark.merged(Mark(0)).equals(0, 0x4000) is Truth.UNKNOWN
