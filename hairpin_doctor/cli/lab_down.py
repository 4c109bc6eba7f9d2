"""`hairpin-doctor lab down`: which labs are taken away, and what is said of those that stay."""

from __future__ import annotations

import click

from hairpin_doctor.cli.lab import LabError
from hairpin_doctor.lab.state import State, saved


def take_away(named: tuple[str, ...], *, every: bool) -> None:
    """Those that are named by tag or case; without names all that are ours, and with `every` all that nobody uses."""
    left = [state for state in saved() if state.kept or state.abandoned()]
    gone = _named(named, left) if named else [state for state in left if every or state.ours()]
    for state in gone:
        state.remove()
        click.echo(f"{_called(state)} is gone")
    if not gone:
        click.echo("you left no lab running")
    for state in (each for each in left if each not in gone and not named):
        made = f", made by {state.maker}," if state.maker else ""
        click.echo(f"{_called(state)}{made} stays: hairpin-doctor lab down {state.tag}", err=True)


def _named(names: tuple[str, ...], left: list[State]) -> list[State]:
    for name in names:
        if not any(name in (state.tag, state.case) for state in left):
            there = ", ".join(map(_called, left)) or "none"
            raise LabError(f"no lab {name!r} was left running; there is {there}")
    return [state for state in left if {state.tag, state.case} & set(names)]


def _called(state: State) -> str:
    return f"{state.case or 'lab'} (tag {state.tag})"
