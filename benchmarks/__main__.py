"""`make bench`: start-up, scan and lab against their budgets. Exit 1 if one is broken."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click

from benchmarks import lab, start_up
from benchmarks.measure import Figure


@dataclass(frozen=True)
class Row:
    """A figure and the most it may be, in milliseconds; `budget` None only reports."""

    figure: Figure
    budget: float | None
    of: str

    @property
    def kept(self) -> bool:
        """Whether the median is within the budget."""
        return self.budget is None or self.figure.median <= self.budget

    def __str__(self) -> str:
        spread = f"{self.figure.lowest:6.0f} ..{self.figure.highest:6.0f}"
        if self.budget is None:
            return f"{self.figure.name:<44}{self.figure.median:8.0f} {spread}"
        ratio = self.figure.median / self.budget
        word = "kept" if self.kept else "BROKEN"
        return f"{self.figure.name:<44}{self.figure.median:8.0f} {spread}  {ratio:4.0%} of {self.of}  {word}"


def rows() -> list[Row]:
    """Everything measured; takes about half a minute."""
    bare, help_, explain = start_up.figures()
    found = [
        Row(bare, None, ""),
        Row(help_, 5 * bare.median, "5 x bare Python"),
        Row(explain, None, ""),
    ]
    figures = lab.figures()
    for each in figures.scans:
        # The budget is for one view of one VIP; a report beside it has to be read and replayed.
        joint = "--with" in each.name
        found.append(Row(each, 1800 if joint else 1500, "1.8 s" if joint else "1.5 s"))
    found += [Row(each, 2000, "2 s") for each in figures.builds]
    found += [Row(each, None, "") for each in figures.others]
    return found


def main() -> int:
    """Print the table; 1 if a budget is broken."""
    measured = rows()
    click.echo(f"{'(milliseconds)':<44}{'median':>8} {'lowest .. highest':>16}")
    for row in measured:
        click.echo(str(row))
    return 0 if all(row.kept for row in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
