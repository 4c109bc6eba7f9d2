"""The engine as the command line uses it: over this machine, with kubectl where a context was named, telling on stderr."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.mending.engine import Engine


def engine_for(state: Path, context: str | None) -> Engine:
    """`state`: where checkpoints lie; `context`: of kubectl."""
    from hairpin_doctor.machine.changing.hands import ThisMachine
    from hairpin_doctor.machine.changing.kubectl import Kubectl
    from hairpin_doctor.mending.engine import Engine
    from hairpin_doctor.mending.store import Store
    from hairpin_doctor.report.printable import printable

    def tell(text: str) -> None:
        with suppress(OSError):  # nobody reads it any more, and what is begun must come to its end
            click.echo(f"  {printable(text)}", err=True)

    return Engine(Store(state), ThisMachine(Kubectl(context) if context else None), tell)


def require_root() -> None:
    """Raises Refused."""
    import os

    if os.geteuid() != 0:
        raise Refused(
            "only root can change a machine: sudo hairpin-doctor fix ... --apply. Nothing was changed"
        )
