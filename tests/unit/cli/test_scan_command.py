"""`scan`: exit codes, formats, files."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from hairpin_doctor.cli.output import exit_code
from probes.questions.traffic import Handshake

Call = Callable[..., Result]


@pytest.mark.parametrize("form", ["short", "table", "json", "markdown", "html"])
@pytest.mark.parametrize(("outcome", "code"), [(Handshake.OPEN, 0), (Handshake.SILENT, 4)])
def test_the_exit_code_is_the_verdict_in_every_format(
    call: Call, machine: Any, form: str, outcome: Handshake, code: int
) -> None:
    machine.outcome = outcome
    assert call("scan", "192.0.2.53:53", "-o", form).exit_code == code


@pytest.mark.parametrize(
    ("verdict", "strict", "latent", "code"),
    [
        ("healthy", False, True, 0),
        ("healthy", True, True, 1),
        ("healthy", True, False, 0),
        ("diagnosed", False, False, 1),
        ("unexplained", False, False, 3),
        ("undetermined", True, True, 4),
    ],
)
def test_every_verdict_has_its_exit_code(verdict: str, strict: bool, latent: bool, code: int) -> None:
    class Report:
        def __init__(self) -> None:
            self.verdict = verdict

        def of_severity(self, *_: str) -> tuple[str, ...]:
            return ("HD309",) if latent else ()

    assert exit_code(Report(), strict=strict) == code  # type: ignore[arg-type]


def test_json_goes_to_standard_output_alone(call: Call) -> None:
    found = call("scan", "192.0.2.53:53", "-o", "json")
    assert json.loads(found.stdout)["schema"] == "hairpin-doctor/report/1"
    assert found.stderr == ""


def test_the_first_line_is_the_answer(call: Call) -> None:
    first = call("scan", "192.0.2.53:53").stdout.splitlines()[0]
    assert first == "√ healthy  192.0.2.53 works from vm (53/tcp 1.0 ms, 53/udp 1.0 ms)."


def test_what_is_saved_is_what_json_prints_and_with_reads_it(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "vm.json"
    found = call("scan", "192.0.2.53:53", "-o", "json", "--save", str(path))
    assert found.stderr == f"saved to {path}\n"
    assert json.loads(found.stdout) == json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = call("scan", "--with", str(path))
    assert again.exit_code == 0
    assert "was made on this very machine" in " ".join(again.stdout.split())


def test_a_reader_that_goes_away_costs_nobody_the_saved_report(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scan --save vm.json | head -1"""

    def gone(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("hairpin_doctor.cli.output._print", gone)
    path = tmp_path / "vm.json"
    found = call("scan", "192.0.2.53:53", "--save", str(path))
    assert json.loads(path.read_text())["verdict"] == "healthy"
    assert found.stderr == f"saved to {path}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nonsense",), "is not an IP address"),
        (("192.0.2.1:0",), "is not a port between 1 and 65535"),
        (("192.0.2.1:53/sctp",), "is not a protocol"),
        (("fe80::1",), "is a link-local address"),
        (("127.0.0.1",), "never a LoadBalancer IP"),
        (("192.0.2.1", "--only", "arpp"), "there is no probe 'arpp'; did you mean arp?"),
        (("192.0.2.1", "--skip", "x\x1b[2J"), "there is no probe"),
        (("192.0.2.1", "--only", "arp", "--skip", "arp"), "leave no probe to run"),
        (("192.0.2.1", "--with", "/nonexistent/x.json"), "there is no such file"),
        (("192.0.2.1", "--save", "/nonexistent/x.json"), "there is no directory"),
        (("192.0.2.1", "--timeout", "soon"), "soon"),
        (("192.0.2.1", "--timeout", "nan"), "between 0.05 and 60 seconds"),
        (("192.0.2.1", "--loud"), "No such option"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(
    call: Call, arguments: tuple[str, ...], sentence: str
) -> None:
    found = call("scan", *arguments)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert sentence in found.stderr
    assert found.stderr.count("Error: ") == 1
    assert "\x1b" not in found.stderr
    assert "Traceback" not in found.stderr


def test_a_foreign_json_file_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"kind": "Pod"}')
    found = call("scan", "192.0.2.1", "--with", str(tmp_path / "x.json"))
    assert found.exit_code == 2
    assert "no report of hairpin-doctor" in found.stderr


def test_no_target_and_none_found_is_exit_code_4(call: Call) -> None:
    found = call("scan")
    assert found.exit_code == 4
    assert found.stderr.startswith("Error: no target was given")


def test_a_probe_asked_for_by_name_that_cannot_run_is_an_error(call: Call) -> None:
    found = call("scan", "192.0.2.53:53", "--only", "neighbours")
    assert found.exit_code == 2
    assert "probe neighbours, asked for by --only, could not run" in found.stderr


def test_a_probe_of_the_default_set_that_cannot_run_is_shown_as_skipped(call: Call) -> None:
    found = call("scan", "192.0.2.53:53", "-o", "json")
    runs = {run["id"]: run for run in json.loads(found.stdout)["probes"]}
    assert runs["neighbours"]["status"] == "skipped"
    assert runs["neighbours"]["reason"]


def test_a_crash_is_one_sentence_and_exit_code_2(call: Call, machine: Any) -> None:
    machine.broken = RuntimeError("the sky\x1b[2J fell")
    found = call("scan", "192.0.2.53:53")
    assert found.exit_code == 2
    assert found.stderr.startswith("Error: hairpin-doctor itself failed (RuntimeError: the sky")
    assert "\x1b" not in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_a_crash_shows_where_when_asked(call: Call, machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAIRPIN_DOCTOR_DEBUG", "1")
    machine.broken = RuntimeError("the sky fell")
    assert isinstance(call("scan", "192.0.2.53:53").exception, RuntimeError)
