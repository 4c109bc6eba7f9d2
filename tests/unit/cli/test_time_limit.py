"""Judging what a stranger wrote comes to an end, also where every failure of a probe is caught."""

from __future__ import annotations

import contextlib
import signal
import time

import pytest

from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.cli.time_limit import time_limit


def never_ending() -> None:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.05)


def test_what_takes_too_long_is_refused_in_one_sentence() -> None:
    with pytest.raises(Refused, match="judging takes longer than 1 seconds"), time_limit("judging", 1):
        never_ending()


def test_what_ends_in_time_leaves_no_alarm_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit("judging", 100):
        pass
    assert signal.alarm(0) == 0
    assert signal.getsignal(signal.SIGALRM) is before
