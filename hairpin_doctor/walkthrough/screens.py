"""Each screen of the walk as text on a page: pure, so that every one is tested without a terminal."""

from __future__ import annotations

from collections.abc import Callable

from hairpin_doctor.report.alike import codes, open_questions
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.path_picture import by_ndp, kind_of, show_path
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.wording import SEVERITY_MARKS, STATE_MARKS, VERDICT_MARKS, sentence
from hairpin_doctor.walkthrough.keys import command
from hairpin_doctor.walkthrough.plan_screen import folded, show_fixes, show_plan, show_to_do
from hairpin_doctor.walkthrough.state import Screen, Walk
from hairpin_doctor.walkthrough.wording import HOPS

FEW = 6
LAST_SEEN = "Last seen of "
TITLES: dict[Screen, str] = {
    "ask": "What fails?",
    "rights": "May I look as root?",
    "look": "Looking",
    "answer": "The answer",
    "hops": "The path, hop by hop",
    "cause": "The cause",
    "ruled out": "What it is not",
    "fixes": "How to mend it",
    "plan": "The plan",
    "apply": "Working",
    "keep": "Keep it?",
    "end": "Where it stands",
    "copy": "To copy",
    "quit": "Before you go",
}


def show(walk: Walk, page: Page) -> None:
    """The body of the screen."""
    BODIES[walk.screen](walk, page)


def _ask(walk: Walk, page: Page) -> None:
    page.text("Which LoadBalancer address cannot be reached from this machine?")
    page.text("Type it as VIP, VIP:PORT or VIP:PORT/udp.")
    page.text("If it fails from another machine, run there: `hairpin-doctor scan VIP --save FILE`")
    page.text("and type the name of that file, copied here.")
    page.blank()
    page.line(f"> {walk.typed}_", "bold")


def _rights(_: Walk, page: Page) -> None:
    page.text(
        "Without root some things stay unseen: a second machine that answers ARP, the service rules, connection tracking."
    )
    page.text("Nothing is changed by looking. With y the same command starts again under sudo.")


def _look(walk: Walk, page: Page) -> None:
    if not walk.progress.layers:
        page.text("Asking this machine, and sending a few packets to the VIP. Nothing is changed.", 2)
    for layer, done, count in walk.progress.layers:
        mark = "good" if done == count else "unknown"
        page.marked(mark, f"{layer:13}", f"{done} of {count}", 2)
    page.text(f"{walk.elapsed} s", 2, "dim")
    for path in walk.progress.paths[:1]:
        page.heading(f"The path from {path.client or 'a client'} to {path.vip}, as far as it shows")
        show_path(path, page, {})


def _answer(walk: Walk, page: Page) -> None:
    report = walk.report
    if report is None:
        page.text("Nothing was looked at yet.")
        return
    page.marked(VERDICT_MARKS[report.verdict], report.verdict, f"{report.answer}.")
    _draw(walk, page)
    if walk.more:
        _tell_states(report, page)


def _draw(walk: Walk, page: Page) -> None:
    if walk.path is not None and walk.report is not None:
        page.heading(f"The path from {walk.path.client or 'a client'} to {walk.path.vip}")
        show_path(walk.path, page, {each.code: each.slug for each in walk.report.diagnoses})


def _tell_states(report: Report, page: Page) -> None:
    page.heading("What was tried")
    for target, state in report.states():
        mark, word = STATE_MARKS[state.works]
        page.marked(mark, word, f"{target.name} from {state.vantage_point}: {state.said}", 2)
    for text in (*report.not_tested, *report.not_seen, *report.notices):
        page.marked("note", "note", text, 2)


def _hops(walk: Walk, page: Page) -> None:
    path = walk.path
    if path is None:
        page.text("Too little was seen to draw a path.")
        return
    hop = path.hops[min(walk.hop, len(path.hops) - 1)]
    show_path(path, page, {c: "" for each in path.hops for c in each.codes}, pointed=hop)
    page.blank()
    told = HOPS[kind_of(hop, path)]
    does, mechanism = (text.replace("ARP", "NDP") if by_ndp(path) else text for text in told)
    page.text(does, 0, "bold")
    page.text(f"On this network: {sentence(hop.said)}")
    if walk.more:
        page.text(mechanism)


