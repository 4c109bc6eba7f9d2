"""The doctor applying two files, with an accident at a step: apply_files.py STATE_DIR ETC SECONDS STEP SHELL.

SECONDS: within which it has to be applied. STEP: the sentence at which the shell command is run, counted from 1.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hairpin_doctor.fixes.changes import ConfigFile
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.mending import engine as engines
from hairpin_doctor.mending.checkpoint import Work
from hairpin_doctor.mending.store import Store


def main(state: str, etc: str, seconds: str, step: str, shell: str) -> None:
    said = 0

    def tell(text: str) -> None:
        nonlocal said
        said += 1
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        if said == int(step):
            subprocess.run(shell, shell=True, check=True)

    engines.APPLY_AT_MOST_S = float(seconds)
    engine = engines.Engine(Store(Path(state)), ThisMachine(), tell)
    files = tuple(ConfigFile(f"{etc}/{name}", "text\n") for name in ("one", "two"))
    found = engine.apply(
        Work("Announce", "HD104", (), "n5", files), {}, dict, must_mend=False, confirm_within=1
    )
    sys.stdout.write("\n".join((found.phase, *found.said)) + "\n")
    ended = engine.await_end(found.id)
    sys.stdout.write("\n".join((ended.phase, *ended.said)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
