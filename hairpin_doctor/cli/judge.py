"""`hairpin-doctor judge`: the rules over saved reports, anywhere and at any time; no machine is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hairpin_doctor.cli.completions import complete_files
from hairpin_doctor.cli.output import Output, exit_code, judged, output_options, read, tell
from hairpin_doctor.cli.redaction_key import chosen_key
from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.cli.time_limit import time_limit

if TYPE_CHECKING:
    from hairpin_doctor.comparison.compare import Comparison


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=complete_files)
@click.option("--compare", is_flag=True, help="Tell what changed from the first FILE to the second.")
@output_options
def judge(
    files: tuple[str, ...],
    compare: bool,
    output: str,
    save: str | None,
    redact: bool,
    redact_key: str | None,
    strict: bool,
    verbose: bool,
) -> int:
    """Judge saved reports together, without touching any machine.

    FILE is a report that scan --save or -o json wrote, plain or compressed by gzip; - is standard input. What the
    machines answered then is judged by the rules of this version: the verdict in a file is never believed.

    Exit code: 0 healthy, 1 diagnosed, 2 error, 3 unexplained, 4 undetermined; with --compare that of the second FILE.
    """
    how = _compare if compare else _judge
    return how(files, Output(output, save, strict, verbose), redact, redact_key)


def _judge(files: tuple[str, ...], output: Output, redact: bool, redact_key: str | None) -> int:
    recordings = read(files, output.save)
    key = chosen_key(redact, redact_key)
    only = files[0] if len(files) == 1 and files[0] != "-" else None
    with time_limit("judging this"):
        scanned = judged(recordings, key, output.save or only)
    return tell(scanned, output)


def _compare(files: tuple[str, ...], output: Output, redact: bool, redact_key: str | None) -> int:
    """Both files are judged by themselves and by the same rules; the exit code is that of what holds now."""
    from hairpin_doctor.comparison.compare import compare

    if len(files) != 2:
        raise Refused(f"--compare takes two files, before and after; {len(files)} were given")
    if output.save is not None or output.form not in ("table", "json"):
        raise Refused("--compare prints a table, or with -o json the same as JSON; it saves no report")
    sides = [read([each], None) for each in files]
    key = chosen_key(redact, redact_key)
    if key is None and len({each.redacted_by for side in sides for each in side}) > 1:
        raise Refused(
            "the two files are redacted by different keys, or one of them is not redacted: nothing would be equal"
        )
    with time_limit("comparing this"):
        before, after = (judged(side, key, None) for side in sides)
        found = compare(before, after)
    _print(found, output.form)
    return exit_code(after.report, strict=output.strict)


def _print(found: Comparison, form: str) -> None:
    if form == "json":
        from hairpin_doctor.report.files import to_json

        click.echo(to_json(found), nl=False)
        return
    from hairpin_doctor.comparison.page import show
    from hairpin_doctor.report.page import Page

    show(found, Page())
