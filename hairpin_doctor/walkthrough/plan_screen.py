"""The fixes with their risks, and the plan of one: what is done where, how it is undone, how success is seen."""

from __future__ import annotations

from hairpin_doctor.report.page import Page
from hairpin_doctor.report.report import Step
from hairpin_doctor.walkthrough.state import Walk


def show_fixes(walk: Walk, page: Page) -> None:
    """Every fix of the cause and where it is made; the chosen one with its cautions."""
    found = walk.diagnosis
    if found is None or not found.fixes:
        page.text("For this no fix is known that could be written down as steps.")
        return
    for number, fix in enumerate(found.fixes):
        chosen = number == walk.fix
        lead = f"{'>' if chosen else ' '} {number + 1}. "
        page.led(lead, fix.title, "bold" if chosen else None)
        places = ", ".join(dict.fromkeys(step.machine for step in fix.steps))
        count = len(fix.cautions)
        risks = f"; {count} caution{'s' if count > 1 else ''}" if count and not chosen else ""
        page.text(f"on: {places}{risks}", len(lead), "dim")
        for caution in fix.cautions if chosen else ():
            page.marked("warn", "careful", caution, len(lead))
        if chosen and fix.reason:
            page.text(f"Its place in this list: {fix.reason}.", len(lead), "dim")


def show_plan(walk: Walk, page: Page) -> None:
    """The steps of the chosen fix; commands are broken only where a shell puts them together again."""
    fix = walk.chosen_fix
    if fix is None:
        page.text("No fix is chosen.")
        return
    page.text(fix.title, 0, "bold")
    if walk.cannot_apply:
        page.marked("note", "not applied from here", f"{walk.cannot_apply}.")
    elif walk.left:
        places = ", ".join(dict.fromkeys(step.machine for step in walk.left))
        page.marked(
            "warn", "in part", f"a applies what belongs to this machine; what is on {places} stays yours."
        )
    for caution in fix.cautions:
        page.marked("warn", "careful", caution)
    for number, step in enumerate(fix.steps, start=1):
        show_step(step, f"{number}. ", page)
    page.text(f"Then check: {fix.check}")


def show_step(step: Step, lead: str, page: Page) -> None:
    """Where and why, the commands to paste, and those that take them back."""
    page.led(lead, f"on {step.machine}: {step.why}")
    if step.instructions:
        page.text(step.instructions, 3)
    for command in step.commands:
        page.verbatim("\n".join(folded(command, page.width)))
    if step.manifest:
        page.text("kubectl apply -f - with:", 3)
        page.verbatim(step.manifest)
    if step.undo:
        page.text("to undo:", 3, "dim")
    for command in step.undo:
        page.verbatim("\n".join(folded(command, page.width)), "dim")


def show_to_do(walk: Walk, page: Page) -> None:
    """What of the fix that was applied is left to people."""
    for step in walk.to_do:
        page.blank()
        show_step(step, "Still to do ", page)


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
