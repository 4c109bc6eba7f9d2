"""The report as a ticket: what fails, why, how it is known, what mends it, and with which versions it was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hairpin_doctor.report import markdown_text as md
from hairpin_doctor.report.alike import alike, follows, open_sentences
from hairpin_doctor.report.page import MARKS
from hairpin_doctor.report.path_picture import MARKS as MARKS_OF_HOPS
from hairpin_doctor.report.path_picture import WORDS, chosen, told, words
from hairpin_doctor.report.report import Diagnosis, Fix, Report, Step
from hairpin_doctor.report.terminal import as_command
from hairpin_doctor.report.wording import (
    SEVERITY_MARKS,
    STATE_MARKS,
    VERDICT_MARKS,
    capitalised,
    contradicted,
    looked_when,
    moment,
    observed,
    place,
    rights_word,
    sentence,
)


def to_markdown(report: Report) -> str:
    """The whole ticket, as GitHub's Markdown; it ends with a newline."""
    vips = ", ".join(each.vip for each in report.vips) or "no target"
    title = f"{_sign(VERDICT_MARKS[report.verdict])} {vips}: {report.verdict}"
    parts = [f"# {md.text(title)}", f"**{md.text(sentence(report.answer))}**", *_symptom(report)]
    parts += _paths(report)
    for group in alike(report.of_severity("broken", "latent")):
        parts += _cause(group)
    parts += _lesser(report)
    parts += _contradictions(report)
    parts += _not_known(report)
    parts += _next(report)
    parts += _versions(report)
    return "\n\n".join(parts) + "\n"


def _sign(mark: str) -> str:
    return MARKS[mark].sign


def _symptom(report: Report) -> Iterator[str]:
    rows = [
        (f"{_sign(STATE_MARKS[state.works][0])} {STATE_MARKS[state.works][1]}", target.name, state.vantage_point,
         observed(state))
        for target, state in report.states()
    ]  # fmt: skip
    if rows:
        yield "## Symptom"
        yield md.table(("result", "target", "from", "observed"), rows)


def _paths(report: Report) -> Iterator[str]:
    causes = {each.code: each.slug for each in report.diagnoses}
    for path in chosen(report):
        client = path.client or "a client"
        yield f"## {md.text(f'The path from {client} to {path.vip}')}"
        rows = (
            (
                f"{_sign(MARKS_OF_HOPS[hop.state])} {WORDS.get(hop.state, hop.state)}",
                words(hop, path),
                "; ".join(told(hop, causes)),
            )
            for hop in path.hops
        )
        yield md.table(("state", "hop", ""), rows)


def _cause(group: list[Diagnosis]) -> Iterator[str]:
    first = group[0]
    sign = _sign(SEVERITY_MARKS[first.severity])
    yield f"## {md.text(f'{sign} {first.code} {first.slug} ({first.severity}, {first.confidence})')}"
    yield md.text(sentence(first.summary))
    if len(group) > 1:
        yield md.text(f"The same holds for {', '.join(each.vip for each in group[1:])}.")
    yield from _list("Evidence", first.because)
    yield from _list("Ruled out", first.ruled_out)
    for number, fix in enumerate(first.fixes, start=1):
        yield from _fix(fix, f"Fix {number} of {len(first.fixes)}" if len(first.fixes) > 1 else "Fix")


def _list(title: str, items: tuple[str, ...]) -> Iterator[str]:
    if items:
        yield f"### {title}"
        yield _items(items)


def _items(items: Iterable[str]) -> str:
    return "\n".join(f"- {md.text(each)}" for each in items)


def _fix(fix: Fix, title: str) -> Iterator[str]:
    yield f"### {title}: {md.text(fix.title)}"
    if fix.cautions:
        yield "\n".join(f"> **Careful:** {md.text(each)}\n>" for each in fix.cautions).removesuffix("\n>")
    for step in fix.steps:
        yield from _step(step)
    yield f"Then check: {md.text(fix.check)}"


def _step(step: Step) -> Iterator[str]:
    yield f"{md.text(capitalised(place(step)))}: {md.text(step.why)}"
    if step.instructions:
        yield md.text(step.instructions)
    commands = [*step.commands, *([as_command(step.manifest)] if step.manifest else [])]
    if commands:
        yield md.fenced("\n".join(commands), "sh")
    if step.undo:
        yield "To undo:"
        yield md.fenced("\n".join(step.undo), "sh")


def _lesser(report: Report) -> Iterator[str]:
    notes = [f"{each.code} {each.slug}: {sentence(each.summary)}" for each in report.of_severity("note")]
    notes += follows(report)
    if notes:
        yield "## Good to know"
        yield _items(notes)


def _contradictions(report: Report) -> Iterator[str]:
    if report.contradictions:
        yield "## The vantage points contradict each other"
        yield _items(map(contradicted, report.contradictions))


def _not_known(report: Report) -> Iterator[str]:
    questions = open_sentences(report)
    notes = [*map(sentence, (*report.not_tested, *report.not_seen, *report.notices, *questions))]
    if notes:
        yield "## What is not known"
        yield _items(notes)


def _next(report: Report) -> Iterator[str]:
    if report.next_steps:
        yield "## Next"
    for step in report.next_steps:
        yield md.text(f"{capitalised(step.where)} ({step.why}):")
        yield md.fenced("\n".join(step.commands), "sh")


def _versions(report: Report) -> Iterator[str]:
    yield "## Versions"
    yield md.text(f"hairpin-doctor {report.tool_version}, {moment(report.made_at)}")
    rows = [
        (point.name, point.role, point.kernel or "unknown", rights_word(point), looked_when(point))
        for point in report.vantage_points
    ]  # fmt: skip
    if rows:
        yield md.table(("seen from", "role", "kernel", "rights", "when"), rows)