def _cause(walk: Walk, page: Page) -> None:
    found = walk.diagnosis
    if found is None:
        page.text("No cause was found.")
        return
    count = f"  (cause {walk.cause + 1} of {len(walk.causes)})" if len(walk.causes) > 1 else ""
    page.marked(
        SEVERITY_MARKS[found.severity],
        f"{found.severity}  {found.code} {found.slug}",
        f"{found.confidence}{count}",
    )
    page.text(f"{found.summary}.", 2)
    if found.confidence == "possible":
        page.text(
            "It is no more than possible: nothing seen so far tells it from a cause that nobody knows.", 2
        )
    page.text("Because", 2, "bold")
    for each in found.because:
        page.item(each, 4)
    if walk.more:
        from hairpin_doctor.rules.catalogue import CATALOGUE

        rule = next((each for each in CATALOGUE if each.code == found.code), None)
        if rule is not None:
            page.heading("The mechanism")
            page.text(" ".join(rule.section("Why").split()))


def _ruled_out(walk: Walk, page: Page) -> None:
    """The look-alikes and what is open; everything else on demand, for it is long."""
    vip = walk.diagnosis.vip if walk.diagnosis else walk.path.vip if walk.path else None
    alike = walk.diagnosis.ruled_out if walk.diagnosis else ()
    if alike:
        page.text("It looks like these, and is not:", 0, "bold")
    for each in alike:
        page.item(each)
    questions = open_questions(walk.report) if walk.report else {}
    if questions:
        page.text("These could not be judged; they hang on what was not seen:", 0, "bold")
    for question, causes in questions.items():
        many = len(causes) > FEW and not walk.more
        page.item(f"{f'{len(causes)} causes' if many else codes(causes)}: {question}")
    cleared = {e.code: e for e in (walk.report.cleared if walk.report else ()) if vip in (None, e.vip)}
    if not walk.more:
        page.text(f"{len(cleared)} other causes were looked for and ruled out; m shows each with its reason.")
        return
    page.text("Looked for and ruled out:", 0, "bold")
    for cause in cleared.values():
        page.item(f"{cause.code} {cause.slug}: {cause.reason}")


def _apply(walk: Walk, page: Page) -> None:
    for each in walk.said:
        page.item(each)
    page.text(f"working ... {walk.elapsed} s", 2, "dim")


def _keep(walk: Walk, page: Page) -> None:
    """The question first: what was done may be longer than the screen."""
    within = f"within {walk.seconds_left} s" if walk.seconds_left is not None else "in time"
    page.text(f"Keep it? Without an answer {within} it is taken back by itself.", 0, "bold")
    page.blank()
    for each in walk.said:
        page.item(each)
    show_to_do(walk, page)


def _end(walk: Walk, page: Page) -> None:
    report = walk.report
    if report is None:
        return
    if walk.changed and report.verdict == "healthy" and report.not_tested:
        page.marked("unknown", "not proven yet", f"{report.answer}.")
    else:
        page.marked(VERDICT_MARKS[report.verdict], report.verdict, f"{report.answer}.")
    good = walk.path is not None and walk.path.works is True
    if good:
        _draw(walk, page)
    if walk.note:
        page.blank()
        page.text(walk.note)
    show_to_do(walk, page)
    if report.verdict == "unexplained":
        _tell_the_trail(report, page)
    for step in report.next_steps:
        page.blank()
        page.text(f"Next, {step.where} ({step.why}):")
        for text in step.commands:
            page.verbatim("\n".join(folded(text, page.width)))
    if not good:
        _draw(walk, page)
    if walk.more:
        _tell_states(report, page)


def _tell_the_trail(report: Report, page: Page) -> None:
    page.blank()
    page.text(
        "No known cause explains this. Look where the packets were last seen, and show the saved report (s) to others."
    )
    for text in report.notices:
        seen = text.removeprefix(LAST_SEEN)
        page.marked("note", "note" if seen == text else "last seen", seen)


def _copy(walk: Walk, page: Page) -> None:
    for text in command(walk):
        page.verbatim(text)


def _quit(_: Walk, page: Page) -> None:
    page.text("A fix that you applied here is still in force.", 0, "bold")
    page.text("Keep it, or take it back before you leave?")


BODIES: dict[Screen, Callable[[Walk, Page], None]] = {
    "ask": _ask,
    "rights": _rights,
    "look": _look,
    "answer": _answer,
    "hops": _hops,
    "cause": _cause,
    "ruled out": _ruled_out,
    "fixes": show_fixes,
    "plan": show_plan,
    "apply": _apply,
    "keep": _keep,
    "end": _end,
    "copy": _copy,
    "quit": _quit,
}
