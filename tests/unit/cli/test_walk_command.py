"""The walk as a process at a real pseudo terminal: keys in, screens out, and the terminal sane at every end."""

from __future__ import annotations

import fcntl
import gzip
import re
import signal
import struct
import termios
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.cli.main import run
from hairpin_doctor.machine.keyboard import keys

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"
PATIENCE = 60


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A saved report of a case."""
    path = tmp_path / "report.json"
    path.write_bytes(gzip.decompress((RECORDINGS / "vip-on-port-mac.json.gz").read_bytes()))
    return path


AtATerminal = Callable[..., AbstractContextManager[Any]]


def test_a_report_is_walked_through_and_the_exit_code_is_its_verdict(
    report: Path, at_a_terminal: AtATerminal
) -> None:
    with at_a_terminal("walk", "--replay", str(report)) as terminal:
        terminal.until("BREAKS HERE")
        terminal.press("\r")
        terminal.until("hop by hop")
        terminal.press("q")
        terminal.until("\x1b[?1049l")
        assert terminal.process.wait(PATIENCE) == 1
        assert terminal.sane()


def test_ctrl_c_leaves_a_sane_terminal_and_exit_130(report: Path, at_a_terminal: AtATerminal) -> None:
    with at_a_terminal("walk", "--replay", str(report)) as terminal:
        terminal.until("The answer")
        terminal.press("\x03")
        terminal.until("interrupted")
        assert terminal.process.wait(PATIENCE) == 130
        assert terminal.sane()


def test_ctrl_z_gives_the_terminal_back_and_the_screen_is_drawn_anew_afterwards(
    report: Path, at_a_terminal: AtATerminal
) -> None:
    """There is no shell here: the kernel stops no process that nobody could continue, so that it goes on at once."""
    with at_a_terminal("walk", "--replay", str(report)) as terminal:
        terminal.until("BREAKS HERE")
        terminal.press("\x1a")
        terminal.until("\x1b[?1049l")
        terminal.until("\x1b[?1049h")
        terminal.until("BREAKS HERE")
        terminal.press("q")
        assert terminal.process.wait(PATIENCE) == 1
        assert terminal.sane()


def test_a_serial_console_gets_ascii_and_no_sequence_newer_than_itself(
    report: Path, at_a_terminal: AtATerminal
) -> None:
    with at_a_terminal("walk", "--replay", str(report), term="vt100") as terminal:
        shown = terminal.until("ARP answer eno1")
        assert shown.isascii()
        sequences = set(re.findall(r"\x1b\[[?0-9;]*[a-zA-Z]", shown))
        assert all(re.fullmatch(r"\x1b\[(H|2J|K|J|\d+;1H)", each) for each in sequences), sequences


def test_only_what_has_changed_is_painted_anew(report: Path, at_a_terminal: AtATerminal) -> None:
    with at_a_terminal("walk", "--replay", str(report)) as terminal:
        terminal.until("[enter] the path")
        terminal.press("\r")
        terminal.until("[enter] the cause")
        terminal.press("\x1b[B")
        anew = terminal.until("The socket of the client")
        assert "bridge port vnet1" in anew
        assert "hop by hop" not in anew
        assert "uplink eno1" not in anew


def test_a_terminal_without_a_cursor_is_given_the_report_instead(
    report: Path, at_a_terminal: AtATerminal
) -> None:
    with at_a_terminal("walk", "--replay", str(report), term="dumb") as terminal:
        assert "this is hairpin-doctor judge" in terminal.until("From n5")
        assert "\x1b" not in terminal.seen


def test_a_terminal_that_is_resized_is_drawn_anew(report: Path, at_a_terminal: AtATerminal) -> None:
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
    ("read", "names"),
    [
        ("\x1b[A", ["up"]),
        ("\x1bOB", ["down"]),
        ("\r", ["enter"]),
        ("\x1b", ["escape"]),
        ("\x1b[24~", []),
        (" ", ["space"]),
        ("1.2\r", ["1", ".", "2", "enter"]),
        ("\x1b[A\x1b[Bq", ["up", "down", "q"]),
    ],
)
def test_what_a_key_sends_has_one_name_and_what_is_pasted_is_many_keys(read: str, names: list[str]) -> None:
    assert keys(read) == names


def test_an_arrow_that_a_serial_line_brings_in_pieces_is_one_key(
    report: Path, at_a_terminal: AtATerminal
) -> None:
    with at_a_terminal("walk", "--replay", str(report), term="vt100") as terminal:
        terminal.until("[enter] the path")
        terminal.press("\r")
        terminal.until("[enter] the cause")
        terminal.press("\x1b")
        terminal.press("[")
        terminal.press("B")
        assert "The answer" not in terminal.until("The socket of the client")
