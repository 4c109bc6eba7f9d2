"""How a command that judges ends: the report printed and saved in the forms asked for, and the verdict's exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hairpin_doctor.cli.completions import complete_files
from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.recording import Recording
    from hairpin_doctor.redaction.key import Key
    from hairpin_doctor.report.report import Report
    from hairpin_doctor.scan import Scanned

EXIT_CODES = {"healthy": 0, "diagnosed": 1, "unexplained": 3, "undetermined": 4}
FORMS = ("short", "table", "json", "markdown", "html")
C = TypeVar("C", bound=Callable[..., Any])
OPTIONS = (
    click.option(
        "-o",
        "--output",
        type=click.Choice(FORMS),
        default="table",
        help="Form of the report: short is for a message, markdown for a ticket, html one file that opens anywhere.",
    ),
    click.option(
        "--save",
        metavar="FILE",
        shell_complete=complete_files,
        help="Keep the report, for --with and judge on another machine.",
    ),
    click.option(
        "--redact", is_flag=True, help="Replace names and addresses, one to one; the verdict stays."
    ),
    click.option(
        "--redact-key",
        metavar="FILE",
        help="Redact by the key in FILE (made if missing): reports of one key can be joined.",
    ),
    click.option("--strict", is_flag=True, help="Exit 1 for latent findings too."),
    click.option("-v", "--verbose", is_flag=True, help="Show probes, every fix, and what was ruled out."),
)


@dataclass(frozen=True)
class Output:
    """The options that scan and judge share: form of the report, file to keep it in, what counts, how much is shown."""

    form: str
    save: str | None
    strict: bool
    verbose: bool


def output_options(command: C) -> C:
    """Give a command the shared options, as parameters of their names."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def tell(scanned: Scanned, output: Output) -> int:
    """Print the report, save it where asked, and give the exit code."""
    report = scanned.report
    if output.save is not None or output.form == "json":
        from hairpin_doctor.report.compose import with_recordings

        report = with_recordings(report, scanned.recordings)
    if output.save is None:
        _print(report, output)
    else:
        _save_and_print(report, output, output.save)
    return exit_code(report, strict=output.strict)


def judged(recordings: Iterable[Recording], key: Key | None, saved: str | None) -> Scanned:
    """The judgement over recordings, redacted by the key if there is one. Raises Refused where that is not to be had."""
    from hairpin_doctor.scan import NotTogether, judge

    try:
        if key is None:
            return judge(recordings, saved)
        from hairpin_doctor.redacted import JudgedOtherwise, redacted

        try:
            return redacted(recordings, key)
        except JudgedOtherwise as error:
            raise Refused(error) from None
    except NotTogether as error:
        raise Refused(error) from None


def read(paths: Iterable[str], save: str | None) -> tuple[Recording, ...]:
    """The recordings in report files, and whether a report can be saved; the reader of files loads only if needed."""
    wanted = tuple(paths)
    if not wanted and save is None:
        return ()
    from hairpin_doctor.report.files import BadReport, check_destination, load

    try:
        if save is not None:
            check_destination(save)
        return tuple(recording for path in wanted for recording in load(path).recordings)
    except BadReport as error:
        raise Refused(error) from None


def exit_code(report: Report, *, strict: bool) -> int:
    """The verdict as an exit code; `strict` makes latent findings count."""
    if strict and report.verdict == "healthy" and report.of_severity("latent"):
        return EXIT_CODES["diagnosed"]
    return EXIT_CODES[report.verdict]


def _print(report: Report, output: Output) -> None:
    """Each form loads only what it needs."""
    if output.form in ("table", "short"):
        _show(report, output)
    elif output.form == "json":
        from hairpin_doctor.report.files import to_json

        click.echo(to_json(report), nl=False)
    elif output.form == "markdown":
        from hairpin_doctor.report.markdown import to_markdown

        click.echo(to_markdown(report), nl=False)
    else:
        from hairpin_doctor.report.html import to_html

        click.echo(to_html(report), nl=False)


def _show(report: Report, output: Output) -> None:
    from hairpin_doctor.report.page import Page
    from hairpin_doctor.report.short import show_short
    from hairpin_doctor.report.terminal import show

    if output.form == "short":
        show_short(report, Page())
    else:
        show(report, Page(), verbose=output.verbose)


def _save_and_print(report: Report, output: Output, path: str) -> None:
    """Saved first: whoever reads what is printed may close the pipe (head). What is to be said of the file comes last."""
    from hairpin_doctor.report.files import BadReport, save
    from hairpin_doctor.report.printable import printable

    try:
        save(report, path)
    except BadReport as error:
        _print(report, output)
        raise Refused(error) from None
    try:
        _print(report, output)
    finally:
        click.echo(f"saved to {printable(path)}", err=True)
