"""Keys lead from screen to screen; nothing is changed without the key that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hairpin_doctor.walkthrough.keys import keys_of, press
from hairpin_doctor.walkthrough.state import Act, Walk


def pressed(walk: Walk, *keys: str) -> tuple[Walk, Act | None]:
    act: Act | None = None
    for key in keys:
        walk, act = press(walk, key)
    return walk, act


def test_enter_leads_from_the_answer_to_the_plan(walks: dict[str, Walk]) -> None:
    walk, screens = walks["vip-on-port-mac"], []
    for _ in range(5):
        walk, act = press(walk, "enter")
        screens.append(walk.screen)
        assert act is None
    assert screens == ["hops", "cause", "ruled out", "fixes", "plan"]


def test_back_leads_the_same_way_back(walks: dict[str, Walk]) -> None:
    walk, _ = pressed(walks["vip-on-port-mac"], "enter", "enter", "b", "b")
    assert walk.screen == "answer"
    assert press(walk, "b")[0].message == "this is the first screen"


def test_without_a_cause_the_walk_ends_with_what_it_is_not(walks: dict[str, Walk]) -> None:
    walk, _ = pressed(walks["unknown-pod-filters"], "enter", "enter")
    assert walk.screen == "ruled out"
    assert press(walk, "enter")[0].screen == "end"


def test_only_a_applies_and_only_where_it_can_be(walks: dict[str, Walk]) -> None:
    plan = replace(walks["vip-on-port-mac"].to("plan"), cannot_apply=None)
    assert press(plan, "enter")[1] is None
    assert pressed(plan, "a")[1] == "apply"
    shown = replace(plan, cannot_apply="only root can")
    assert pressed(shown, "a") == (shown, None)
    assert "a" not in dict(keys_of(shown))
    assert press(shown, "enter")[0].message == "only root can"


def test_who_leaves_while_a_fix_is_in_force_is_asked(walks: dict[str, Walk]) -> None:
    changed = replace(walks["vip-on-port-mac"].to("end"), changed=True)
    walk, act = press(changed, "q")
    assert (walk.screen, act) == ("quit", None)
    assert press(walk, "k")[1] == "keep and leave"
    assert press(walk, "r")[1] == "undo"
    assert press(walk, "b")[0].screen == "end"


@pytest.mark.parametrize("screen", ["answer", "hops", "cause", "ruled out", "fixes", "plan", "end", "copy"])
def test_one_can_leave_and_save_and_go_back_everywhere(walks: dict[str, Walk], screen: str) -> None:
    walk = walks["vip-on-port-mac"].to(screen)  # type: ignore[arg-type]
    assert press(walk, "q")[1] == "leave"
    assert press(walk, "s")[1] == "save"
    assert press(walk, "b")[0].screen == "answer"
    assert {"b", "s", "q"} <= dict(keys_of(walk)).keys()


def test_what_is_typed_is_a_target_and_q_is_a_letter_there() -> None:
    walk, act = pressed(Walk("this machine", "ask"), "1", "q", "backspace", "0")
    assert (walk.typed, act) == ("10", None)
    assert press(walk, "enter")[1] == "look"
    assert press(Walk("this machine", "ask"), "enter")[0].message == "type an address first"


def test_more_opens_and_closes_and_up_and_down_choose_a_hop(walks: dict[str, Walk]) -> None:
    walk, _ = pressed(walks["vip-on-port-mac"], "enter", "down", "down", "up", "m")
    assert (walk.hop, walk.more) == (1, True)
    assert press(walk, "m")[0].more is False


def test_a_number_chooses_a_fix_that_exists(walks: dict[str, Walk]) -> None:
    fixes = walks["vip-on-port-mac"].to("fixes")
    assert press(fixes, "2")[0].fix == 1
    assert press(fixes, "9")[0].message == "there is no fix 9"


def test_going_on_without_root_looks_and_y_asks_for_sudo() -> None:
    rights = Walk("this machine", "rights")
    assert press(rights, "enter")[1] == "look"
    assert press(rights, "y")[1] == "become root"
    assert press(rights, "x") == (rights, None)


@pytest.mark.parametrize("screen", ["ask", "rights", "look", "answer", "plan", "end"])
def test_the_end_of_input_leaves_every_screen_and_is_no_letter(walks: dict[str, Walk], screen: str) -> None:
    walk = replace(walks["healthy"].to(screen), typed="192.0.2")  # type: ignore[arg-type]
    assert press(walk, "end of input") == (walk, "leave")
    assert press(replace(walk, changed=True), "end of input")[0].screen == "quit"
