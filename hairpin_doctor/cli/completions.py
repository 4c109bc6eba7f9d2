"""What a Tab offers: codes and slugs of causes, cases of the lab, names of probes. Each loads only its own catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files

import click
from click.shell_completion import CompletionItem

REGISTERED = re.compile(r'@rule\(\s*"(HD\d+)",\s*"([a-z0-9-]+)"')


def complete_causes(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Codes, each with its slug beside it; slugs once letters are typed that begin no code."""
    known = sorted(_causes())
    codes = _beginning(typed.upper(), known)
    return codes or _beginning(typed.lower(), sorted((slug, code) for code, slug in known))


def _causes() -> Iterator[tuple[str, str]]:
    """Code and slug of every rule, by its source: to import them all takes longer than a Tab may."""
    for file in files("hairpin_doctor.rules").iterdir():
        if file.name.endswith(".py"):
            yield from REGISTERED.findall(file.read_text(encoding="utf-8"))


def complete_cases(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Cases of the lab."""
    from hairpin_doctor.lab.cases import CATALOGUE

    return _beginning(typed, ((case.name, case.title) for case in CATALOGUE))


def complete_probes(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of probes, each with its layer beside it."""
    from probes.catalogue import CATALOGUE

    return _beginning(typed, ((probe.id, str(probe.layer)) for probe in CATALOGUE))


def _beginning(typed: str, words: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    return [CompletionItem(word, help=text) for word, text in words if word.startswith(typed)]


def complete_files(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Whatever the shell itself offers for a file."""
    return [CompletionItem(typed, type="file")]
