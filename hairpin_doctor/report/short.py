"""The report in a few lines: the answer, and of the rest only what is not fine. Made to be pasted into a message."""

from __future__ import annotations

from hairpin_doctor.report.alike import alike
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.report import Diagnosis, Report, State, Target
from hairpin_doctor.report.wording import SEVERITY_MARKS, STATE_MARKS, VERDICT_MARKS, contradicted, sentence


def show_short(report: Report, page: Page) -> None:
    """Print the answer; then what fails, what causes it, what lurks, what is not known, and the next command."""
    page.marked(VERDICT_MARKS[report.verdict], report.verdict, sentence(report.answer))
    for target, state in report.states():
        if not state.works:
            _show_state(target, state, page)
    for group in alike(report.of_severity("broken", "latent")):
        _show_cause(group, report, page)
    for each in report.contradictions:
        page.marked("note", "contradiction", contradicted(each))
    for text in (*report.not_tested, *report.not_seen, *report.notices):
        page.marked("note", "note", sentence(text))
    for step in report.next_steps:
        page.text(f"Next, {step.where}:")
        for command in step.commands:
            page.verbatim(command)
    for code in dict.fromkeys(each.code for each in report.of_severity("broken", "latent")):
        page.line(f"hairpin-doctor explain {code}", "dim")


def _show_state(target: Target, state: State, page: Page) -> None:
    mark, word = STATE_MARKS[state.works]
    page.marked(mark, word, f"{target.name} from {state.vantage_point}: {state.said}")


def _show_cause(group: list[Diagnosis], report: Report, page: Page) -> None:
    """The summary only where the answer has not said it already."""
    first = group[0]
    said = "" if first.summary in report.answer else f" {sentence(first.summary)}"
    others = f" Also {', '.join(each.vip for each in group[1:])}." if len(group) > 1 else ""
    fix = f" Fix: {sentence(first.fixes[0].title)}" if first.fixes else ""
    text = f"{first.slug} ({first.confidence}).{said}{others}{fix}"
    page.marked(SEVERITY_MARKS[first.severity], f"{first.severity}  {first.code}", text)
