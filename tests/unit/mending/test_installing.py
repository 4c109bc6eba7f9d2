"""Making a kept run last: all of it or nothing, whatever happens meanwhile, and taken away again as it was before."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hairpin_doctor.fixes.changes import Change, ConfigFile, EnabledUnit
from hairpin_doctor.machine import files
from hairpin_doctor.machine.changing import config_files
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.mending.checkpoint import Checkpoint, Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.rollback import why_take_back
from hairpin_doctor.mending.store import MendingRefused, Store

SCRIPT = Path(__file__).with_name("install_files.py")
STEPS = 7  # doing and done of two files and a unit, read back
SYSTEMCTL = """#!/bin/sh
# Remembers in a file whether the unit is enabled.
case $* in
    is-enabled*) [ -e "$0.enabled" ] && echo enabled || { echo disabled; exit 1; } ;;
    *disable*) rm -f "$0.enabled" ;;
    *enable*) touch "$0.enabled" ;;
esac
"""

TEXT = "# Written by hairpin-doctor: a test.\n"


def lasting(etc: Path) -> tuple[Change, ...]:
    """Two files, one in a folder that is not there yet, and a unit; as install_files.py has them."""
    return (
        ConfigFile(str(etc / "system" / "x.service"), TEXT, told="systemd"),
        ConfigFile(str(etc / "hairpin-doctor" / "x.sh"), TEXT, 0o755),
        EnabledUnit("x.service"),
    )


@dataclass(frozen=True)
class Machine:
    """Where files and checkpoints go, and a systemctl of its own."""

    root: Path

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def engine(self) -> Engine:
        return Engine(Store(self.root / "state"), ThisMachine(), watch=lambda store, run: "nobody")

    def install(self) -> Checkpoint:
        """In this process, watched by nobody."""
        engine = self.engine
        work = Work("Announce", "HD104", ("192.0.2.53",), "n5", (), lasting=lasting(self.etc))
        engine.apply(work, {}, dict, must_mend=False)
        return engine.confirm()

    def install_with(self, *accident: str) -> str:
        """In a process of its own under a real watchdog, with an accident."""
        argv = [sys.executable, str(SCRIPT), str(self.root / "state"), str(self.etc), *accident]
        path = f"{self.root / 'bin'}:/usr/bin:/bin"
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, timeout=60, env={"PATH": path, "HOME": "/"}
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def settled(self) -> Checkpoint:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            last = self.engine.store.history()[-1]
            if not last.pending:
                return last
            time.sleep(0.05)
        raise AssertionError(f"not settled: {last}")

    def traces(self) -> list[str]:
        found = [str(path.relative_to(self.root)) for path in self.etc.rglob("*")]
        return [*found, *(["enabled"] if (self.root / "bin" / "systemctl.enabled").exists() else [])]


@pytest.fixture
def machine_of(tmp_path: Path) -> Callable[[str], Machine]:
    def make(name: str) -> Machine:
        root = tmp_path / name
        for folder in (root / "bin", root / "etc"):
            folder.mkdir(parents=True)
        (root / "bin" / "systemctl").write_text(SYSTEMCTL)
        (root / "bin" / "systemctl").chmod(0o755)
        return Machine(root)

    return make


@pytest.fixture
def machine(machine_of: Callable[[str], Machine], monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = machine_of("machine")
    monkeypatch.setenv("PATH", f"{made.root / 'bin'}:/usr/bin:/bin")
    return made


def test_what_is_confirmed_is_installed_and_uninstalled_as_it_was_before(machine: Machine) -> None:
    last = machine.install()
    assert (last.phase, len(last.installed)) == ("confirmed", 3)
    assert len(machine.traces()) == 5
    ended = machine.engine.uninstall("HD104")
    assert (ended.phase, ended.said[-1]) == ("rolled-back", "uninstalled on request")
    assert machine.traces() == []
    with pytest.raises(MendingRefused, match="no fix for HD104 has files installed here"):
        machine.engine.uninstall("HD104")


def test_killed_at_any_step_nothing_of_it_is_left_and_the_run_stays_kept(
    machine_of: Callable[[str], Machine],
) -> None:
    def killed_at(step: int) -> tuple[str, str, list[str]]:
        machine = machine_of(str(step))
        machine.install_with(str(step), "kill")
        last = machine.settled()
        return last.phase, last.said[-1].partition(", and")[0], machine.traces()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(killed_at, range(1, STEPS + 1)))
    assert (
        found == [("confirmed", "NOT made lasting: the doctor died while it installed the files", [])] * STEPS
    )


def test_an_interrupt_takes_it_away_again(machine: Machine) -> None:
    assert "NOT made lasting: interrupted (KeyboardInterrupt)" in machine.install_with("3", "interrupt")
    assert machine.traces() == []


def test_a_file_that_cannot_be_written_ends_in_one_sentence_and_leaves_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = files.write_durably

    def full(path: Path, text: str, mode: int = 0o600) -> None:
        if path.name == "x.sh":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, text, mode)

    monkeypatch.setattr(config_files, "write_durably", full)
    ended = machine.install()
    assert ended.phase == "confirmed"
    assert ended.said[-1] == (
        f"NOT made lasting: {machine.etc}/hairpin-doctor/x.sh cannot be written: No space left on device; nothing of that "
        "is left, and what was applied holds until the next reboot"
    )
    assert (machine.traces(), ended.installed) == ([], ())


def test_a_roll_back_takes_the_files_away_too(machine: Machine) -> None:
    machine.install()
    assert machine.engine.roll_back().phase == "rolled-back"
    assert machine.traces() == []


def test_a_file_that_was_edited_since_keeps_everything_as_it_is(machine: Machine) -> None:
    machine.install()
    edited = machine.etc / "hairpin-doctor" / "x.sh"
    edited.write_text("mine")
    before = machine.traces()
    for take_back in (machine.engine.uninstall, machine.engine.roll_back):
        with pytest.raises(MendingRefused, match=r"x\.sh has been edited since .* Nothing was taken back"):
            take_back()
    assert machine.traces() == before
    edited.unlink()
    assert machine.engine.uninstall().phase == "rolled-back"
    assert machine.traces() == []


def test_left_behind_by_doctor_and_watchdog_the_next_roll_back_cleans_it(machine: Machine) -> None:
    machine.install()
    store = machine.engine.store
    kept = store.history()[-1]
    store.write(replace(kept, phase="installing", doctor=2**22 - 1))
    machine.engine.refuse_while_open()
    assert machine.traces() == []
    assert store.history()[-1].phase == "confirmed"


@pytest.mark.parametrize(
    ("phase", "doctor", "now", "why"),
    [
        ("installing", 2**22 - 1, 0.0, "the doctor died while it installed"),
        ("awaiting-confirmation", 2**22 - 1, 0.0, None),
        ("awaiting-confirmation", 2**22 - 1, 9.0, "nobody confirmed in time: the watchdog"),
        ("confirmed", 2**22 - 1, 9.0, None),
    ],
)
def test_whoever_watches_takes_back_what_nobody_will_finish(
    machine: Machine, phase: str, doctor: int, now: float, why: str | None
) -> None:
    run = replace(machine.install(), phase=phase, doctor=doctor, deadline=5.0)  # type: ignore[arg-type]
    said = why_take_back(run, now)
    assert said is None if why is None else why in (said or "")
