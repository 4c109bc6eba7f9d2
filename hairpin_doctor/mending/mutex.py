"""One lock for every step of a run. Nobody keeps it for good: not who was stopped, nor who hangs in a step."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from hairpin_doctor.machine.locks import Held, holder, lock
from hairpin_doctor.machine.processes import is_stopped

SOON_S, OFTEN_S, SELDOM_S = (
    1.0,
    0.05,
    0.5,
)  # a step is short; whoever takes longer is looked for among all processes
GRACE_S = 5.0
PATIENCE_S = 150.0  # the longest step: a program that does not end, and its undo


class MendingRefused(RuntimeError):
    """Nothing was changed, and this sentence says why and what to do."""


@contextmanager
def held(path: Path, may_end: Callable[[], bool] | None) -> Iterator[None]:
    """Hold the lock file `path`. With `may_end` wait for it, and kill whoever keeps it for GRACE_S once that says yes.

    Without it, raise MendingRefused where the other process is stopped, or keeps the lock for PATIENCE_S.
    """
    with ExitStack() as stack:
        began = time.monotonic()
        while True:
            try:
                stack.enter_context(lock(path, wait=False))
                break
            except Held:
                waited = time.monotonic() - began
            if waited > SOON_S and (other := holder(path)) is not None:
                _waited_for(other, waited, may_end)
            time.sleep(OFTEN_S if waited <= SOON_S else SELDOM_S)
        yield


def _waited_for(other: int, seconds: float, may_end: Callable[[], bool] | None) -> None:
    if may_end is None:
        if is_stopped(other) or seconds > PATIENCE_S:
            raise MendingRefused(_why(other))
    elif seconds > GRACE_S and may_end():
        with suppress(ProcessLookupError):
            os.kill(other, signal.SIGKILL)  # the undo of what it has begun is on disk


def _why(other: int) -> str:
    end = f"`kill -9 {other}` ends it, and what it applied and nobody confirmed is taken back."
    if is_stopped(other):
        return f"process {other} was stopped (Ctrl-Z) in the middle of a step: `fg` in its shell lets it go on; {end}"
    return f"process {other} has been busy with one step for {PATIENCE_S:g} s: wait for it; {end}"
