"""What the user asked for cannot be done: one sentence, exit code 2, no usage text around it."""

from __future__ import annotations

import click


class Refused(click.ClickException):
    """The sentence is shown as `Error: ...`; whatever in it came from outside is made harmless here."""

    exit_code = 2

    def __init__(self, why: Exception | str) -> None:
        from hairpin_doctor.report.printable import printable

        super().__init__(printable(str(why)))
