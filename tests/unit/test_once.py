"""Work is done once for each key, and what came of it is everybody's."""

from __future__ import annotations

import pytest

from hairpin_doctor.once import Once


def test_the_second_caller_gets_what_came_of_the_first_ones_work() -> None:
    done: list[str] = []
    once: Once[str] = Once()
    assert once.get("a", lambda: done.append("first")) is None
    assert once.get("a", lambda: done.append("second")) is None
    assert once.get("b", lambda: 7) == 7
    assert done == ["first"]


def test_what_the_work_raised_is_raised_to_everybody_and_listed_as_finished() -> None:
    once: Once[str] = Once()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once.get("a", lambda: 1 // 0)
    ((key, future),) = once.finished()
    assert key == "a"
    assert isinstance(future.exception(), ZeroDivisionError)
