"""The doctor applying three changes in this network namespace, with an accident at a step that is named.

apply_changes.py STATE_DIR [kill-at N] [bad-change] [raise-at N] [probe worse|same|better] [confirm-within S] [wait]
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from hairpin_doctor.fixes.changes import Change, FdbEntry, InterfaceAddress, LinkState, MacvlanLink
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.mending.checkpoint import Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import MendingRefused, Store

MAC = "02:00:00:00:00:07"
GOOD: tuple[Change, ...] = (
    MacvlanLink("metallb0", "bridge0", MAC, 1500),
    InterfaceAddress("169.254.1.2/32", "metallb0"),
    FdbEntry(MAC, "bridge0"),
)
BEFORE = {"192.0.2.53 53/udp": False, "192.0.2.54 80/tcp": True}
AFTER = {
    "better": {"192.0.2.53 53/udp": True, "192.0.2.54 80/tcp": True},
    "same": BEFORE,
    "worse": {"192.0.2.53 53/udp": True, "192.0.2.54 80/tcp": False},
}
VALUES = {"kill-at", "raise-at", "probe", "confirm-within", "at", "do"}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def options(words: list[str]) -> dict[str, str]:
    found, rest = {}, iter(words)
    for word in rest:
        found[word] = next(rest) if word in VALUES else ""
    return found


def main(directory: str, chosen: dict[str, str]) -> None:
    steps = 0

    def tell(text: str) -> None:
        nonlocal steps
        steps += 1
        say(text)
        if steps == int(chosen.get("kill-at", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        if steps == int(chosen.get("at", 0)):
            subprocess.run(chosen["do"], shell=True, check=True)

    engine = Engine(Store(Path(directory)), ThisMachine(), tell)
    bad = (LinkState("nowhere"),) if "bad-change" in chosen else ()
    work = Work("Announce", "HD104", ("192.0.2.53",), "n5", (*GOOD, *bad))
    after = AFTER[chosen.get("probe", "better")]
    within = int(chosen.get("confirm-within", 60))
    try:
        found = engine.apply(work, BEFORE, lambda: after, must_mend=True, confirm_within=within)
        say("\n".join((found.phase, *found.said)))
        if "wait" in chosen:
            say(engine.await_end(found.id).phase)
    except MendingRefused as error:
        say(f"refused: {error}")


if __name__ == "__main__":
    main(sys.argv[1], options(sys.argv[2:]))
