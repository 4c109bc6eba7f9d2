"""`hairpin-doctor explain CODE`: a cause, how it is told apart, how it is mended, and how to try it in the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hairpin_doctor.cli.completions import complete_causes

if TYPE_CHECKING:
    from hairpin_doctor.explanations import Explanation
    from hairpin_doctor.report.page import Page


@click.command()
@click.argument("code", required=False, shell_complete=complete_causes)
def explain(code: str | None) -> None:
    """Explain a cause by its CODE (HD301) or slug (vip-answers-with-a-port-mac); without one, list them all.

    Says how it comes about, how it is told apart, how to see it by hand, how it is mended, and where to try it.
    """
    from hairpin_doctor.cli.nearest import did_you_mean
    from hairpin_doctor.cli.refused import Refused
    from hairpin_doctor.report.page import Page

    if code is None:
        _list_all(Page())
        return
    from hairpin_doctor.explanations import explanation, find, known_words

    rule = find(code)
    if rule is None:
        near = did_you_mean(code, known_words())
        raise Refused(f"there is no cause {code!r}{near} (`hairpin-doctor explain` lists them all)")
    _show(explanation(rule), Page())


def _list_all(page: Page) -> None:
    from hairpin_doctor.cli.catalogues import show_rules

    show_rules(page)
    page.blank()
    page.text("One of them in full: hairpin-doctor explain CODE")


def _show(found: Explanation, page: Page) -> None:
    page.line(f"{found.code}  {found.slug}", "bold")
    page.text(f"{found.title}.")
    page.text(f"Severity {found.severity}.")
    for section in found.sections:
        page.heading(section.title)
        page.text(" ".join(section.prose.split()))
        for command in section.commands:
            page.verbatim(command)
    if found.consequences:
        page.heading("Explains")
        page.text(found.consequences)
    if found.cases:
        page.heading("Try it")
        page.text("In network namespaces of this machine (needs root, changes nothing else):")
        for case in found.cases:
            page.verbatim(f"sudo hairpin-doctor lab run {case}")
    page.heading("References")
    for each in found.references:
        page.item(each.name)
        if each.url != each.name:
            page.line(f"    {each.url}", "dim")
