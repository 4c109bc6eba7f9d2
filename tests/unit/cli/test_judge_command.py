"""`judge`: saved reports alone, no machine, the same exit codes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from probes.questions.traffic import Handshake

Call = Callable[..., Result]


@pytest.fixture
def saved(call: Call, machine: Any, tmp_path: Path) -> Callable[..., Path]:
    """`saved(Handshake.SILENT)`: the report of a scan that ended so; the machine is broken afterwards."""

    def make(outcome: Handshake = Handshake.OPEN, name: str = "vm.json") -> Path:
        machine.outcome, machine.broken = outcome, None
        call("scan", "192.0.2.53:53", "--save", str(tmp_path / name))
        machine.broken = RuntimeError("judge must not touch a machine")
        return tmp_path / name

    return make


@pytest.mark.parametrize(("outcome", "code"), [(Handshake.OPEN, 0), (Handshake.SILENT, 4)])
@pytest.mark.parametrize("form", ["table", "json"])
def test_the_exit_code_is_the_verdict_and_no_machine_is_touched(
    call: Call, saved: Callable[..., Path], outcome: Handshake, code: int, form: str
) -> None:
    found = call("judge", str(saved(outcome)), "-o", form)
    assert found.exit_code == code, found.stderr


def test_the_recordings_are_judged_and_the_verdict_in_the_file_is_not_believed(
    call: Call, saved: Callable[..., Path]
) -> None:
    path = saved(Handshake.SILENT)
    report = json.loads(path.read_text())
    path.write_text(json.dumps({**report, "verdict": "healthy", "answer": "all is well"}))
    found = call("judge", str(path))
    assert found.exit_code == 4
    assert "all is well" not in found.stdout


def test_a_compressed_report_is_read_and_what_is_judged_can_be_saved(
    call: Call, saved: Callable[..., Path], tmp_path: Path
) -> None:
    packed = tmp_path / "vm.json.gz"
    packed.write_bytes(gzip.compress(saved().read_bytes()))
    assert call("judge", str(packed), "--save", str(tmp_path / "again.json")).exit_code == 0
    assert call("judge", str(tmp_path / "again.json")).exit_code == 0


def test_the_next_step_names_the_file_that_is_there(call: Call, saved: Callable[..., Path]) -> None:
    said = " ".join(call("judge", str(saved(Handshake.SILENT, "from-the-vm.json"))).stdout.split())
    assert "scan --with from-the-vm.json" in said
    assert "--save" not in said


def test_what_could_not_be_seen_is_said_of_reports_too(call: Call, saved: Callable[..., Path]) -> None:
    report = json.loads(call("judge", str(saved()), "-o", "json").stdout)
    assert any("neighbours on vm was skipped" in each for each in report["not_seen"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "not valid JSON"),
        ('{"schema": "hairpin-doctor/report/7"}', "version 7, and this hairpin-doctor reads version 1"),
        ('{"schema": "hairpin-doctor/report/1", "recordings": [{"vantage_point": "\\u202e\\u001b[2J"}]}', "damaged"),
        ('{"schema": "hairpin-doctor/report/1", "recordings": {"a": NaN}}', "not valid JSON"),
        ('{"schema": "hairpin-doctor/report/1", "recordings": ' + "9" * 5000 + "}", "not valid JSON"),
        ('{"schema": "hairpin-doctor/report/1", "recordings": ' + '{"a":' * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_hostile_file_gets_one_sentence_and_exit_code_2(
    call: Call, tmp_path: Path, content: str, sentence: str
) -> None:
    (tmp_path / "x\x1b[2J.json").write_text(content)
    found = call("judge", str(tmp_path / "x\x1b[2J.json"))
    assert (found.exit_code, found.stdout) == (2, "")
    assert sentence in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert "\x1b" not in found.stderr


def test_no_file_at_all_is_a_usage_error(call: Call) -> None:
    found = call("judge")
    assert found.exit_code == 2
    assert "FILE" in found.stderr


def test_two_reports_are_compared_and_the_exit_code_is_that_of_the_second(
    call: Call, saved: Callable[..., Path]
) -> None:
    before, after = saved(Handshake.SILENT, "before.json"), saved(Handshake.OPEN, "after.json")
    found = call("judge", "--compare", str(before), str(after))
    assert found.exit_code == 0, found.stderr
    assert "192.0.2.53 53/tcp from vm: no answer -> open" in " ".join(found.stdout.split())
    assert call("judge", "--compare", str(after), str(before), "-o", "json").exit_code == 4


@pytest.mark.parametrize(
    ("count", "options", "sentence"),
    [
        (1, (), "takes two files, before and after; 1 were given"),
        (3, (), "takes two files"),
        (2, ("-o", "html"), "prints a table, or with -o json"),
        (2, ("--save", "x.json"), "it saves no report"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    call: Call, saved: Callable[..., Path], count: int, options: tuple[str, ...], sentence: str
) -> None:
    found = call("judge", "--compare", *[str(saved())] * count, *options)
    assert (found.exit_code, found.stdout) == (2, "")
    assert sentence in found.stderr


def test_a_redacted_and_a_plain_report_are_not_compared(
    call: Call, saved: Callable[..., Path], tmp_path: Path
) -> None:
    path = str(saved())
    call("judge", path, "--redact", "--save", str(tmp_path / "ticket.json"))
    found = call("judge", "--compare", path, str(tmp_path / "ticket.json"))
    assert found.exit_code == 2
    assert "nothing would be equal" in found.stderr
    assert call("judge", "--compare", path, path, "--redact").exit_code == 0
