"""The watchdog of one run: a process of its own that takes the run back when the doctor dies or nobody confirms in time.

Everything that it needs is imported before it says that it is there: nothing that fails later keeps it from restoring.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.machine.changing.kubectl import Kubectl
from hairpin_doctor.machine.changing.netlink import load
from hairpin_doctor.machine.locks import lock
from hairpin_doctor.machine.processes import is_running
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.rollback import restore
from hairpin_doctor.mending.store import Store

POLL_S = 0.2
AGAIN_S, AGAIN_AT_MOST = (
    2.0,
    60,
)  # what could not be restored, or not be written down, is tried again for two minutes


def watch(store: Store, id_: str) -> None:
    """Until the run has come to an end."""
    with lock(store.watchdog_lock(id_), wait=False):
        tries = 0
        while True:
            with store.mutex():
                checkpoint = store.read(id_)
                why = why_restore(checkpoint, time.monotonic())
                if why is not None:
                    restore(store, checkpoint, hands_for(checkpoint), why, _silent)
                    checkpoint, tries = store.read(id_), tries + 1
            if not checkpoint.pending or tries >= AGAIN_AT_MOST:
                break
            time.sleep(POLL_S if why is None else AGAIN_S)
    store.forget_lock(id_)


def why_restore(checkpoint: Checkpoint, now: float) -> str | None:
    """The reason to take it back now, or None. `now`: CLOCK_MONOTONIC."""
    if checkpoint.phase == "rollback-incomplete":
        return "the watchdog tried again"
    if checkpoint.phase == "applying" and not is_running(checkpoint.doctor, checkpoint.doctor_started):
        return "the doctor died while it applied the changes: the watchdog took them back"
    if checkpoint.pending and now > checkpoint.deadline:
        if checkpoint.phase == "applying":
            return "applying took too long: the watchdog took the changes back"
        return "nobody confirmed in time: the watchdog took the changes back"
    return None


def hands_for(checkpoint: Checkpoint) -> ThisMachine:
    """Those that the run was applied with."""
    return ThisMachine(Kubectl(checkpoint.context) if checkpoint.context else None)


def _silent(_: str) -> None:
    """What a watchdog does stands in the checkpoint; nobody listens to its output."""


def main(directory: str, id_: str) -> None:
    """Watch, deaf to hang-ups and to Ctrl-C at somebody's terminal."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    load()
    store = Store(Path(directory))
    kubeconfig = store.read(id_).kubeconfig
    if kubeconfig is not None:
        os.environ["KUBECONFIG"] = kubeconfig
    watch(store, id_)


if __name__ == "__main__":
    main(*sys.argv[1:3])
