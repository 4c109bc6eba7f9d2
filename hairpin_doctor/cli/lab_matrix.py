"""The matrix of `hairpin-doctor lab run --all --matrix`, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hairpin_doctor.lab.cases.case import Case
    from hairpin_doctor.lab.matrix import Row, Seen, Totals


def show_matrix(cases: Sequence[Case], seed: int | None, output: str, seen: Seen) -> bool:
    """Run these cases and print each row as it comes, then the totals. True if every row is right."""
    from hairpin_doctor.lab.matrix import matrix, totals

    tell = _tell_row if output == "table" else lambda _: None
    rows = matrix(cases, seed, tell, seen)
    summary = totals(rows)
    if output == "json":
        click.echo(json.dumps({"rows": [asdict(row) for row in rows], "totals": asdict(summary)}, indent=2))
    else:
        _tell_totals(summary)
    return summary.right == summary.rows


def _tell_row(row: Row) -> None:
    expected = f"{row.expected.verdict} {' '.join(row.expected.codes)}".strip()
    found = f"{row.found} {' '.join(row.codes)}".strip()
    same = "" if row.score == "right" else f"  found {found}"
    click.echo(f"{row.case:<42} {row.vantage:<6} {row.score:<11} {expected}{same}")


def _tell_totals(summary: Totals) -> None:
    click.echo(
        f"\n{summary.rows} rows: {summary.right} right, {summary.undecided} undecided, {summary.wrong} wrong, "
        f"{summary.false_alarms} false alarms; the first code is right in {summary.top1:.1%}"
    )
