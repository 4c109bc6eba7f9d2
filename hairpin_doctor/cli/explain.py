"""`hairpin-doctor explain CODE`: a cause, how it is told apart, how it is mended, and how to try it in the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hairpin_doctor.explanations import Explanation
    from hairpin_doctor.report.page import Page


@click.command()
@click.argument("code")
def explain(code: str) -> None:
    """Explain a cause by its CODE (HD301) or slug (vip-answers-with-a-port-mac)."""
    from hairpin_doctor.cli.nearest import did_you_mean
    from hairpin_doctor.cli.refused import Refused
    from hairpin_doctor.explanations import explanation, find, known_words
    from hairpin_doctor.report.page import Page

    rule = find(code)
    if rule is None:
        near = did_you_mean(code, known_words())
        raise Refused(f"there is no cause {code!r}{near} (`hairpin-doctor rules` lists them all)")
    _show(explanation(rule), Page())


def _show(found: Explanation, page: Page) -> None:
    page.line(f"{found.code}  {found.slug}", "bold")
    page.text(f"{found.title}.")
    page.text(f"Severity {found.severity}.")
    for name, text in found.sections:
        page.heading(name)
        page.text(" ".join(text.split()))
    if found.explains:
        page.heading("Explains")
        page.text(f"Where this holds, {', '.join(found.explains)} is its mere consequence.")
    if found.cases:
        page.heading("Try it")
        page.text("In network namespaces of this machine (needs root, changes nothing else):")
        for case in found.cases:
            page.verbatim(f"sudo hairpin-doctor lab run {case}")
