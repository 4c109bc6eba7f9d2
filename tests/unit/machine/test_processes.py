"""Processes that outlive their maker: a service of systemd's where that runs, a detached process elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hairpin_doctor.machine import processes
from hairpin_doctor.machine.processes import as_service, start_outliving

UNIT = "hairpin-doctor-20261126T010203-ab12"
NEEDS = pytest.mark.skipif(shutil.which("systemd-run") is None, reason="needs systemd-run (Debian: systemd)")
LATER = "import os, sys; open(sys.argv[1] + '.new', 'w').write(f'{os.getsid(0)} {os.getppid()}'); " \
    "os.rename(sys.argv[1] + '.new', sys.argv[1])"  # fmt: skip


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that writes its session and its parent into the file that it is given."""
    (tmp_path / "writes_session.py").write_text(LATER + "\n")
    monkeypatch.setattr(
        processes,
        "_environment",
        lambda: {"PYTHONPATH": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
    )
    return "writes_session"


def systemd_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """systemd seems to run, and `systemd-run` is that script."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "systemd-run").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bin" / "systemd-run").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(processes, "SYSTEMD", tmp_path)
    monkeypatch.setattr(processes, "init_sees_the_same", lambda: True)


def written(path: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, "it never started"
        time.sleep(0.02)
    return [int(word) for word in path.read_text().split()]


def test_without_systemd_it_is_a_process_in_a_session_of_its_own(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SYSTEMD", tmp_path / "absent")
    assert start_outliving(module, [str(tmp_path / "said")], UNIT) == "a detached process"
    session, parent = written(tmp_path / "said")
    assert session != os.getsid(0)
    assert parent != os.getpid()


def test_where_process_1_sees_another_network_it_is_a_detached_process(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd_runs(tmp_path, monkeypatch, "exit 0")
    monkeypatch.setattr(processes, "init_sees_the_same", lambda: False)
    assert start_outliving(module, [str(tmp_path / "said")], UNIT) == "a detached process"
    written(tmp_path / "said")


def test_where_systemd_runs_it_is_a_service_with_our_environment(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = 'for word; do echo "$word"; done > "$0.argv"; while [ "$1" != -- ]; do case $1 in --setenv=*) ' \
        'export "${1#--setenv=}" ;; esac; shift; done; shift; exec setsid "$@"'  # fmt: skip
    systemd_runs(tmp_path, monkeypatch, run)
    assert start_outliving(module, [str(tmp_path / "said")], UNIT) == f"service {UNIT} of systemd"
    written(tmp_path / "said")
    argv = (tmp_path / "bin" / "systemd-run.argv").read_text().splitlines()
    assert f"--unit={UNIT}" in argv
    assert argv[argv.index("--") + 1 :] == [sys.executable, "-m", module, str(tmp_path / "said")]


def test_where_systemd_refuses_it_is_a_detached_process(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd_runs(tmp_path, monkeypatch, "exit 1")
    assert start_outliving(module, [str(tmp_path / "said")], UNIT) == "a detached process"
    written(tmp_path / "said")


def refused_by_systemd_run(argv: list[str]) -> str:
    """What the real program says where no systemd can be reached: nothing is run in any case."""
    nowhere = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30, env=nowhere)
    assert done.returncode != 0
    return done.stderr.lower()


@NEEDS
@pytest.mark.skipif(processes.SYSTEMD.is_dir(), reason="systemd runs here, and would start it")
def test_the_real_systemd_run_accepts_every_word_and_lacks_but_a_running_systemd() -> None:
    argv = as_service([sys.executable, "-c", "pass"], UNIT)
    said = refused_by_systemd_run(argv)
    assert "bus" in said or "not been booted" in said
    wrong = [argv[0], "--no-such-option", *argv[1:]]
    assert "no-such-option" in refused_by_systemd_run(wrong)


@NEEDS
@pytest.mark.skipif(processes.SYSTEMD.is_dir(), reason="systemd runs here, and would start it")
def test_the_real_systemd_run_leaves_the_options_of_the_command_alone() -> None:
    assert "unrecognized" not in refused_by_systemd_run(as_service(["true", "--no-such-option"], UNIT))
