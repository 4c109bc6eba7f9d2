"""The doctor making a kept run last, with an accident: install_files.py STATE_DIR ETC [STEP kill|interrupt|SHELL]."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from hairpin_doctor.fixes.changes import Change, ConfigFile, EnabledUnit
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.mending.checkpoint import Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import Store

TEXT = "# Written by hairpin-doctor: a test.\n"


def lasting(etc: Path) -> tuple[Change, ...]:
    """Two files, one in a folder that is not there yet, and a unit."""
    return (
        ConfigFile(str(etc / "system" / "x.service"), TEXT, told="systemd"),
        ConfigFile(str(etc / "hairpin-doctor" / "x.sh"), TEXT, 0o755),
        EnabledUnit("x.service"),
    )


def main(state: str, etc: str, at: str = "0", what: str = "") -> None:
    steps = -1

    def tell(text: str) -> None:
        nonlocal steps
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        steps += 1 if steps >= 0 else 0
        if steps != int(at) or steps <= 0:
            return
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "interrupt":
            raise KeyboardInterrupt
        subprocess.run(what, shell=True, check=True)

    engine = Engine(Store(Path(state)), ThisMachine(), tell)
    work = Work("Announce", "HD104", ("192.0.2.53",), "n5", (), lasting=lasting(Path(etc)))
    engine.apply(work, {}, dict, must_mend=False)
    steps = 0
    try:
        ended = engine.confirm()
    except KeyboardInterrupt:
        ended = engine.store.history()[-1]
    sys.stdout.write("\n".join((ended.phase, *ended.said)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
