"""The walk as a process at a real pseudo terminal: keys in, screens out, and the terminal sane at every end."""

from __future__ import annotations

import fcntl
import gzip
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hairpin_doctor.cli.main import run
from hairpin_doctor.machine.keyboard import named

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"
PATIENCE = 60


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A saved report of a case."""
    path = tmp_path / "report.json"
    path.write_bytes(gzip.decompress((RECORDINGS / "vip-on-port-mac.json.gz").read_bytes()))
    return path


class AtATerminal:
    """A process at a pseudo terminal of 80x24."""

    def __init__(self, arguments: list[str], term: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hairpin_doctor", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": term},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.theirs, self.seen = theirs, ""

    def until(self, text: str) -> str:
        """Read until `text` shows; what was read since the last time."""
        start, end = len(self.seen), time.monotonic() + PATIENCE
        while text not in self.seen[start:]:
            assert time.monotonic() < end, self.seen[start:]
            if select.select([self.ours], [], [], 0.2)[0]:
                self.seen += os.read(self.ours, 65536).decode()
        return self.seen[start:]

    def press(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def sane(self) -> bool:
        return termios.tcgetattr(self.theirs)[3] == self.before[3]


@contextmanager
def at_a_terminal(*arguments: str, term: str = "xterm-256color") -> Iterator[AtATerminal]:
    terminal = AtATerminal(list(arguments), term)
    try:
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.ours)
        os.close(terminal.theirs)


def test_a_report_is_walked_through_and_the_exit_code_is_its_verdict(report: Path) -> None:
    with at_a_terminal("walk", "--replay", str(report)) as terminal:
        terminal.until("BREAKS HERE")
        terminal.press("\r")
        terminal.until("hop by hop")
        terminal.press("q")
        terminal.until("\x1b[?1049l")
        assert terminal.process.wait(PATIENCE) == 1
        assert terminal.sane()


def test_ctrl_c_leaves_a_sane_terminal_and_exit_130(report: Path) -> None:
    with at_a_terminal("walk", "--replay", str(report)) as terminal:
        terminal.until("The answer")
        terminal.press("\x03")
        terminal.until("interrupted")
        assert terminal.process.wait(PATIENCE) == 130
        assert terminal.sane()


def test_a_serial_console_gets_ascii_and_no_sequence_newer_than_itself(report: Path) -> None:
    with at_a_terminal("walk", "--replay", str(report), term="vt100") as terminal:
        shown = terminal.until("ARP answer eno1")
        assert shown.isascii()
        assert set(re.findall(r"\x1b\[[?0-9;]*[a-zA-Z]", shown)) <= {"\x1b[H", "\x1b[2J", "\x1b[K", "\x1b[J"}


def test_a_terminal_that_is_resized_is_drawn_anew(report: Path) -> None:
    with at_a_terminal("walk", "--replay", str(report)) as terminal:
        terminal.until("[q] quit")
        fcntl.ioctl(terminal.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        terminal.process.send_signal(signal.SIGWINCH)
        assert "─" * 60 in terminal.until("[q] quit")


def test_without_a_terminal_judge_does_it_and_says_so(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["walk", "--replay", str(report)]) == 1
    said = capsys.readouterr()
    assert "walk needs a terminal, and there is none: this is hairpin-doctor judge" in said.err
    assert "BREAKS HERE" in said.out


def test_a_lab_without_a_terminal_is_refused_with_the_command_that_works(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["walk", "--lab", "healthy"]) == 2
    assert "hairpin-doctor lab run healthy" in capsys.readouterr().err


def test_kinds_of_walk_exclude_each_other(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["walk", "--replay", str(report), "--lab", "healthy"]) == 2
    assert "exclude each other" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("\x1b[A", "up"),
        ("\x1bOB", "down"),
        ("\r", "enter"),
        ("q", "q"),
        ("qq", "q"),
        ("\x1b[24~", ""),
        (" ", "space"),
    ],
)
def test_what_a_key_sends_has_one_name(read: str, name: str) -> None:
    assert named(read) == name
