"""The report for people: the answer first, then symptoms, causes with their fix, what lurks, and what to do next."""

from __future__ import annotations

from hairpin_doctor.report.alike import alike, codes, follows, open_questions, seen_from_both_ends
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.path_picture import show_paths
from hairpin_doctor.report.report import (
    Diagnosis,
    Fix,
    NextStep,
    Report,
    State,
    Step,
    Target,
    Undetermined,
    VantagePoint,
)
from hairpin_doctor.report.terminal_details import details
from hairpin_doctor.report.wording import (
    ROLE_WORDS,
    ROLES,
    SEVERITY_MARKS,
    STATE_MARKS,
    VERDICT_MARKS,
    capitalised,
    contradicted,
    looked_when,
    observed,
    place,
    sentence,
)


def show(report: Report, page: Page, *, verbose: bool = False) -> None:
    """Print the whole report; `verbose` adds probes, cleared and undetermined causes."""
    page.marked(VERDICT_MARKS[report.verdict], report.verdict, f"{report.answer}.")
    show_paths(report, page, every=verbose)
    for point in sorted(report.vantage_points, key=lambda each: ROLES.index(each.role)):
        _show_point(report, point, page)
    _show_causes(report, page, verbose)
    _show_lesser(report, page)
    _show_contradictions(report, page)
    if verbose:
        details(report, page)
    _show_open_ends(report, page, verbose)
    _show_hints(report, page)


def _show_point(report: Report, point: VantagePoint, page: Page) -> None:
    page.heading(f"From {point.name} ({ROLE_WORDS[point.role]}, {looked_when(point)})")
    found = [(target, state) for target, state in report.states() if state.vantage_point == point.name]
    page.columns([_state_row(target, state) for target, state in found])
    if not found:
        page.text("nothing was tried from here", 2)


def _state_row(target: Target, state: State) -> tuple[str, tuple[str, ...]]:
    mark, word = STATE_MARKS[state.works]
    return mark, (word, target.name, observed(state))


def _show_causes(report: Report, page: Page, verbose: bool) -> None:
    groups = alike(report.of_severity("broken"))
    if not groups:
        return
    page.heading("What is wrong" if len(groups) == 1 else f"What is wrong ({len(groups)} causes)")
    for number, group in enumerate(groups):
        if number:
            page.blank()
        _show_cause(group, page, verbose)
    for text in follows(report):
        page.text(text, 2)


def _show_cause(group: list[Diagnosis], page: Page, verbose: bool) -> None:
    first = group[0]
    word = f"{first.severity}  {first.code} {first.slug} ({first.confidence})"
    page.marked(SEVERITY_MARKS[first.severity], word, "")
    page.text(f"{first.summary}.", 2)
    if len(group) > 1:
        page.text(f"The same holds for {', '.join(each.vip for each in group[1:])}.", 2)
    _show_list("Because", first.because, page)
    if verbose:
        _show_list("Ruled out", first.ruled_out, page)
    if first.fixes:
        _show_fix(first.fixes[0], len(first.fixes), page)
    for other in first.fixes[1:]:
        page.text(f"Or: {other.title}{f' ({other.reason})' if other.reason and verbose else ''}", 2)
        if verbose:
            _show_steps(other, page)
    if len(first.fixes) > 1 and not verbose:
        page.text("(-v shows every fix in full)", 2, "dim")


def _show_list(title: str, items: tuple[str, ...], page: Page) -> None:
    if items:
        page.text(title, 2, "bold")
    for each in items:
        page.item(each, 4)


def _show_fix(fix: Fix, count: int, page: Page) -> None:
    page.blank()
    page.text(f"Fix{f' 1 of {count}' if count > 1 else ''}: {fix.title}", 2, "bold")
    _show_steps(fix, page)


