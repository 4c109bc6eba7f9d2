"""A plan for people: every stage with what it does, its undo beside it, the risk, and how success is seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hairpin_doctor.fixes.changes import ConfigFile
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.plan import Option, Plan, Stage
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.terminal import as_command
from hairpin_doctor.report.wording import capitalised

PLACES = {"host": "host {}", "client": "client {}", "cluster": "the cluster ({})", "router": "router ({})"}
MARKS = {"low": "note", "medium": "warn", "high": "bad"}
PHASES = {
    "applying": ("warn", "being applied"),
    "awaiting-confirmation": ("warn", "awaits confirmation"),
    "installing": ("warn", "being made lasting"),
    "confirmed": ("good", "kept"),
    "rolled-back": ("note", "rolled back"),
    "rollback-incomplete": ("bad", "NOT fully rolled back"),
}


def show_plan(plan: Plan, page: Page, chosen: int | None = None) -> None:
    """All options, or the chosen one."""
    page.heading(f"Plan for {plan.code}: {', '.join(plan.vips)}")
    page.text(f"{plan.summary}.")
    for each in plan.because:
        page.item(each)
    for option in plan.options:
        if chosen in (None, option.number):
            _show_option(option, len(plan.options), page)


def _show_option(option: Option, count: int, page: Page) -> None:
    page.blank()
    page.text(f"Option {option.number} of {count}: {option.fix.title}", 0, "bold")
    if option.fix.reason:
        page.text(f"Why this place: {option.fix.reason}.", 2)
    for caution in option.fix.cautions:
        page.marked("warn", "careful", caution, 2)
    for number, stage in enumerate(option.stages, start=1):
        _show_stage(number, stage, page)
    page.text(f"After the last stage, end to end: {option.fix.check}", 2)


def place_of(stage: Stage) -> str:
    """Where it is carried out, in words."""
    described = stage.place in ("host", "client") and stage.machine.startswith(("a ", "the ", "each "))
    return stage.machine if described else PLACES[stage.place].format(stage.machine)


def _show_stage(number: int, stage: Stage, page: Page) -> None:
    here = ", here" if stage.here and stage.place != "cluster" else ""
    page.blank()
    page.text(f"Stage {number}: {place_of(stage)}{here}", 2, "bold")
    for step in stage.steps:
        page.text(f"{capitalised(step.why)}.", 4)
        if step.instructions:
            page.text(step.instructions, 4)
    manifests = [as_command(step.manifest) for step in stage.steps if step.manifest]
    _paste((*stage.commands, *manifests), page, "cyan")
    if stage.undo:
        page.text("To undo:", 4, "dim")
        _paste(stage.undo, page, "dim")
    if stage.changes:
        risk = stage.risk
        page.marked(MARKS[risk.level], f"{risk.level} risk", " ".join(risk.could_break), 4)
        page.text(f"Check: {stage.check}.", 4)


def _paste(commands: tuple[str, ...], page: Page, style: str) -> None:
    if commands:
        page.blank()
        for command in commands:
            page.verbatim(command, style)
        page.blank()


def show_how_to_apply(plan: Plan, again: str, page: Page) -> None:
    """What can be carried out, where, and by which command; `again` names what the plan rests on."""
    page.blank()
    page.text("Nothing was changed.", 0, "bold")
    for option, stage in _first_on_a_machine(plan):
        whose = "this machine" if stage.here else f"{stage.machine}, there"
        number = f" --option {option.number}" if option.number > 1 else ""
        page.text(
            f"To carry out what belongs to {whose}{_once(option, stage)}, under a watchdog that takes it back unless you "
            "confirm:"
        )
        page.verbatim(f"sudo hairpin-doctor fix {plan.code}{number}{again} --apply")
    if any(stage.place == "cluster" and stage.changes for each in plan.options for stage in each.stages):
        page.text("The cluster is changed only if you name the context: `--context NAME`.")


def show_other_plans(others: Iterable[Plan], again: str, page: Page) -> None:
    """What this run was not for."""
    for plan in others:
        page.marked(
            "warn",
            "to do",
            f"This run was not for {plan.code} of {', '.join(plan.vips)}: plan anew once it is kept.",
        )
        page.verbatim(f"sudo hairpin-doctor fix {plan.code}{again}")


def _first_on_a_machine(plan: Plan) -> Iterator[tuple[Option, Stage]]:
    """The best option with a part for this machine, and that part; else the best with a part for another one."""
    here = next((each for each in plan.options if each.here), None)
    if here is not None:
        yield here, here.here[0]
        return
    for option in plan.options:
        for stage in option.stages:
            if stage.place in ("host", "client") and stage.changes:
                yield option, stage
                return


def _once(option: Option, stage: Stage) -> str:
    """Where other stages come before it: without them it mends nothing, and is taken back."""
    before = option.stages.index(stage)
    if not before:
        return ""
    return ", once stage 1 is done" if before == 1 else f", once stages 1 to {before} are done"


def show_checkpoint(checkpoint: Checkpoint, page: Page) -> None:
    """One line of the history, and what was said."""
    mark, word = PHASES[checkpoint.phase]
    page.marked(
        mark, word, f"{checkpoint.id}  {checkpoint.code} {', '.join(checkpoint.vips)}: {checkpoint.title}"
    )
    for each in checkpoint.said:
        page.item(each)
    for change in checkpoint.installed:
        if isinstance(change, ConfigFile):
            page.item(f"installed: {change.path}")
