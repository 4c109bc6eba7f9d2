"""The watchdog of one run: a process of its own that takes the run back when the doctor dies or nobody confirms in time.

Everything that it needs is imported before it says that it is there: nothing that fails later keeps it from restoring.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.machine.changing.kubectl import Kubectl
from hairpin_doctor.machine.changing.netlink import load
from hairpin_doctor.machine.locks import lock
from hairpin_doctor.machine.processes import start_outliving
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.rollback import take_back, why_at_an_end, why_take_back
from hairpin_doctor.mending.store import MendingRefused, Store

POLL_S = 0.2
STARTS_WITHIN_S = 120.0  # on a small board that is busy with its cluster, Python takes its time
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
        time.sleep(POLL_S)  # seldom enough to leave it the processor
    return how


def watch(store: Store, id_: str) -> None:
    """Until the run has come to an end; by what is remembered of it, should somebody delete what is on disk."""
    with lock(store.watchdog_lock(id_), wait=False):
        watchdog = Watchdog(store, store.read(id_))
        signal.signal(signal.SIGTERM, watchdog.is_told_to_end)
        watchdog.watch()
    store.forget_lock(id_)


@dataclass
class Watchdog:
    """Watches the run that `checkpoint`, as it was last read, belongs to."""

    store: Store
    checkpoint: Checkpoint
    told_to_end: bool = False
    ended: str | None = None

    def is_told_to_end(self, *_: object) -> None:
        """By a shutdown, or somebody's kill: what nobody has confirmed does not stay without a watchdog."""
        self.told_to_end = True

    def watch(self) -> None:
        """Look, and take it back when it is time; whoever keeps the lock beyond that time is ended."""
        for _ in range(AGAIN_AT_MOST):
            while self._why() is None and self.checkpoint.pending:
                time.sleep(POLL_S)
            with self.store.mutex(may_end=self._may_end):
                why = self.ended or self._why()
                if why is not None and self.checkpoint.pending:
                    hands = hands_for(self.checkpoint)
                    self.checkpoint = take_back(self.store, self.checkpoint, hands, why, _silent)
            if self._why() is None and not self.checkpoint.pending:  # else it may not have been written
                return
            time.sleep(AGAIN_S)

    def _may_end(self) -> bool:
        """Whether it is so late that who holds the lock is ended; why is remembered, as that one is dead afterwards."""
        why = self._why()
        if why is not None:
            self.ended = f"{why}; who was stopped or hung in a step was ended"
        return why is not None

    def _why(self) -> str | None:
        self.checkpoint = self.store.read_or(self.checkpoint, _silent)
        why = why_take_back(self.checkpoint, time.monotonic())
        return why or (why_at_an_end(self.checkpoint) if self.told_to_end else None)


def hands_for(checkpoint: Checkpoint) -> ThisMachine:
    """Those that the run was applied with."""
    return ThisMachine(Kubectl(checkpoint.context) if checkpoint.context else None)


def _silent(_: str) -> None:
    """What a watchdog does stands in the checkpoint; nobody listens to its output."""


def _be_spared() -> None:
    """When memory is short, the kernel ends others first (proc(5), oom_score_adj)."""
    with suppress(OSError):  # a container may not be allowed to
        Path("/proc/self/oom_score_adj").write_text("-900")


def main(directory: str, id_: str) -> None:
    """Watch, deaf to hang-ups and to Ctrl-C at somebody's terminal."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    _be_spared()
    load()
    store = Store(Path(directory))
    kubeconfig = store.read(id_).kubeconfig
    if kubeconfig is not None:
        os.environ["KUBECONFIG"] = kubeconfig
    watch(store, id_)


if __name__ == "__main__":
    main(*sys.argv[1:3])
