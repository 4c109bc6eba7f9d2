"""`scan --with FILE` and `scan --from MACHINE` read a stranger's report: it does no harm, and is refused in one sentence."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from hairpin_doctor.cli.time_limit import time_limit

Call = Callable[..., Result]
SCAN = ("scan", "192.0.2.53:53")
HEAD = '{"schema": "hairpin-doctor/report/1", "recordings": '
BAD = {
    "endless": (None, "than 64 MiB, which no report is"),
    "deep": (HEAD + '{"a":' * 100_000, "it is nested too deeply"),
    "wide": (HEAD + "[[]" + ",[]" * 4_000_000, "it has more than 4 million parts"),
    "wrong types": (HEAD + '[{"vantage_point": 7, "asked": "x"}]}', "it is damaged or was made by something else"),
    "newer": ('{"schema": "hairpin-doctor/report/9"}', "it is a report of version 9"),
    "escapes": (HEAD + '[{"vantage_point": "\\u001b[2J", "\\u001b]0;x\\u0007": 1}]}', "it is damaged"),
    "no report": ("\x1b]0;owned\x07", "it is not valid JSON"),
}  # fmt: skip


@pytest.fixture
def given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, Callable[[Path], None]], tuple[str, str]]:
    """`given("--from", write)`: the option with a source that yields what `write` puts into a file."""
    monkeypatch.setattr("hairpin_doctor.remote_scan._program", lambda: b"the program")

    def make(option: str, write: Callable[[Path], None]) -> tuple[str, str]:
        path = tmp_path / "report.json"
        write(path)
        if option == "--with":
            return option, str(path)
        ssh = tmp_path / "bin" / "ssh"
        ssh.parent.mkdir()
        ssh.write_text(
            f"#!/bin/sh\nhead -c 11 >/dev/null; echo 'hairpin-doctor: ready'; cat {shlex.quote(str(path))}\n"
        )
        ssh.chmod(0o755)
        monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
        return option, "ssh://vm"

    return make


@pytest.mark.parametrize("option", ["--with", "--from"])
@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_what_is_no_report_is_refused_in_one_sentence(
    call: Call, given: Any, option: str, content: str | None, said: str
) -> None:
    def write(path: Path) -> None:
        path.write_text(content or "")
        if content is None:
            os.truncate(path, 1 << 30)  # a gigabyte that takes no room

    found = call(*SCAN, *given(option, write))
    assert (found.exit_code, found.stdout) == (2, "")
    assert said in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert "\x1b" not in found.stderr


@pytest.mark.parametrize("option", ["--with", "--from"])
def test_names_in_a_report_cannot_steer_the_terminal(
    call: Call, given: Any, tmp_path: Path, option: str
) -> None:
    call(*SCAN, "--save", str(tmp_path / "mine.json"))
    report = json.loads((tmp_path / "mine.json").read_text())
    report["recordings"][0]["vantage_point"] = "vm\x1b]0;owned\x07"
    found = call(*SCAN, *given(option, lambda path: path.write_text(json.dumps(report))))
    assert (found.exit_code, found.stdout) == (2, "")
    assert "is no name that a command could hold" in found.stderr
    assert "\x1b" not in found.stderr


@pytest.mark.parametrize("option", ["--with", "--from"])
def test_judging_what_leads_in_circles_comes_to_an_end(
    call: Call, given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    def never_ending(*_: object) -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.05)

    call(*SCAN, "--save", str(tmp_path / "mine.json"))
    report = json.loads((tmp_path / "mine.json").read_text())
    report["recordings"][0]["asked"] = []  # so that it is of no machine that is known
    monkeypatch.setattr("hairpin_doctor.cli.scan.time_limit", lambda what: time_limit(what, 1))
    monkeypatch.setattr("hairpin_doctor.scan.replay", never_ending)
    found = call(*SCAN, *given(option, lambda path: path.write_text(json.dumps(report))))
    assert found.exit_code == 2
    assert "judging this takes longer than 1 seconds" in found.stderr
