"""Files that would block, swell up or never end are refused in one sentence, at once."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest

from hairpin_doctor.report import reading
from hairpin_doctor.report.reading import BadReport, read_bounded


def test_a_fifo_that_nobody_writes_to_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadReport, match="not a regular file"):
        read_bounded(tmp_path / "pipe")


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(path: str) -> None:
    with pytest.raises(BadReport, match="not a regular file"):
        read_bounded(path)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(BadReport, match="no name of a file"):
        read_bounded(name)


def test_what_gzip_packed_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"content"))
    assert read_bounded(tmp_path / "x.gz") == b"content"


def test_a_gzip_bomb_is_refused_before_it_swells_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 1024 * 1024)
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(64 * 1024 * 1024)))
    with pytest.raises(BadReport, match="larger than 1 MiB"):
        read_bounded(tmp_path / "bomb")


@pytest.mark.parametrize(("cut", "said"), [(-9, "cut off"), (None, "gzip cannot unpack it")])
def test_a_damaged_archive_is_refused(tmp_path: Path, cut: int | None, said: str) -> None:
    whole = gzip.compress(b"content" * 100)
    (tmp_path / "x.gz").write_bytes(whole[:cut] if cut else whole[:10] + b"\xff" * 20)
    with pytest.raises(BadReport, match=said):
        read_bounded(tmp_path / "x.gz")


def test_millions_of_empty_lists_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"[" + b"[]," * 4_000_000)
    with pytest.raises(BadReport, match="more than 4 million parts"):
        read_bounded(tmp_path / "x")


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"content")))
    assert read_bounded("-") == b"content"
