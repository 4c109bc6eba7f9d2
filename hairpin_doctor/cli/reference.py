"""The command line as a page of the documents: every command with its words, out of click's own definitions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from hairpin_doctor.cli.main import cli


def reference() -> str:
    """Markdown: one heading per command, its help, and a table of its options."""
    context = click.Context(cli, info_name="hairpin-doctor")
    return "\n\n".join(("# The command line", *_parts(cli, context)))


def _parts(command: click.Command, context: click.Context) -> Iterator[str]:
    if context.parent is not None:
        yield f"## {context.command_path}"
    yield from _help(command)
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"Usage: **{context.command_path}** `{pieces}`"
    options = (each for each in command.get_params(context) if isinstance(each, click.Option))
    rows = [record for each in options if (record := each.get_help_record(context))]
    if rows:
        lines = (f"| `{_cell(names)}` | {_cell(text)} |" for names, text in rows)
        yield "\n".join(("| option | |", "|---|---|", *lines))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _parts(below, click.Context(below, parent=context, info_name=name))


def _help(command: click.Command) -> Iterator[str]:
    """Its paragraphs; one that begins with click's mark for "do not wrap" is a block."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        block = paragraph.removeprefix("\b\n")
        yield f"```text\n{block}\n```" if block != paragraph else paragraph


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
