"""Options of the test run."""

from __future__ import annotations

import fcntl
import gc
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from pathlib import Path

import pytest

from hairpin_doctor.machine.commands import Place

TESTS = Path(__file__).parent
RECORDINGS = TESTS / "golden" / "recordings"
A_LAB_EACH = ("lab/test_cases.py", "lab/test_fixes.py")
DOCTOR = (sys.executable, "-m", "hairpin_doctor")
PATIENCE = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record",
        action="store_true",
        help="let the lab cases of the story refresh tests/golden/recordings; expected verdicts stay as they are",
    )
    parser.addoption(
        "--mutations", type=int, default=30, help="how many recordings to alter by chance in tests/golden"
    )
    parser.addoption(
        "--snapshots",
        action="store_true",
        help="write tests/golden/formats anew; read the difference before you commit it",
    )


def pytest_configure() -> None:
    """Nothing that collecting makes is garbage: to look for some takes a third of its time, in each of the processes."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays, and is not looked at again."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that only record run with --record alone; in CI a lab test that fails is run once more, and shown as rerun."""
    if not config.getoption("--record"):
        items[:] = [item for item in items if item.get_closest_marker("recording") is None]
    if os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("lab") is not None:  # real networks beside nine others on two cores
                item.add_marker(pytest.mark.flaky(reruns=1))
    items[:] = spread(items)


def spread(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The tests that build a lab each, evenly between the other modules: those fill the time in which a lab waits.

    Modules stay whole, so that what they share is made once.
    """
    slow = [item for item in items if item.path.relative_to(TESTS).as_posix() in A_LAB_EACH]
    chosen = set(slow)
    others = [item for item in items if item not in chosen]
    order: list[pytest.Item] = []
    seen = taken = 0
    for _, module in groupby(others, key=lambda item: item.path):
        together = list(module)
        seen += len(together)
        due = round(len(slow) * seen / len(others))
        order += [*together, *slow[taken:due]]
        taken = due
    return order + slow[taken:]


@pytest.fixture
def recordings(request: pytest.FixtureRequest) -> Path | None:
    """The folder to record into, or None."""
    return RECORDINGS if request.config.getoption("--record") else None


class AtATerminal:
    """A process at a pseudo terminal of 80x24."""

    def __init__(self, command: Sequence[str], term: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": term},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.theirs, self.seen, self.read_to = theirs, "", 0

    def until(self, text: str) -> str:
        """Read until `text` shows; what came since the last such text, with this one."""
        start, end = self.read_to, time.monotonic() + PATIENCE
        while text not in self.seen[start:]:
            assert time.monotonic() < end, self.seen[start:]
            if select.select([self.ours], [], [], 0.2)[0]:
                self.seen += os.read(self.ours, 65536).decode(errors="replace")
        self.read_to = self.seen.index(text, start) + len(text)
        return self.seen[start : self.read_to]

    def press(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def hang_up(self) -> None:
        """What happens to the process when its ssh session is closed."""
        os.close(self.theirs)
        os.close(self.ours)
        self.theirs = self.ours = -1

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.ours >= 0:
            self.hang_up()

    def sane(self) -> bool:
        return termios.tcgetattr(self.theirs)[3] == self.before[3]


@pytest.fixture(scope="session")
def at_a_terminal() -> Callable[..., AbstractContextManager[AtATerminal]]:
    """`with at_a_terminal("walk", "--lab", "healthy", term=..., place=...) as terminal:`; `place`: a machine of a lab."""

    @contextmanager
    def opened(
        *arguments: str, term: str = "xterm-256color", place: Place | None = None
    ) -> Iterator[AtATerminal]:
        command = [*DOCTOR, *arguments]
        terminal = AtATerminal(place.wrap(command) if place else command, term)
        try:
            yield terminal
        finally:
            terminal.close()

    return opened
