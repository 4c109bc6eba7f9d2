"""Progress on standard error, and only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A function to call with each probe that is done; shows nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    console = Console(stderr=True)
    done = 0
    with console.status("looking", spinner="line") as status:

        def tick(name: str) -> None:
            nonlocal done
            done += 1
            status.update(f"looking ({done}/{total}: {name})")

        yield tick
