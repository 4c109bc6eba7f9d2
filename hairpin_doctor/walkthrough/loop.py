"""The thin loop: paint the state, take a key, do what it asks for in a thread, and go on with what came of it."""

from __future__ import annotations

import base64
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from hairpin_doctor.report.page import Look
from hairpin_doctor.report.report import Report
from hairpin_doctor.walkthrough.doings import Applied, Doings, Trouble
from hairpin_doctor.walkthrough.keys import command, press
from hairpin_doctor.walkthrough.layout import frame, within
from hairpin_doctor.walkthrough.state import Act, Progress, Walk

Change = Callable[[Walk], Walk]
REPAINT = "repaint"
TAKEN_BACK = "The fix was taken back: what it changed is as it was before."


class Terminal(Protocol):
    """What the loop needs of a terminal."""

    def pressed(self, seconds: float) -> str | None:
        """A key, or None; REPAINT where what was painted is on the terminal no more."""

    def size(self) -> tuple[Look, int]:
        """What it can show, and its rows."""

    def paint(self, lines: list[str]) -> None:
        """Show exactly these lines."""

    def clipboard(self, text: str) -> None:
        """Offer it to the clipboard, where the terminal can."""


def run(walk: Walk, doings: Doings, terminal: Terminal) -> tuple[Walk, Act]:
    """Walk until the person leaves; how it stands then, and what they leave for."""
    news: queue.Queue[Change] = queue.Queue()
    if walk.screen == "look":
        _start(walk, "look", doings, news)
    shown: object = None
    since, screen = time.monotonic(), walk.screen
    while True:
        while not news.empty():
            walk = news.get()(walk)
        walk = _awaiting(_with_rights(walk, doings), doings, news)
        if walk.screen != screen:
            since, screen = time.monotonic(), walk.screen
        walk = replace(walk, elapsed=int(time.monotonic() - since) if screen in ("look", "apply") else 0)
        look, rows = terminal.size()
        walk = within(walk, look, rows)
        if shown != (walk, look, rows):
            terminal.paint(frame(walk, look, rows))
            shown = (walk, look, rows)
        key = terminal.pressed(0.1)
        if not key:
            continue
        if key == REPAINT:
            shown = None
            continue
        walk, act = press(walk, key)
        if act == "keep and leave":
            walk = _kept(walk, doings) if walk.must_confirm else walk
            act = None if walk.must_confirm else "leave"
        if act in ("leave", "become root"):
            return walk, act
        if act is not None:
            walk = _act(walk, act, doings, terminal, news)


def _with_rights(walk: Walk, doings: Doings) -> Walk:
    """Whether the fix that is looked at can be applied, and how much of it, depends on which one it is."""
    if walk.screen != "plan" or walk.diagnosis is None or walk.chosen_fix is None:
        return walk
    refused = doings.cannot_apply(walk.diagnosis, walk.chosen_fix)
    left = doings.left_to_people(walk.diagnosis, walk.chosen_fix) if refused is None else ()
    return replace(walk, cannot_apply=refused, left=left)


def _awaiting(walk: Walk, doings: Doings, news: queue.Queue[Change]) -> Walk:
    """The time that is left for a yes; when it is over, or somebody ended the run elsewhere, what became of it is told."""
    if not walk.must_confirm or walk.screen == "apply":
        return walk
    seconds = doings.seconds_left()
    if seconds is not None:
        return replace(walk, seconds_left=round(seconds))
    return _started(walk.to("apply"), "settle", doings, news)


def _act(walk: Walk, act: Act, doings: Doings, terminal: Terminal, news: queue.Queue[Change]) -> Walk:
    if act == "save":
        try:
            return replace(walk, message=doings.save())
        except Trouble as error:
            return replace(walk, message=str(error))
    if act == "copy":
        terminal.clipboard("\n".join(command(walk)))
        return replace(
            walk, message="given to the clipboard, where this terminal allows it; else select it here"
        )
    if act == "keep":
        return _kept(walk, doings)
    if act == "look" and walk.screen == "ask":
        walk = walk.to("look")
    return _started(walk, act, doings, news)


def _kept(walk: Walk, doings: Doings) -> Walk:
    try:
        doings.keep()
    except Trouble as error:
        return replace(walk.to("end"), before=("answer",), message=str(error))
    return replace(walk.to("end"), before=("answer",), must_confirm=False)


def _started(walk: Walk, act: Act, doings: Doings, news: queue.Queue[Change]) -> Walk:
    walk = replace(walk, progress=Progress(), said=())
    _start(walk, act, doings, news)
    return walk


def _start(walk: Walk, act: Act, doings: Doings, news: queue.Queue[Change]) -> None:
    threading.Thread(target=_work, args=(walk, act, doings, news), daemon=True).start()


def _work(walk: Walk, act: Act, doings: Doings, news: queue.Queue[Change]) -> None:
    def tell(text: str) -> None:
        news.put(lambda now: replace(now, said=(*now.said, text)))

    try:
        if act == "apply" and walk.diagnosis is not None and walk.chosen_fix is not None:
            done = doings.apply(walk.diagnosis, walk.chosen_fix, tell)
            news.put(lambda now: _applied(now, done))
        elif act == "settle":
            settled = doings.settle(tell)
            news.put(lambda now: _applied(now, settled))
        elif act == "undo":
            undone = doings.undo(tell)
            news.put(lambda now: _undone(now, undone))
        else:
            report = doings.look(walk.typed, lambda p: news.put(lambda now: replace(now, progress=p)))
            news.put(lambda now: _looked(now, report))
    except Trouble as error:
        said = str(error)
        news.put(lambda now: _troubled(now, said))
    except Exception as error:  # noqa: BLE001 - the terminal must become sane, and the person must learn of it
        said = f"hairpin-doctor itself failed ({type(error).__name__}: {error}); please report this"
        news.put(lambda now: _troubled(now, said))


def _looked(walk: Walk, report: Report) -> Walk:
    """On to the answer; who has come to ask to leave meanwhile is not moved."""
    new = replace(walk, report=report, typed="", cause=0, fix=0, hop=0, drawn=0)
    return replace(new, before=("answer",)) if walk.screen == "quit" else replace(new.to("answer"), before=())


def _undone(walk: Walk, done: Applied) -> Walk:
    new = replace(
        walk,
        report=done.report,
        changed=False,
        must_confirm=False,
        note=done.note or TAKEN_BACK,
        to_do=(),
        cause=0,
        fix=0,
        hop=0,
        drawn=0,
    )
    return replace(new.to("end"), before=("answer",))


def _applied(walk: Walk, done: Applied) -> Walk:
    after = replace(
        walk,
        report=done.report,
        changed=done.changed,
        must_confirm=done.must_confirm,
        note=done.note,
        to_do=(walk.to_do or walk.left) if done.changed else (),
        cause=0,
        fix=0,
        hop=0,
        drawn=0,
    )
    if done.must_confirm:
        return after.to("keep")
    reason = walk.said[-1] if walk.said else "nothing changed"
    message = f"it was taken back: {reason}" if done.taken_back else None
    return replace(after.to("end"), before=("answer",), message=message)


def _troubled(walk: Walk, said: str) -> Walk:
    if walk.report is None:
        return replace(walk, screen="ask", before=(), message=said)
    return replace(walk.to("end"), before=("answer",), message=said, must_confirm=False)


def osc52(text: str) -> str:
    """The control sequence by which many terminals, over ssh too, take text into the clipboard."""
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
