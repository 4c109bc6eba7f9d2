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
from hairpin_doctor.machine.processes import start_outliving
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.rollback import take_back, why_take_back
from hairpin_doctor.mending.store import MendingRefused, Store

POLL_S = 0.2
STARTS_WITHIN_S = 45.0  # on a small board that is busy with its cluster, Python takes its time
NO_WATCHDOG = "the watchdog did not start"
AGAIN_S, AGAIN_AT_MOST = (
    2.0,
    60,
)  # what could not be restored, or not be written down, is tried again for two minutes


def start_watchdog(store: Store, checkpoint: Checkpoint) -> str:
    """How it was started, in words, once it is there. Raises MendingRefused if it does not come."""
    directory = str(store.directory.absolute())
    how = start_outliving(__name__, [directory, checkpoint.id], f"hairpin-doctor-{checkpoint.id}")
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not store.is_watched(checkpoint.id):
        if time.monotonic() > deadline:
            raise MendingRefused(f"{NO_WATCHDOG}, so nothing was changed.")
        time.sleep(0.05)
    return how


def watch(store: Store, id_: str) -> None:
    """Until the run has come to an end; by what is remembered of it, should somebody delete what is on disk."""
    with lock(store.watchdog_lock(id_), wait=False):
        tries, checkpoint = 0, store.read(id_)
        while True:
            with store.mutex():
                checkpoint = store.read_or(checkpoint, _silent)
                why = why_take_back(checkpoint, time.monotonic())
                if why is not None:
                    ended = take_back(store, checkpoint, hands_for(checkpoint), why, _silent)
                    checkpoint, tries = (
                        store.read_or(ended, _silent),
                        tries + 1,
                    )  # it may not have been written
            if not checkpoint.pending or tries >= AGAIN_AT_MOST:
                break
            time.sleep(POLL_S if why is None else AGAIN_S)
    store.forget_lock(id_)


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
