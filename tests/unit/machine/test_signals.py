"""A hang-up ends a process in order and once; what is taken down is taken down wholly."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hairpin_doctor.machine.signals import leaving_in_order, undisturbed


@contextmanager
def sent_twice(number: int) -> Iterator[None]:
    with leaving_in_order():
        try:
            os.kill(os.getpid(), number)
            yield
        finally:
            os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)])
def test_a_hang_up_leaves_with_its_code_and_a_second_one_does_nothing(number: int, code: int) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGTERM)}
    try:
        with pytest.raises(SystemExit) as left, sent_twice(number):
            pytest.fail("the signal did nothing")
        assert left.value.code == code
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_without_a_hang_up_everything_is_as_before() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with leaving_in_order():
        assert signal.getsignal(signal.SIGHUP) is not before
    assert signal.getsignal(signal.SIGHUP) is before


def test_nothing_interrupts_what_is_undisturbed() -> None:
    done = []
    with leaving_in_order(), undisturbed():
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            os.kill(os.getpid(), number)
        done.append("finished")
    assert done == ["finished"]
