"""Whoever is stopped or killed, doctor or watchdog: the other one takes back what nobody confirmed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.mutex import MendingRefused
from hairpin_doctor.mending.store import Store

SCRIPT = Path(__file__).with_name("apply_files.py")
DOING_FIRST, DONE_FIRST, DOING_SECOND, PROBING = 2, 3, 4, 7
SHORT_S = 10.0  # the watchdog itself starts within that


@dataclass(frozen=True)
class Machine:
    """Where files and checkpoints go."""

    root: Path

    @property
    def store(self) -> Store:
        return Store(self.root / "state")

    def begin(self, step: int, shell: str, seconds: float = 60) -> subprocess.Popen[str]:
        """The doctor in a process of its own, under a real watchdog; `$PPID` in the shell is the doctor.

        In a group of its own whose parent is of the same session, as a shell has it: no other one is stopped by Ctrl-Z.
        """
        (self.root / "etc").mkdir()
        argv = [sys.executable, str(SCRIPT), str(self.root / "state"), str(self.root / "etc")]
        return subprocess.Popen(
            [*argv, str(seconds), str(step), shell], stdout=subprocess.PIPE, text=True, process_group=0
        )

    def apply(self, step: int, shell: str, seconds: float = 60) -> str:
        with self.begin(step, shell, seconds) as doctor:
            return doctor.communicate(timeout=60)[0]

    def of_the_watchdog(self, verb: str) -> str:
        """A shell command that sends it that signal."""
        script = "import sys, os, pathlib; from hairpin_doctor.machine.locks import holder; "
        find = "d, = pathlib.Path(sys.argv[1]).glob('*.watchdog'); print(holder(d))"
        return f'kill -{verb} $({sys.executable} -c "{script}{find}" {self.root / "state"}); sleep 0.3'

    def settled(self) -> Checkpoint:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            runs = self.store.history()
            if runs and not runs[-1].pending:
                return runs[-1]
            time.sleep(0.05)
        raise AssertionError(f"not settled: {runs}")

    def traces(self) -> list[str]:
        return [path.name for path in (self.root / "etc").iterdir()]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_doctor_that_is_stopped_in_the_middle_of_a_step_is_ended_when_its_time_is_over(
    machine: Machine,
) -> None:
    with machine.begin(DOING_SECOND, "kill -STOP $PPID", seconds=SHORT_S) as doctor:
        last = machine.settled()
        assert doctor.wait(timeout=20) == -signal.SIGKILL
    assert last.said[-1] == (
        "applying took too long: the watchdog took the changes back; who was stopped or hung in a step was ended"
    )
    assert machine.traces() == []


def test_between_two_steps_it_is_told_so_when_it_goes_on(machine: Machine) -> None:
    stop = "kill -STOP $PPID; (sleep 13; kill -CONT $PPID) & "
    said = machine.apply(DONE_FIRST, stop, seconds=SHORT_S)
    assert "applying took too long: the watchdog took the changes back" in said
    assert machine.traces() == []


def test_meanwhile_others_are_told_who_it_is_and_what_to_do(machine: Machine) -> None:
    with machine.begin(DOING_FIRST, "kill -STOP $PPID") as doctor:
        _until_stopped(doctor.pid)
        words = rf"process {doctor.pid} was stopped \(Ctrl-Z\).*fg.*kill -9 {doctor.pid}"
        with pytest.raises(MendingRefused, match=words), machine.store.mutex():
            pass
        doctor.send_signal(signal.SIGKILL)
    assert machine.settled().phase == "rolled-back"
    assert machine.traces() == []


def _until_stopped(pid: int) -> None:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline, "it was never stopped"
        time.sleep(0.05)


def test_a_ctrl_z_in_the_middle_of_a_step_takes_effect_after_it(machine: Machine) -> None:
    with machine.begin(DOING_FIRST, "kill -TSTP $PPID; sleep 0.3") as doctor:
        _until_stopped(doctor.pid)
        assert machine.traces() == ["one"]
        with machine.store.mutex():
            os.kill(doctor.pid, signal.SIGCONT)
        assert "nobody confirmed in time" in doctor.communicate(timeout=30)[0]
    assert machine.traces() == []


def test_a_watchdog_that_is_killed_is_followed_by_another_one(machine: Machine) -> None:
    said = machine.apply(DONE_FIRST, machine.of_the_watchdog("KILL"))
    assert "the watchdog was gone: another one runs" in said
    assert "nobody confirmed in time: the watchdog took the changes back" in said
    assert machine.traces() == []


def test_a_watchdog_that_is_told_to_end_takes_the_run_back_first(machine: Machine) -> None:
    said = machine.apply(DONE_FIRST, machine.of_the_watchdog("TERM"))
    assert "the watchdog was told to end (by a shutdown, or by kill) before anybody confirmed" in said
    assert machine.traces() == []


def test_what_a_stopped_watchdog_does_not_do_the_doctor_does(machine: Machine) -> None:
    stopped = machine.of_the_watchdog("STOP")
    try:
        said = machine.apply(PROBING, stopped)
        assert said.endswith("nobody confirmed in time: the doctor took the changes back\n")
        assert machine.traces() == []
    finally:
        subprocess.run(stopped.replace("-STOP", "-KILL"), shell=True, check=True)
