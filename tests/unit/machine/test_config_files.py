"""Files of the configuration: written whole, restored as they were, and left alone once somebody has edited them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hairpin_doctor.fixes.changes import ConfigFile, EnabledUnit
from hairpin_doctor.machine.changing import units
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import ThisMachine

HANDS = ThisMachine()
OURS = "# Written by hairpin-doctor: a test.\n"


def made(path: Path, text: str = OURS, mode: int = 0o644) -> ConfigFile:
    return ConfigFile(str(path), text, mode)


def done_and_undo(change: ConfigFile) -> tuple[object, ...]:
    undo = HANDS.find(change).undo
    HANDS.do(change)
    return undo


def undone(undo: tuple[object, ...]) -> None:
    for change in undo:
        if not HANDS.find(change).so:  # type: ignore[arg-type]
            HANDS.do(change)  # type: ignore[arg-type]


def test_a_new_file_has_its_mode_and_goes_away_with_the_folders_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.sh"
    undo = done_and_undo(made(path, mode=0o755))
    assert (path.read_text(), path.stat().st_mode & 0o777) == (OURS, 0o755)
    assert HANDS.find(made(path, mode=0o755)).so
    undone(undo)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_others_use_meanwhile_stays(tmp_path: Path) -> None:
    undo = done_and_undo(made(tmp_path / "a" / "x"))
    (tmp_path / "a" / "theirs").touch()
    undone(undo)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["theirs"]


def test_an_earlier_file_of_ours_is_put_back_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x.nmconnection"
    path.write_text(OURS + "earlier\n")
    path.chmod(0o600)
    undo = done_and_undo(made(path))
    assert path.read_text() == OURS
    undone(undo)
    assert (path.read_text(), path.stat().st_mode & 0o777) == (OURS + "earlier\n", 0o600)


def test_a_file_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("theirs\n")
    with pytest.raises(CannotChange, match="was not written by hairpin-doctor: move it away first"):
        HANDS.find(made(path))


@pytest.mark.parametrize("before", ["", OURS + "earlier\n"])
def test_what_was_edited_since_is_neither_removed_nor_written_over(tmp_path: Path, before: str) -> None:
    path = tmp_path / "x"
    if before:
        path.write_text(before)
    undo = done_and_undo(made(path, OURS + "new\n"))
    path.write_text(OURS + "edited\n")
    with pytest.raises(CannotChange, match="has been edited since hairpin-doctor wrote it: move it away"):
        undone(undo)
    assert path.read_text() == OURS + "edited\n"
    path.unlink()
    undone(undo)
    assert path.exists() is bool(before)


def test_what_a_write_that_was_cut_off_left_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "x"
    undo = HANDS.find(made(path)).undo
    (tmp_path / ".x.draft").write_text("half")
    undone(undo)
    assert list(tmp_path.iterdir()) == []


def test_links_and_folders_in_its_place_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(CannotChange, match="no plain file"):
            HANDS.find(made(tmp_path / name))


def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, right: False)
    with pytest.raises(CannotChange, match=f"{tmp_path} cannot be written to"):
        HANDS.find(made(tmp_path / "etc" / "x"))


def test_a_unit_is_enabled_and_on_the_way_back_disabled_and_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, ...]] = []

    def run(*argv: str) -> tuple[int, str]:
        said.append(argv)
        return (1, "disabled") if "is-enabled" in argv else (0, "")

    monkeypatch.setattr(units, "_run", run)
    found = HANDS.find(EnabledUnit("x.service"))
    assert (found.so, found.undo) == (False, (EnabledUnit("x.service", enabled=False),))
    HANDS.do(EnabledUnit("x.service"))
    HANDS.do(EnabledUnit("x.service", enabled=False))
    assert [argv[2:] for argv in said[1:]] == [("enable", "x.service"), ("disable", "--now", "x.service")]


def test_a_unit_that_cannot_be_enabled_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "_run", lambda *argv: (1, "Unit x.service does not exist."))
    with pytest.raises(CannotChange, match=r"enable x\.service failed: Unit x\.service does not exist"):
        HANDS.do(EnabledUnit("x.service"))
