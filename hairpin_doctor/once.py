"""Work that is done once for each key, also when several threads want it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar, cast

K = TypeVar("K")
T = TypeVar("T")


class Once(Generic[K]):
    """Keeps what came of each piece of work, a result or an exception."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[K, Future[object]] = {}

    def get(self, key: K, work: Callable[[], T]) -> T:
        """The first caller does the work, the others wait for it. Raises again what the work raised."""
        with self._lock:
            known = self._done.get(key)
            if known is None:
                mine = self._done[key] = Future()
        if known is not None:
            return cast("T", known.result())  # one key stands for one kind of work
        try:
            found = work()
        except BaseException as error:
            mine.set_exception(error)
            raise
        mine.set_result(found)
        return found

    def finished(self) -> Iterator[tuple[K, Future[object]]]:
        """What is done by now, in the order in which it was begun."""
        return ((key, future) for key, future in list(self._done.items()) if future.done())
