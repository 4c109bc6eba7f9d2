"""A comparison for people: the two verdicts, then what works now, what came and went, and what is different."""

from __future__ import annotations

from itertools import groupby

from hairpin_doctor.comparison.compare import Cause, Changed, Comparison, Side
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.wording import SEVERITY_MARKS, VERDICT_MARKS, moment, sentence


def show(found: Comparison, page: Page) -> None:
    """Print the whole comparison; it says so where nothing changed."""
    _side("before", found.before, page)
    _side("after", found.after, page)
    for text in found.doubts:
        page.marked("warn", "careful", sentence(text))
    if found.states:
        page.heading("What is experienced otherwise")
    for each in found.states:
        page.item(f"{each.what} from {each.vantage_point}: {_from_to(each, 'not asked')}")
    _causes("What no longer holds", found.gone, page)
    _causes("What holds now", found.came, page)
    for name, group in groupby(found.facts, key=lambda each: each.vantage_point):
        page.heading(f"What is different on {name}")
        for each in group:
            page.item(_fact(each))
    if not (found.states or found.gone or found.came or found.facts):
        page.heading("Nothing that matters has changed")
    if found.not_comparable:
        page.heading("What could not be compared")
    for text in found.not_comparable:
        page.marked("note", "note", sentence(text))


def _side(when: str, side: Side, page: Page) -> None:
    page.marked(VERDICT_MARKS[side.verdict], f"{when.ljust(6)}  {side.verdict}", sentence(side.answer))
    seen = ", ".join(
        f"{name} {moment(time)}" for name, time in zip(side.vantage_points, side.taken_at, strict=True)
    )
    page.text(f"seen from {seen}", 2, "dim")


def _causes(title: str, causes: tuple[Cause, ...], page: Page) -> None:
    if causes:
        page.heading(title)
    for each in causes:
        word = f"{each.severity}  {each.code} {each.slug} ({each.confidence})"
        page.marked(SEVERITY_MARKS[each.severity], word, "")
        page.text(sentence(each.summary), 2)


def _fact(each: Changed) -> str:
    """A rule or an entry that is only there or not there needs no value."""
    for value, word in ((each.before, "gone"), (each.after, "new")):
        if value == "there" and None in (each.before, each.after):
            return f"{word}: {each.what}"
    return f"{each.what}: {_from_to(each)}"


def _from_to(each: Changed, lacking: str = "not there") -> str:
    if each.before is None:
        return f"{each.after} ({lacking} before)"
    return f"{each.before} ({lacking} after)" if each.after is None else f"{each.before} -> {each.after}"
