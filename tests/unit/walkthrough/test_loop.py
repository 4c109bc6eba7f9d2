"""The loop on paper: what keys ask for is done, and what comes of it is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.recording import Recording
from hairpin_doctor.report.report import Diagnosis, Fix, Report
from hairpin_doctor.scan import judge
from hairpin_doctor.walkthrough.doings import FILE, Applied, Replay, Tell, Tick, Trouble
from hairpin_doctor.walkthrough.loop import osc52, run
from hairpin_doctor.walkthrough.state import Walk

Recorded = Callable[[str], tuple[Recording, ...]]


class Mending(Replay):
    """A replay that can be mended: afterwards it is the healthy case."""

    def __init__(self, sick: tuple[Recording, ...], healthy: tuple[Recording, ...], *, ask: bool) -> None:
        super().__init__(sick)
        self.sick, self.healthy, self.ask = sick, healthy, ask
        self.done: list[str] = []
        self.over = False

    def cannot_apply(self, diagnosis: Diagnosis, fix: Fix) -> str | None:
        return None

    def apply(self, diagnosis: Diagnosis, fix: Fix, tell: Tell) -> Applied:
        tell(f"doing {fix.title}")
        self.done.append("apply")
        return Applied(judge(self.healthy).report, changed=True, must_confirm=self.ask, note="It holds.")

    def seconds_left(self) -> float | None:
        return None if "keep" in self.done or self.over else 60.0

    def settle(self, tell: Tell) -> Applied:
        self.done.append("settle")
        tell("nobody confirmed in time")
        return Applied(judge(self.sick).report, changed=False, must_confirm=False, taken_back=True)

    def keep(self) -> None:
        self.done.append("keep")

    def undo(self, tell: Tell) -> Applied:
        self.done.append("undo")
        return Applied(judge(self.sick).report, changed=False, must_confirm=False, taken_back=True)


class Failing(Replay):
    """A walk whose look fails."""

    def look(self, typed: str, tick: Tick) -> Report:
        if typed == "boom":
            raise ZeroDivisionError("boom")
        raise Trouble("there is no target")


def test_a_replay_is_walked_through_to_its_plan(recordings_of: Recorded, paper: Any) -> None:
    terminal = paper("enter", "enter", "enter", "enter", "enter", "q")
    last, act = run(Walk("file", "look"), Replay(recordings_of("vip-on-port-mac")), terminal)
    assert act == "leave"
    assert last.screen == "plan"
    assert "this is a saved report" in "\n".join(terminal.frames[-1]) or last.cannot_apply


def test_a_fix_is_applied_on_a_key_and_ends_healthy(recordings_of: Recorded, paper: Any) -> None:
    doings = Mending(recordings_of("vip-on-port-mac"), recordings_of("healthy"), ask=True)
    terminal = paper(*["enter"] * 5, "a", "y", "q", "k")
    last, _ = run(Walk("lab", "look"), doings, terminal)
    assert doings.done == ["apply", "keep"]
    assert last.report is not None
    assert last.report.verdict == "healthy"
    assert any("√ healthy" in line for lines in terminal.frames for line in lines)


def test_what_was_applied_is_taken_back_on_leaving(recordings_of: Recorded, paper: Any) -> None:
    doings = Mending(recordings_of("vip-on-port-mac"), recordings_of("healthy"), ask=False)
    terminal = paper(*["enter"] * 5, "a", "q", "r", "q")
    last, _ = run(Walk("lab", "look"), doings, terminal)
    assert doings.done == ["apply", "undo"]
    assert last.report is not None
    assert last.report.verdict == "diagnosed"
    assert not last.changed
    assert any("The fix was taken back" in line for line in terminal.frames[-1])


def test_a_change_that_awaits_a_yes_is_kept_on_leaving_by_k(recordings_of: Recorded, paper: Any) -> None:
    doings = Mending(recordings_of("vip-on-port-mac"), recordings_of("healthy"), ask=True)
    _, act = run(Walk("lab", "look"), doings, paper(*["enter"] * 5, "a", "q", "k"))
    assert doings.done == ["apply", "keep"]
    assert act == "leave"


def test_when_the_time_for_a_yes_is_over_it_is_said_what_became_of_the_change(
    recordings_of: Recorded, paper: Any
) -> None:
    doings = Mending(recordings_of("vip-on-port-mac"), recordings_of("healthy"), ask=True)
    doings.over = True
    last, _ = run(Walk("lab", "look"), doings, paper(*["enter"] * 5, "a", "q"))
    assert doings.done == ["apply", "settle"]
    assert not last.changed
    assert last.message == "it was taken back: nobody confirmed in time"


def test_trouble_is_a_sentence_and_the_question_comes_again(recordings_of: Recorded, paper: Any) -> None:
    terminal = paper(*"boom", "enter", *["backspace"] * 4, "x", "enter", "")
    with pytest.raises(StopIteration):
        run(Walk("this machine", "look"), Failing(recordings_of("healthy")), terminal)
    text = "\n".join(line for lines in terminal.frames for line in lines)
    assert "there is no target" in text
    assert "hairpin-doctor itself failed (ZeroDivisionError: boom)" in text


def test_the_report_is_saved_and_commands_are_copied(
    recordings_of: Recorded, paper: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    terminal = paper(*["enter"] * 5, "s", "c", "q")
    run(Walk("file", "look"), Replay(recordings_of("hairpin-off-on-port")), terminal)
    assert (tmp_path / FILE).read_text().startswith("{")
    assert terminal.copied[0].startswith("bridge link set dev vnet1 hairpin on")


def test_the_clipboard_takes_any_text() -> None:
    assert osc52("é") == "\x1b]52;c;w6k=\x07"
