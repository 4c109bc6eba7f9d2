"""The first program on the other machine, run on this one: it scans out of memory, and never outlives its input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hairpin_doctor.archive import archive
from hairpin_doctor.machine.processes import is_running, started
from hairpin_doctor.remote_program import MARK, PROGRAM
from hairpin_doctor.remote_scan import PYTHON

LOOKING = ("scan", "-o", "json", "--no-cluster", "--only", "machine", "192.0.2.1:9")
HANGING = """
import os, sys, types, subprocess, time
child = subprocess.Popen(["sleep", "60"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def program() -> bytes:
    return archive()


@pytest.fixture(scope="module")
def hanging() -> bytes:
    """An archive whose program starts another one, says who they are, and waits."""
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for package in ("hairpin_doctor", "hairpin_doctor/cli"):
            file.writestr(f"{package}/__init__.py", "")
        file.writestr("hairpin_doctor/cli/main.py", HANGING)
    return packed.getvalue()


def test_the_program_is_one_line_for_the_sake_of_csh() -> None:
    assert "\n" not in PROGRAM


def start(
    size: int, *arguments: str, seconds: float = 60, text: str = PROGRAM, **how: object
) -> subprocess.Popen[bytes]:
    argv = [sys.executable, *PYTHON[1:], text, str(size), str(seconds), "as-it-is", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, **how)  # type: ignore[call-overload,no-any-return]


def feed(process: subprocess.Popen[bytes], content: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(content)
    process.stdin.flush()


def await_end(pids: list[tuple[int, int]]) -> None:
    deadline = time.monotonic() + 10
    while any(is_running(*each) for each in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def waiting(hanging: bytes) -> Iterator[tuple[subprocess.Popen[bytes], list[tuple[int, int]]]]:
    """The program, its scan in the middle, and the two processes of that."""
    process = start(len(hanging))
    feed(process, hanging)
    assert process.stdout is not None
    assert process.stdout.readline() == MARK
    pids = [int(word) for word in process.stdout.readline().split()]
    with process:
        yield process, [(pid, started(pid)) for pid in pids]
        process.kill()


def test_it_scans_out_of_memory_and_writes_nothing(program: bytes, tmp_path: Path) -> None:
    where = {"PATH": os.defpath, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    process = start(len(program), *LOOKING, cwd=tmp_path, env=where)
    feed(process, program)
    assert process.stdout is not None
    mark, report = process.stdout.readline(), process.stdout.read()
    assert mark == MARK
    assert json.loads(report)["schema"] == "hairpin-doctor/report/1"
    _, said = process.communicate()
    assert (process.returncode, said) == (4, b"")
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_all_that_it_started_when_its_input_does(
    waiting: tuple[subprocess.Popen[bytes], list[tuple[int, int]]],
) -> None:
    process, pids = waiting
    assert process.stdin is not None
    process.stdin.close()
    await_end(pids)
    assert process.wait(5) == 2


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_all_of_it(
    waiting: tuple[subprocess.Popen[bytes], list[tuple[int, int]]], number: signal.Signals
) -> None:
    process, pids = waiting
    process.send_signal(number)
    await_end(pids)
    assert process.wait(5) == 2


def test_killed_by_force_it_takes_the_scan_with_it(
    waiting: tuple[subprocess.Popen[bytes], list[tuple[int, int]]],
) -> None:
    process, pids = waiting
    process.kill()
    await_end(pids[:1])
    os.kill(pids[1][0], signal.SIGKILL)  # what the scan itself had started may end its own way


def test_a_scan_that_takes_too_long_is_ended_with_a_sentence(hanging: bytes) -> None:
    process = start(len(hanging), seconds=0.5)
    feed(process, hanging)
    assert process.stdout is not None
    process.stdout.readline()
    pids = [(int(word), started(int(word))) for word in process.stdout.readline().split()]
    await_end(pids)
    assert process.stderr is not None
    assert process.stderr.read() == b"Error: it took longer than 0.5 s\n"
    process.communicate()
    assert process.returncode == 1


def test_half_an_archive_starts_nothing(program: bytes) -> None:
    process = start(len(program), *LOOKING)
    feed(process, program[:100_000])
    assert process.communicate() == (b"", b"")
    assert process.returncode == 2


def test_an_archive_that_stops_coming_is_not_waited_for(program: bytes) -> None:
    with start(len(program), *LOOKING, seconds=1) as process:
        feed(process, program[:100_000])
        assert process.wait(10) == -signal.SIGALRM


def test_a_python_that_is_too_old_says_so_and_a_newer_one_on_the_path_takes_over(tmp_path: Path) -> None:
    old = f"import sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)'\n{PROGRAM}"
    alone = start(9, text=old, env={"PATH": str(tmp_path)})
    assert alone.communicate() == (b"hairpin-doctor: too old 3.9.2\n", b"")
    newer = tmp_path / "python3.12"
    newer.write_text('#!/bin/sh\necho "$1 $2 $3 $4"; shift 5; echo "$@"\n')
    newer.chmod(0o755)
    beside = start(9, "scan", "--", "x", text=old, env={"PATH": f"{tmp_path}:{os.defpath}"})
    assert beside.communicate() == (b"-I -S -B -c\n9 60 as-it-is scan -- x\n", b"")
