"""Long-running processes inside a namespace."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hairpin_doctor.machine.commands import Place


@dataclass
class Running:
    """The change "this process runs at that place". Its output goes to `log`, where readiness is read from."""

    place: Place
    argv: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def do(self) -> None:
        """Start it in a session of its own, so that a Ctrl-C at the terminal reaches only the builder."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.place.wrap(self.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def undo(self) -> None:
        """Kill it with its children, and reap it. Nothing happens if it was never started or has ended.

        A child that lives on would keep the ports: dnsmasq forks for each TCP connection.
        """
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ended(self) -> bool:
        """True once the process is gone, which for a daemon means that it failed."""
        return self.process is not None and self.process.poll() is not None
