"""Every screen of every case fits its terminal, and names what a person can do next."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest

from hairpin_doctor.report.page import Look
from hairpin_doctor.walkthrough.keys import press
from hairpin_doctor.walkthrough.layout import frame, within
from hairpin_doctor.walkthrough.state import Progress, Screen, Walk

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
SIZES = [(80, 24), (120, 40)]
LOOKS = [(True, True), (True, False), (False, False)]
CASES = ("bgp-same-subnet", "vip-on-port-mac", "hairpin-off-on-port", "healthy", "unknown-pod-filters")
HOPS = """\
hairpin-doctor  vip-on-port-mac  -  The path, hop by hop
────────────────────────────────────────────────────────────────────────────────
  √ fine         client enp1s0 of homeassistant  192.168.8.10  52:54:00:8e:31:10
  √ fine         bridge port vnet1 of n5  fe:54:00:8e:31:10
  √ fine         bridge bridge0 of n5  192.168.8.246  5a:94:e7:1a:bf:e6
  √ fine         uplink eno1 of n5 (beside the path)  84:47:09:1a:2b:01
> × BREAKS HERE  ARP answer eno1 of n5  84:47:09:1a:2b:01
  – not reached  service rule iptables-nft of n5  192.168.8.53
  – not reached  way out veth0af40053 of n5  2e:60:3c:da:dd:51
  – not reached  endpoint 10.244.0.83:53  b2:0a:45:ac:b7:63

The interface that answers ARP for the VIP: whoever has this MAC gets the
packets.
On this network: 192.168.8.53 answers with the MAC of eno1, a port of bridge0
other than that of homeassistant.







