"""The report as one HTML file that opens anywhere: no scripts, nothing loaded, and nothing from a network as markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hairpin_doctor.report.alike import alike, follows, open_sentences
from hairpin_doctor.report.html_details import details
from hairpin_doctor.report.html_path import path_pictures
from hairpin_doctor.report.html_style import STYLE
from hairpin_doctor.report.html_text import Markup, element, joined, prose
from hairpin_doctor.report.page import MARKS
from hairpin_doctor.report.report import Diagnosis, Fix, Report, Step
from hairpin_doctor.report.terminal import as_command
from hairpin_doctor.report.wording import (
    SEVERITY_MARKS,
    STATE_MARKS,
    VERDICT_MARKS,
    capitalised,
    contradicted,
    moment,
    observed,
    place,
    sentence,
)

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def to_html(report: Report) -> str:
    """The whole page; it ends with a newline."""
    vips = ", ".join(each.vip for each in report.vips) or "no target"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{vips}: {report.verdict} (hairpin-doctor)"),
        Markup(f"<style>{STYLE}</style>"),
    )
    body = element("body", element("main", *_sections(report)), _footer(report))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _sections(report: Report) -> Iterator[Markup]:
    mark = VERDICT_MARKS[report.verdict]
    heading = element("h1", word(mark, report.verdict), " ", prose(sentence(report.answer)))
    yield element("div", heading, class_=f"answer {mark}")
    yield from _symptom(report)
    yield from path_pictures(report)
    for group in alike(report.of_severity("broken", "latent")):
        yield element("section", *_cause(group))
    yield from _listed("Good to know", _lesser(report))
    contradictions = [contradicted(each) for each in report.contradictions]
    yield from _listed("The vantage points contradict each other", contradictions)
    yield from _listed("What is not known", _not_known(report))
    yield from _next(report)
    yield from details(report)


def word(mark: str, text: str) -> Markup:
    """A word with its sign and colour; the sign is hidden from screen readers, since the word says the same."""
    sign = element("span", MARKS[mark].sign, aria_hidden="true")
    return element("span", sign, f" {text}", class_=f"word {mark}")


def _symptom(report: Report) -> Iterator[Markup]:
    rows = [
        element(
            "tr",
            element("td", word(*STATE_MARKS[state.works])),
            element("th", target.name, scope="row"),
            element("td", state.vantage_point),
            element("td", observed(state)),
        )
        for target, state in report.states()
    ]
    if rows:
        head = (element("th", each, scope="col") for each in ("Result", "Target", "From", "Observed"))
        table = element("table", element("thead", element("tr", *head)), element("tbody", *rows))
        yield element("section", element("h2", "Symptom"), element("div", table, class_="scroll"))


def _cause(group: list[Diagnosis]) -> Iterator[Markup]:
    first = group[0]
    mark = SEVERITY_MARKS[first.severity]
    yield element("h2", word(mark, f"{first.code} {first.slug}"), f" ({first.severity}, {first.confidence})")
    yield element("p", prose(sentence(first.summary)))
    if len(group) > 1:
        yield element("p", f"The same holds for {', '.join(each.vip for each in group[1:])}.")
    for title, items in (("Evidence", first.because), ("Ruled out", first.ruled_out)):
        if items:
            yield element("h3", title)
            yield _items(items)
    for number, fix in enumerate(first.fixes, start=1):
        title = f"Fix {number} of {len(first.fixes)}: " if len(first.fixes) > 1 else "Fix: "
        yield from _fix(fix, title, folded=number > 1)


def _items(items: Iterable[str]) -> Markup:
    return element("ul", *(element("li", prose(each)) for each in items))


def _fix(fix: Fix, title: str, *, folded: bool) -> Iterator[Markup]:
    """The first fix is shown in full, the others unfold."""
    body = [
        *(element("p", word("warn", "careful"), " ", prose(each)) for each in fix.cautions),
        *(part for step in fix.steps for part in _step(step)),
        element("p", "Then check: ", prose(fix.check)),
    ]
    if folded:
        yield element("details", element("summary", title, prose(fix.title)), *body)
    else:
        yield joined(element("h3", title, prose(fix.title)), *body)


def _step(step: Step) -> Iterator[Markup]:
    yield element("p", prose(f"{capitalised(place(step))}: {step.why}"))
    if step.instructions:
        yield element("p", prose(step.instructions))
    commands = [*step.commands, *([as_command(step.manifest)] if step.manifest else [])]
    if commands:
        yield _commands(commands)
    if step.undo:
        yield element("p", "To undo:", class_="dim")
        yield _commands(step.undo)


def _commands(commands: Iterable[str]) -> Markup:
    """Focusable, so that what is too wide can be scrolled by the keyboard."""
    return element("pre", "\n".join(commands), tabindex="0")


def _lesser(report: Report) -> list[str]:
    notes = [f"{each.code} {each.slug}: {each.summary}" for each in report.of_severity("note")]
    return notes + follows(report)


def _not_known(report: Report) -> list[str]:
    return [*report.not_tested, *report.not_seen, *report.notices, *open_sentences(report)]


def _listed(title: str, items: list[str]) -> Iterator[Markup]:
    if items:
        yield element("section", element("h2", title), _items(map(sentence, items)))


def _next(report: Report) -> Iterator[Markup]:
    if report.next_steps:
        steps = (
            joined(element("p", f"{capitalised(step.where)} ({step.why}):"), _commands(step.commands))
            for step in report.next_steps
        )
        yield element("section", element("h2", "Next"), *steps)


def _footer(report: Report) -> Markup:
    made = f"hairpin-doctor {report.tool_version}, {moment(report.made_at)}. "
    return element("footer", made, "Nothing on the page was loaded from elsewhere.")
