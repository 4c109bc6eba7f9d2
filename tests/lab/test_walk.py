"""The walk on real machines of a lab, at a real pseudo terminal: mended on a yes, and nothing left where nobody said it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.state import saved
from hairpin_doctor.mending.store import Store

pytestmark = pytest.mark.lab
AtATerminal = Callable[..., AbstractContextManager[Any]]
NAMES = Names.story()
TARGET = f"{NAMES.dns_vip}:53/udp"
HUNG_UP = 129


def lab_of(name: str) -> Lab:
    case = find(name)
    assert case is not None
    return Lab(case.build(NAMES), case=name)


def to_the_plan(terminal: Any) -> None:
    """Through every screen, by the keys that each of them shows."""
    for shown in (
        "[enter] the path",
        "[enter] the cause",
        "[enter] what it is not",
        "[enter] how to mend it",
        "its plan",
    ):
        terminal.until(shown)
        terminal.press("\r")


def eventually(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def test_a_client_is_mended_on_a_yes_seen_healthy_and_taken_back_on_quitting(
    at_a_terminal: AtATerminal, tmp_path: Path
) -> None:
    with lab_of("stale-neighbour") as lab:

        def entry() -> str:
            return lab.run("vm", ["ip", "neigh", "show", str(NAMES.dns_vip)]).stdout

        wrong = entry()
        assert "PERMANENT" in wrong
        walk = ("walk", TARGET, "--state-dir", str(tmp_path))
        with at_a_terminal(*walk, place=lab.place("vm")) as terminal:
            to_the_plan(terminal)
            terminal.until("[a] apply it")
            assert entry() == wrong
            terminal.press("a")
            terminal.until("works now")
            terminal.until("[y] keep it")
            terminal.press("y")
            shown = terminal.until("[r] take the fix back")
            assert "healthy" in shown
            assert "BREAKS HERE" not in shown
            assert "PERMANENT" not in entry()
            terminal.press("q")
            terminal.until("[k] keep the change")
            terminal.press("r")
            assert "HD205" in terminal.until("[enter] look again")
            assert entry() == wrong
            terminal.press("q")
            assert terminal.process.wait(20) == 1
            assert terminal.sane()


def test_a_host_is_mended_without_what_its_client_said_before_and_a_hang_up_takes_it_back(
    at_a_terminal: AtATerminal, tmp_path: Path
) -> None:
    with lab_of("hairpin-off-on-port") as lab:

        def hairpin() -> bool:
            return "hairpin on" in lab.run("host", ["bridge", "-d", "link", "show", "dev", NAMES.tap]).stdout

        report, state = tmp_path / "vm.json", tmp_path / "state"
        with at_a_terminal("scan", TARGET, "--save", str(report), place=lab.place("vm")) as scanning:
            scanning.until("saved to")
        walk = ("walk", "--with", str(report), "--state-dir", str(state))
        with at_a_terminal(*walk, place=lab.place("host")) as terminal:
            to_the_plan(terminal)
            terminal.until("[a] apply it")
            terminal.press("a")
            assert "not proven yet" in terminal.until("[y] keep it")
            assert hairpin()
            terminal.hang_up()
            assert terminal.process.wait(20) == HUNG_UP
            assert not hairpin()
            (run,) = Store(state).history()
            assert run.phase == "rolled-back"


def test_a_session_that_is_closed_while_its_lab_is_built_leaves_no_lab(at_a_terminal: AtATerminal) -> None:
    with at_a_terminal("walk", "--lab", "healthy") as terminal:
        terminal.until("building healthy")
        pid = terminal.process.pid
        assert eventually(lambda: any(state.builder == pid for state in saved()))
        terminal.hang_up()
        assert terminal.process.wait(20) == HUNG_UP
        assert not [state for state in saved() if state.builder == pid]
