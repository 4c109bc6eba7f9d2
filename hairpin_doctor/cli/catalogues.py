"""`hairpin-doctor probes` and `hairpin-doctor rules`: what the doctor looks at, and which causes it knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from hairpin_doctor.report.page import Page

output = click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", help="Form of the list."
)


@click.command()
@output
def probes(output: str) -> None:
    """List every probe: what it asks, in which layer, and which rights it can use."""
    from hairpin_doctor.probe_rights import question_of, rights
    from probes.catalogue import CATALOGUE

    rows: list[dict[str, Any]] = [
        {"id": p.id, "layer": str(p.layer), "rights": rights(p), "question": question_of(p)}
        for p in CATALOGUE
    ]
    if output == "json":
        _print_json(rows)
        return
    shown = [(r["id"], r["layer"], " ".join(r["rights"]) or "no right needed", r["question"]) for r in rows]
    from hairpin_doctor.report.page import Page

    _show_list([((name, layer, need), question) for name, layer, need, question in shown], Page())


@click.command()
@output
def rules(output: str) -> None:
    """List every cause, in the order of precedence among look-alikes."""
    from hairpin_doctor.rules.catalogue import CATALOGUE

    if output == "json":
        _print_json(
            [
                {
                    "code": rule.code,
                    "slug": rule.slug,
                    "title": rule.title,
                    "severity": str(rule.severity),
                    "explains": rule.explains,
                }
                for rule in CATALOGUE
            ]
        )
        return
    from hairpin_doctor.report.page import Page

    show_rules(Page())


def show_rules(page: Page) -> None:
    """Every cause with its title."""
    from hairpin_doctor.rules.catalogue import CATALOGUE

    rows = [((rule.code, str(rule.severity), rule.slug), f"{rule.title}.") for rule in CATALOGUE]
    _show_list(rows, page)


def _print_json(rows: list[dict[str, Any]]) -> None:
    import json

    click.echo(json.dumps(rows, indent=2))


def _show_list(rows: Sequence[tuple[tuple[str, ...], str]], page: Page) -> None:
    """A line of aligned columns and a wrapped sentence below each: readable at any width."""
    count = len(rows[0][0])
    widths = [max(len(cells[i]) for cells, _ in rows) for i in range(count)]
    for cells, text in rows:
        page.line("  ".join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)).rstrip(), "bold")
        page.text(text, 4)
