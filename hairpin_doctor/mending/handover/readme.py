"""The README of the folder: which file goes where, what brings it into force, how it is seen, and how it is taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from hairpin_doctor.fixes.persistence.persistence import Persistence
from hairpin_doctor.mending.handover.cluster import FOLDER
from hairpin_doctor.mending.handover.folder import Part
from hairpin_doctor.mending.plan import Option, Plan

TITLES = {"host": "Host {}", "client": "Client {}", "cluster": "The cluster", "router": "Router {}"}
NAME = "README.md"


def readme(plan: Plan, option: Option, parts: Sequence[Part]) -> str:
    """Markdown, to be read from top to bottom."""
    lines = [
        f"# {plan.code}: {option.fix.title}",
        "",
        f"Written by hairpin-doctor for {', '.join(plan.vips)}. Nothing was changed anywhere. Carry the stages out in their "
        "order, as root, in a shell in this folder.",
        "",
        f"{plan.summary}.",
        *_items(option.fix.cautions),
    ]
    for number, part in enumerate(parts, start=1):
        lines += ["", f"## {number}. {TITLES[part.stage.place].format(part.stage.machine)}", ""]
        lines += _cluster(part) if part.stage.place == "cluster" else _machine(part)
    lines += ["", "## End to end", "", _sentence(option.fix.check)]
    return "\n".join(lines) + "\n"


def _items(sentences: Iterable[str]) -> list[str]:
    found = [f"- {each}" for each in sentences]
    return ["", *found] if found else []


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if text.endswith(".") else f"{text[:1].upper()}{text[1:]}."


def _block(commands: Iterable[str]) -> list[str]:
    found = list(commands)
    return ["", "```sh", *found, "```"] if found else []


def _why(part: Part) -> Iterator[str]:
    for step in part.stage.steps:
        yield _sentence(step.why)
        if step.instructions:
            yield ""
            yield step.instructions


def _machine(part: Part) -> list[str]:
    lines = list(_why(part))
    if part.lasting is not None:
        return [*lines, "", *_lasting(part, part.lasting)]
    if part.why_not:
        lines += ["", f"There are no files for this: {_sentence(part.why_not)} What it takes now:"]
    return [*lines, *_block(part.stage.commands), *_undo(part.stage.undo)]


def _lasting(part: Part, lasting: Persistence) -> list[str]:
    how = f"They are for what {part.stage.machine} uses: {lasting.manager}."
    if not part.asked:
        how = (
            f"{part.stage.machine} was not asked what configures its network: they are for any machine with systemd, and "
            "name more services than it has. The same command on the machine itself renders what fits there."
        )
    installed = [
        f"install -D -m {file.mode:04o} {quote(part.folder + file.path.lstrip('/'))} {quote(file.path)}"
        for file in lasting.files
    ]
    return [
        f"These files make it so now and after every reboot. {how}",
        "",
        "| file | what it is for |",
        "|---|---|",
        *(f"| `{file.path}` | {purpose(file.text)} |" for file in lasting.files),
        *_items(map(_sentence, lasting.remarks)),
        "",
        "Put them where they belong, and bring them into force:",
        *_block((*installed, *lasting.activate)),
        "",
        f"Check: what worked from {part.stage.machine} still does (`sudo hairpin-doctor scan`).",
        *_undo(lasting.uninstall),
    ]


def purpose(text: str) -> str:
    """What the first line that we wrote into a file says of it."""
    first = next((line for line in text.splitlines() if "hairpin-doctor: " in line), "")
    return first.partition("hairpin-doctor: ")[2].rstrip(".") or "part of the fix"


def _cluster(part: Part) -> list[str]:
    lines = list(_why(part))
    lines += _block(part.stage.commands)
    if part.files:
        lines += [
            "",
            f"The objects lie in `{FOLDER}/`; a repository that GitOps reads can take them as they are:",
        ]
        lines += _block((f"kubectl apply --dry-run=server -k {FOLDER}/", f"kubectl apply -k {FOLDER}/"))
    return [*lines, *_undo(part.stage.undo)]


def _undo(commands: Sequence[str]) -> list[str]:
    return ["", "To take it back:", *_block(commands)] if commands else []