[enter] the cause  [up/down] hop  [m] more  [b] back  [s] save  [q] quit"""
MACS = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|veth0af40053")


def essence(text: str) -> str:
    """Without what differs from recording to recording, and with one empty line for several."""
    return re.sub(r"\n{3,}", "\n\n", MACS.sub("X", text))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize(("unicode", "colour"), LOOKS)
def test_no_screen_is_wider_or_higher_than_the_terminal(
    walks: dict[str, Walk], case: str, columns: int, rows: int, unicode: bool, colour: bool
) -> None:
    for screen in get_args(Screen):
        for more in (False, True):
            walk = replace(walks[case].to(screen), more=more, message="a message")
            lines = [ESCAPES.sub("", line) for line in frame(walk, Look(unicode, colour, columns), rows)]
            assert len(lines) <= rows, screen
            wide = [line for line in lines if len(line) > columns]
            assert not wide or screen == "copy", wide
            assert unicode or all(line.isascii() for line in lines), screen


@pytest.mark.parametrize("case", CASES)
def test_every_screen_names_the_keys_that_do_something(walks: dict[str, Walk], case: str) -> None:
    for screen in get_args(Screen):
        lines = frame(walks[case].to(screen), Look(True, False, 80), 24)
        assert re.search(r"\[.+\] \w+", lines[-1]), screen


def test_the_hop_that_is_pointed_at_is_explained_below_the_path(walks: dict[str, Walk]) -> None:
    shown = frame(replace(walks["vip-on-port-mac"].to("hops"), hop=4), Look(True, False, 80), 24)
    assert essence("\n".join(shown)) == essence(HOPS)


def test_the_mechanism_of_a_cause_is_running_text(walks: dict[str, Walk]) -> None:
    shown = frame(replace(walks["vip-on-port-mac"].to("cause"), more=True), Look(True, False, 80), 40)
    assert "delivered upwards, but it keeps PACKET_OTHERHOST" in " ".join("\n".join(shown).split())


def test_colour_changes_no_letter(walks: dict[str, Walk]) -> None:
    walk = walks["vip-on-port-mac"].to("hops")
    coloured = frame(walk, Look(True, True, 80), 24)
    assert any("\x1b[" in line for line in coloured)
    assert [ESCAPES.sub("", line) for line in coloured] == frame(walk, Look(True, False, 80), 24)


def test_a_body_that_is_too_long_has_a_window_that_says_how_much_is_left(walks: dict[str, Walk]) -> None:
    walk = replace(walks["vip-on-port-mac"].to("ruled out"), more=True)
    first = frame(walk, Look(True, False, 80), 24)
    assert "more below" in first[-2]
    last = frame(replace(walk, offset=1000), Look(True, False, 80), 24)
    assert "above" in last[-2]
    assert "below" not in last[-2]


def test_the_window_goes_no_further_than_the_text(walks: dict[str, Walk]) -> None:
    look = Look(True, False, 80)
    walk = replace(walks["vip-on-port-mac"].to("ruled out"), more=True, offset=1000)
    last = within(walk, look, 24)
    assert frame(last, look, 24) == frame(walk, look, 24)
    assert frame(replace(last, offset=last.offset - 1), look, 24) != frame(last, look, 24)
    assert within(replace(walk, more=False), look, 24).offset == 0


def test_where_the_arrows_choose_something_the_space_bar_moves_the_window(walks: dict[str, Walk]) -> None:
    for screen in ("hops", "fixes"):
        shown = frame(walks["vip-on-port-mac"].to(screen), Look(True, False, 60), 12)
        assert any("more below (space)" in line for line in shown)
        assert press(walks["vip-on-port-mac"].to(screen), "space")[0].offset > 0


def test_what_is_pointed_at_is_in_the_window(walks: dict[str, Walk]) -> None:
    small = Look(True, False, 40)
    for hop in range(8):
        shown = frame(replace(walks["vip-on-port-mac"].to("hops"), hop=hop), small, 10)
        assert any(line.startswith("> ") for line in shown), hop


def test_a_narrow_terminal_still_names_the_screen_and_cuts_no_word(walks: dict[str, Walk]) -> None:
    walk = walks["vip-on-port-mac"]
    assert frame(walk.to("ruled out"), Look(True, False, 40), 10)[0] == "vip-on-port-mac  -  What it is not"
    lines = frame(walk.to("cause"), Look(True, False, 40), 30)
    assert all(len(line) <= 40 for line in lines)


def test_a_terminal_that_is_too_small_for_anything_is_told_so(walks: dict[str, Walk]) -> None:
    for columns, rows in ((30, 24), (80, 6), (12, 3)):
        lines = frame(walks["healthy"], Look(True, False, columns), rows)
        assert lines[0].startswith("Make this")
        assert len(lines) <= rows
        assert all(len(line) <= columns for line in lines)


def test_a_healthy_end_shows_a_healthy_picture(walks: dict[str, Walk]) -> None:
    text = "\n".join(frame(walks["healthy"].to("end"), Look(True, False, 80), 24))
    assert "√ healthy" in text
    assert "BREAKS" not in text


def test_an_unexplained_end_says_so_and_where_to_look_next(walks: dict[str, Walk]) -> None:
    text = "\n".join(frame(walks["unknown-pod-filters"].to("end"), Look(True, False, 80), 60))
    assert "‼ unexplained" in text
    assert "No known cause explains this" in text


def test_looking_shows_each_layer_and_the_path_so_far(walks: dict[str, Walk]) -> None:
    report = walks["healthy"].report
    assert report is not None
    progress = Progress((("link", 1, 1), ("traffic", 1, 4)), report.paths)
    text = "\n".join(
        frame(replace(walks["healthy"].to("look"), progress=progress), Look(True, False, 80), 24)
    )
    assert "√ link           1 of 1" in text
    assert "? traffic        1 of 4" in text
    assert "as far as it shows" in text


def test_copied_commands_stand_alone_in_the_first_column(walks: dict[str, Walk]) -> None:
    lines = frame(walks["hairpin-off-on-port"].to("plan").to("copy"), Look(True, False, 80), 24)
    assert lines[0].startswith("bridge link set dev vnet1 hairpin on")


def test_after_a_fix_what_works_from_the_host_alone_is_not_proven_yet(walks: dict[str, Walk]) -> None:
    """The one who failed was a client, whose report is from before the fix."""
    healthy = walks["healthy"].to("end")
    assert healthy.report is not None
    alone = replace(healthy, report=replace(healthy.report, not_tested=("client path not tested",)))
    look = Look(unicode=True, colour=False, width=80)
    assert "? not proven yet  " in frame(replace(alone, changed=True), look, 24)[2]
    assert "√ healthy  " in frame(replace(healthy, changed=True), look, 24)[2]
    assert "√ healthy  " in frame(alone, look, 24)[2]
