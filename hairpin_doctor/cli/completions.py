"""What a Tab offers: codes and slugs of causes, cases of the lab, names of probes. Each loads only its own catalogue."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem


def complete_causes(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
    """Codes, each with its slug beside it; slugs once letters are typed that begin no code."""
    from hairpin_doctor.rules.catalogue import CATALOGUE

    codes = _beginning(typed.upper(), sorted((rule.code, rule.slug) for rule in CATALOGUE))
    return codes or _beginning(typed.lower(), sorted((rule.slug, rule.code) for rule in CATALOGUE))


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
