"""Signals that end a process: turned into an orderly exit, and kept off while something is taken down."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

HANG_UPS = (signal.SIGHUP, signal.SIGTERM)
ENDING = (*HANG_UPS, signal.SIGINT)
STOPPING = (signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN)


@contextmanager
def leaving_in_order() -> Iterator[None]:
    """A lost terminal (SIGHUP) and SIGTERM raise SystemExit (128 + number), as Ctrl-C raises KeyboardInterrupt.

    Once only: a closed ssh session often sends the signal twice, and the second one would end what the first one began.
    """
    before = {number: signal.signal(number, _leave) for number in HANG_UPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is _leave:  # else it has come, and must not come again
                signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    for each in HANG_UPS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


@contextmanager
def undisturbed() -> Iterator[None]:
    """No signal that ends a process reaches it or what it starts: what is begun in here is finished.

    Only the main thread can and need do that; in any other it changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def unstopped() -> Iterator[None]:
    """Ctrl-Z, and writing to the terminal from the background, stop neither this thread nor what it starts until the end.

    They are blocked and not ignored: a Ctrl-Z that came meanwhile takes effect then.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def suspending(leave: Callable[[], None], enter: Callable[[], None]) -> Iterator[None]:
    """Ctrl-Z stops the process after `leave`, which gives the terminal back to the shell; `fg` goes on with `enter`."""

    def stop(number: int, _: FrameType | None) -> None:
        leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # returns when the process is continued
        signal.signal(number, stop)
        enter()

    before = signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)
