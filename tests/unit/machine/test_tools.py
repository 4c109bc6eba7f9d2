"""Programs that change something for us: missing, failing, hanging, or left alone by a doctor who was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hairpin_doctor.fixes.changes import IptablesRule
from hairpin_doctor.machine.changing import tools
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.machine.changing.tools import run_tool
from hairpin_doctor.machine.processes import started

RULE = IptablesRule("iptables", "raw", "PREROUTING", "-d 192.0.2.53 -j ACCEPT", present=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where programs are."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "SBIN", ())
    return tmp_path


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_one_that_is_missing_is_named_with_where_it_was_looked_for(folder: Path) -> None:
    with pytest.raises(CannotChange, match=f"nft is not installed here \\(not in {folder}\\)"):
        run_tool(["nft", "list", "ruleset"])


def test_one_that_only_root_has_in_its_path_is_found_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, "nft", "echo found")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(tools, "SBIN", (str(folder),))
    assert run_tool(["nft"]) == "found\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo no room >&2; exit 4", r"nft x failed \(4\): no room"),
        ("kill -9 $$", r"nft x was killed by signal 9 \(Killed\)"),
        ("while :; do :; done", r"nft x did not end within 0\.5 s, and was ended"),
    ],
)
def test_one_that_fails_is_told_in_words(folder: Path, script: str, words: str) -> None:
    put(folder, "nft", script)
    with pytest.raises(CannotChange, match=words):
        run_tool(["nft", "x"], at_most_s=0.5)


def test_one_that_cannot_be_run_is_told_in_words(folder: Path) -> None:
    (folder / "nft").write_bytes(b"\x7fELF")
    (folder / "nft").chmod(0o755)
    with pytest.raises(CannotChange, match="nft cannot be run: Exec format error"):
        run_tool(["nft"])


def test_a_rule_that_could_not_be_looked_for_does_not_count_as_gone(folder: Path) -> None:
    put(folder, "iptables", "echo 'Another app is currently holding the xtables lock' >&2; exit 4")
    with pytest.raises(CannotChange, match="holding the xtables lock"):
        ThisMachine().find(RULE)


def test_a_rule_that_is_not_there_is_gone(folder: Path) -> None:
    put(
        folder,
        "iptables",
        "echo 'iptables: Bad rule (does a matching rule exist in that chain?).' >&2; exit 1",
    )
    assert ThisMachine().find(RULE).so


def test_it_dies_with_a_doctor_who_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    script = f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60"
    program = "import sys; from hairpin_doctor.machine.changing.tools import run_tool; run_tool(sys.argv[1:])"
    doctor = subprocess.Popen([sys.executable, "-c", program, "sh", "-c", script])
    deadline = time.monotonic() + 20
    while not pid.exists():
        assert time.monotonic() < deadline, "it never started"
        time.sleep(0.02)
    tool = int(pid.read_text())
    os.kill(doctor.pid, signal.SIGKILL)
    doctor.wait(timeout=10)
    while started(tool):
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.02)
