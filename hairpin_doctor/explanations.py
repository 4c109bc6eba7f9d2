"""A cause explained, for `explain` and docs/causes/: its rule's documentation, and the lab cases that show it."""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.references import Reference, references
from hairpin_doctor.rule import SECTIONS, Rule
from hairpin_doctor.rules.catalogue import CATALOGUE

SEVERITY_WORDS = {
    "broken": "broken: traffic fails now",
    "latent": "latent: works, but others suffer, or a named event will break it",
    "note": "note: worth knowing, no fault",
}


@dataclass(frozen=True)
class Section:
    """A part of an explanation: what it says in one paragraph, and the commands that show it, one a line."""

    title: str
    prose: str
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """A cause explained. `cases` are names for `hairpin-doctor lab run`."""

    code: str
    slug: str
    title: str
    severity: str
    explains: tuple[str, ...]
    sections: tuple[Section, ...]
    cases: tuple[str, ...]
    references: tuple[Reference, ...]

    @property
    def consequences(self) -> str:
        """What it explains, as a sentence; empty where that is nothing."""
        *others, last = self.explains or ("",)
        if others:
            return f"Where this holds, {', '.join(others)} and {last} are mere consequences of it."
        return f"Where this holds, {last} is a mere consequence of it." if last else ""


def explanation(rule: Rule) -> Explanation:
    """The explanation of a rule."""
    return Explanation(
        rule.code,
        rule.slug,
        rule.title,
        SEVERITY_WORDS[rule.severity],
        rule.explains,
        tuple(_section(name, rule.section(name)) for name in SECTIONS if name != "References"),
        lab_cases(rule.code),
        references(rule.section("References")),
    )


def _section(title: str, text: str) -> Section:
    """Lines that are indented are commands."""
    lines = text.splitlines()
    commands = tuple(line.strip() for line in lines if line.startswith("    "))
    prose = "\n".join(line for line in lines if not line.startswith("    "))
    return Section(title, prose, commands)


def lab_cases(code: str) -> tuple[str, ...]:
    """The lab cases that reproduce a cause, those first in which it is the main one."""
    from hairpin_doctor.lab.cases import CATALOGUE as CASES

    found = [case for case in CASES if code in case.codes]
    return tuple(case.name for case in sorted(found, key=lambda case: case.codes.index(code)))


def find(word: str) -> Rule | None:
    """The rule of this code or slug, in any case of letters."""
    wanted = word.strip().lower()
    return next((rule for rule in CATALOGUE if wanted in (rule.code.lower(), rule.slug.lower())), None)


def known_words() -> tuple[str, ...]:
    """Every code and slug."""
    return tuple(word for rule in CATALOGUE for word in (rule.code, rule.slug))
