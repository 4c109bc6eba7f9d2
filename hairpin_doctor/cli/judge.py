"""`hairpin-doctor judge`: the rules over saved reports, anywhere and at any time; no machine is touched."""

from __future__ import annotations

import click

from hairpin_doctor.cli.output import Output, judged, output_options, read, tell
from hairpin_doctor.cli.redaction_key import chosen_key


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@output_options
def judge(
    files: tuple[str, ...],
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

    Exit code: 0 healthy, 1 diagnosed, 2 error, 3 unexplained, 4 undetermined.
    """
    recordings = read(files, save)
    key = chosen_key(redact, redact_key)
    only = files[0] if len(files) == 1 and files[0] != "-" else None
    return tell(judged(recordings, key, save or only), Output(output, save, strict, verbose))