def _show_steps(fix: Fix, page: Page) -> None:
    """Cautions first: who pastes the commands has then read them."""
    for caution in fix.cautions:
        page.marked("warn", "careful", caution, 2)
    for number, step in enumerate(fix.steps, start=1):
        _show_step(step, number if len(fix.steps) > 1 else None, page)
    page.text(f"Then check: {fix.check}", 2)


def _show_step(step: Step, number: int | None, page: Page) -> None:
    page.text(f"{f'{number}. ' if number else ''}{place(step)}: {step.why}", 2)
    if step.instructions:
        page.text(step.instructions, 4)
    commands = [*step.commands, *([as_command(step.manifest)] if step.manifest else [])]
    _paste(commands, page)
    if step.undo:
        page.text("To undo:", 2, "dim")
        _paste(list(step.undo), page, "dim")


def as_command(manifest: str) -> str:
    """A manifest as one command for a shell; the quoted delimiter keeps the shell from expanding anything inside."""
    body = manifest if manifest.endswith("\n") else f"{manifest}\n"
    return f"kubectl apply -f - <<'EOF'\n{body}EOF"


def _paste(commands: list[str], page: Page, style: str = "cyan") -> None:
    if commands:
        page.blank()
        for command in commands:
            page.verbatim(command, style)
        page.blank()


def _show_lesser(report: Report, page: Page) -> None:
    """Findings of lesser weight, each with its first fix by title."""
    latent, notes = alike(report.of_severity("latent")), alike(report.of_severity("note"))
    if latent:
        page.heading("Works, but does harm later or to others")
        for group in latent:
            _show_cause(group, page, verbose=False)
    if notes:
        page.heading("Good to know")
        for group in notes:
            vips = f" (also {', '.join(each.vip for each in group[1:])})" if len(group) > 1 else ""
            page.marked("note", f"note  {group[0].code}", f"{group[0].summary}{vips}.")


def _show_contradictions(report: Report, page: Page) -> None:
    if report.contradictions:
        page.heading("The vantage points contradict each other")
    for each in report.contradictions:
        page.item(contradicted(each))


def _show_open_ends(report: Report, page: Page, verbose: bool) -> None:
    questions = open_questions(report)
    notes = (*report.not_tested, *report.not_seen, *report.notices)
    if notes or questions:
        page.heading("What is not known")
    for text in notes:
        page.marked("note", "note", sentence(text))
    if questions:
        _show_open_causes(report, questions, page, verbose)
    if report.next_steps:
        page.heading("Next")
    for step in report.next_steps:
        _show_next(step, page)


def _show_open_causes(
    report: Report, questions: dict[str, list[Undetermined]], page: Page, verbose: bool
) -> None:
    """What must be known, and which causes hang on it; on demand, but for those that the evidence points to."""
    count = sum(map(len, questions.values()))
    many = f"{count} causes are still open; they hang" if count > 1 else "1 cause is still open; it hangs"
    page.text(f"{many} on what has not been seen{':' if verbose or seen_from_both_ends(report) else '.'}")
    shown = verbose or seen_from_both_ends(report)
    for question, causes in questions.items():
        suspected = any(each.suspected for each in causes)
        if shown or suspected:
            page.item(f"{codes(causes)}: {question}")
        if seen_from_both_ends(report) or (suspected and not report.next_steps):
            page.text(capitalised(causes[0].how_to_get), 4)
    if not shown:
        page.text("(-v shows each with what it hangs on)", 0, "dim")


def _show_next(step: NextStep, page: Page) -> None:
    page.text(f"{capitalised(step.where)} ({step.why}):")
    for command in step.commands:
        page.verbatim(command)


def _show_hints(report: Report, page: Page) -> None:
    found = dict.fromkeys(each.code for each in report.diagnoses)
    if not found and report.verdict == "undetermined":
        found = dict.fromkeys(each.code for each in report.undetermined if each.suspected)
    if found:
        page.blank()
    for code in found:
        page.line(f"hairpin-doctor explain {code}", "dim")
