"""The fixes with their risks, and the plan of one: what is done where, how it is undone, how success is seen."""

from __future__ import annotations

from hairpin_doctor.report.page import Page
from hairpin_doctor.walkthrough.state import Walk


def show_fixes(walk: Walk, page: Page) -> None:
    """Every fix of the cause with its cautions; the chosen one is marked."""
    found = walk.diagnosis
    if found is None or not found.fixes:
        page.text("For this no fix is known that could be written down as steps.")
        return
    for number, fix in enumerate(found.fixes):
        chosen = number == walk.fix
        page.item(f"{number + 1}. {fix.title}{' (chosen)' if chosen else ''}", 0, "bold" if chosen else None)
        for caution in fix.cautions:
            page.marked("warn", "careful", caution, 5)
        places = dict.fromkeys(f"{step.place} {step.machine}" for step in fix.steps)
        page.text(f"on: {', '.join(places)}", 5, "dim")


def show_plan(walk: Walk, page: Page) -> None:
    """The steps of the chosen fix; commands are broken only where a shell puts them together again."""
    fix = walk.chosen_fix
    if fix is None:
        page.text("No fix is chosen.")
        return
    page.text(fix.title, 0, "bold")
    for caution in fix.cautions:
        page.marked("warn", "careful", caution)
    for number, step in enumerate(fix.steps, start=1):
        page.item(f"{number}. on {step.machine}: {step.why}", 0)
        if step.instructions:
            page.text(step.instructions, 3)
        for command in step.commands:
            page.verbatim("\n".join(folded(command, page.width)))
        if step.manifest:
            page.text("kubectl apply -f - with:", 3)
            page.verbatim(step.manifest)
        for command in step.undo:
            page.text("to undo:", 3, "dim")
            page.verbatim("\n".join(folded(command, page.width)), "dim")
    page.text(f"Then check: {fix.check}")
    if walk.cannot_apply:
        page.marked("note", "not applied from here", f"{walk.cannot_apply}.")


def folded(command: str, width: int) -> list[str]:
    """A command in lines no wider than `width`, where it can be: a backslash at the end joins them again in a shell."""
    if len(command) <= width or "\n" in command or "'" in command or '"' in command:
        return command.split("\n")
    lines, line = [], ""
    for word in command.split(" "):
        if line and len(line) + 1 + len(word) > width - 2:
            lines.append(f"{line} \\")
            line = f"  {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]
