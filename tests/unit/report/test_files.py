"""Report files: hostile ones are refused in one sentence, ours are written whole or not at all."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hairpin_doctor.recording import Recording
from hairpin_doctor.report import reading
from hairpin_doctor.report.compose import with_recordings
from hairpin_doctor.report.files import BadReport, load, save, to_json
from hairpin_doctor.report.report import Report

OURS = '{"schema": "hairpin-doctor/report/1"'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[" * 200_000, "nested too deeply"),
        ('{"a": NaN}', "not valid JSON"),
        ("[]", "no report of hairpin-doctor"),
        ("7", "no report of hairpin-doctor"),
        ('{"schema": 1}', "no report of hairpin-doctor"),
        ('{"schema": "somebody/else/1"}', "no report of hairpin-doctor"),
        ('{"schema": "hairpin-doctor/report/2"}', "version 2, and this hairpin-doctor reads version 1"),
        (OURS + "}", "holds no recordings"),
        (OURS + ', "recordings": []}', "holds no recordings"),
        (OURS + ', "recordings": [7]}', "damaged"),
        (OURS + ', "recordings": [{"vantage_point": "\\u001b[2J"}]}', "damaged"),
    ],
)
def test_a_file_that_is_no_report_of_ours_is_refused_in_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(BadReport, match=sentence) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x80garbage")
    with pytest.raises(BadReport, match="not valid JSON"):
        load(tmp_path / "x")


def test_a_file_that_is_missing_or_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadReport, match="there is no such file"):
        load(tmp_path / "nothing")
    with pytest.raises(BadReport, match="is a directory"):
        load(tmp_path)


def test_a_huge_file_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1024 * 1024)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(BadReport, match="larger than 1 MiB"):
        load(tmp_path / "huge")


def test_what_is_saved_can_be_loaded_and_only_its_owner_can_read_it(
    tmp_path: Path, diagnosed: Report, recorded: Callable[..., Recording]
) -> None:
    recording = recorded()
    path = tmp_path / "vm.json"
    save(with_recordings(diagnosed, [recording]), path)
    assert load(path).recordings[0].scope == recording.scope
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    save(with_recordings(diagnosed, [recording]), path)  # a report of ours may be replaced
    assert [each.name for each in tmp_path.iterdir()] == ["vm.json"]


def test_a_file_that_is_no_report_is_never_overwritten(tmp_path: Path, diagnosed: Report) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("years of work")
    with pytest.raises(BadReport, match="no report of ours, so it is not overwritten"):
        save(diagnosed, path)
    assert path.read_text() == "years of work"


def test_a_place_that_cannot_take_a_report_is_refused(tmp_path: Path, diagnosed: Report) -> None:
    with pytest.raises(BadReport, match="there is no directory"):
        save(diagnosed, tmp_path / "no" / "vm.json")
    with pytest.raises(BadReport, match="not a regular file"):
        save(diagnosed, "/dev/null")


def test_a_write_that_breaks_off_leaves_the_old_report_and_nothing_else(
    tmp_path: Path, diagnosed: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vm.json"
    save(diagnosed, path)
    before = path.read_text()

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(replace(diagnosed, answer="other"), path)
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == ["vm.json"]


def test_json_is_ascii_so_that_no_terminal_obeys_it(diagnosed: Report) -> None:
    text = to_json(replace(diagnosed, answer="a\x1b[2J\x9b2Jü\u202e"))
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text)["answer"] == "a\x1b[2J\x9b2Jü\u202e"
