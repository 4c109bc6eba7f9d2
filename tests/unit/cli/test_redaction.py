"""--redact and --redact-key: nothing real gets out, reports of one key can be joined, and a verdict never changes."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import hairpin_doctor.redacted
from hairpin_doctor.redaction.redact import Redacted
from probes.questions.traffic import Handshake

Call = Callable[..., Result]
TARGET = "203.0.113.53:53"
REAL = ("203.0.113", "boot-vm", '"vm"')


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_redacted_scan_names_nothing_real_and_keeps_the_verdict(
    call: Call, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "ticket.json"
    found = call("scan", TARGET, "--redact", "--save", str(path), "-o", form)
    assert found.exit_code == 0, found.stderr
    assert [each for each in REAL if each in found.stdout + path.read_text()] == []
    assert json.loads(path.read_text())["verdict"] == "healthy"


@pytest.mark.parametrize("options", [(), ("--save", "of-payroll.json")])
def test_a_file_that_is_called_after_a_machine_is_not_named(
    call: Call, machine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    machine.outcome = Handshake.SILENT
    call("scan", TARGET, "--save", "payroll-vm.json")
    found = call("judge", "payroll-vm.json", "--redact", "-o", "markdown", *options)
    assert found.exit_code == 4, found.stderr
    assert "payroll" not in found.stdout
    assert "scan --with" in found.stdout


def test_two_redactions_without_a_key_differ_and_with_a_key_agree(call: Call, tmp_path: Path) -> None:
    call("scan", TARGET, "--save", str(tmp_path / "vm.json"))
    judge = ("judge", str(tmp_path / "vm.json"), "-o", "json")

    def vip(*options: str) -> Any:
        return json.loads(call(*judge, *options).stdout)["targets"][0]["vip"]

    keyed = ("--redact-key", str(tmp_path / "key"))
    assert vip("--redact") != vip("--redact")
    assert vip(*keyed) == vip(*keyed)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_the_key_is_in_no_report(call: Call, tmp_path: Path) -> None:
    found = call("scan", TARGET, "--redact-key", str(tmp_path / "key"), "-o", "json")
    assert (tmp_path / "key").read_text().strip() not in found.stdout


@pytest.mark.parametrize(
    ("content", "said"), [("not a key", "holds no key"), ("00ff", "holds no key"), ("", "holds no key")]
)
def test_a_file_that_is_no_key_is_refused_and_left_alone(
    call: Call, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "key").write_text(content)
    found = call("scan", TARGET, "--redact-key", str(tmp_path / "key"))
    assert (found.exit_code, found.stdout) == (2, "")
    assert said in found.stderr
    assert (tmp_path / "key").read_text() == content


def test_a_key_that_cannot_be_made_is_refused(call: Call, tmp_path: Path) -> None:
    found = call("scan", TARGET, "--redact-key", str(tmp_path / "no" / "key"))
    assert (found.exit_code, found.stdout) == (2, "")


def test_a_redacted_report_is_no_guide_for_a_scan(call: Call, tmp_path: Path) -> None:
    call("scan", TARGET, "--redact", "--save", str(tmp_path / "vm.json"))
    found = call("scan", "--with", str(tmp_path / "vm.json"))
    assert found.exit_code == 2
    assert "names other addresses than the real ones" in found.stderr


def test_what_would_be_judged_otherwise_is_not_given_out(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    real = hairpin_doctor.redacted.redact

    def careless(recording: Any, key: Any) -> Redacted:
        made = real(recording, key).recording
        return Redacted(
            type(made)(made.vantage_point, made.taken_at, made.scope, ()), ("Left out by redaction: all",)
        )

    monkeypatch.setattr(hairpin_doctor.redacted, "redact", careless)
    found = call("scan", TARGET, "--redact")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "would be judged otherwise than it is, so it is not given out" in found.stderr
