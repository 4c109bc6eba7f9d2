"""An end to judging: rules of a ruleset that a stranger wrote can lead in circles for as long as he likes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hairpin_doctor.cli.refused import Refused

LONGEST_S = 120  # the largest recorded cluster takes a few seconds


class _TimeUp(BaseException):
    """No Exception, since a probe's or rule's own failure is caught and shown as such."""


@contextmanager
def time_limit(what: str, seconds: int = LONGEST_S) -> Iterator[None]:
    """Raises Refused where the block takes longer; without a limit outside the main thread, which has no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    signal.alarm(seconds)
    try:
        yield
    except _TimeUp:
        raise Refused(
            f"{what} takes longer than {seconds} seconds, which no report of a real machine does"
        ) from None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _ring(_: int, __: FrameType | None) -> None:
    raise _TimeUp
