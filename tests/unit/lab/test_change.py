from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hairpin_doctor.machine.change import Undo
from hairpin_doctor.machine.commands import Place
from hairpin_doctor.machine.files import Directory, File


@dataclass
class Diary:
    name: str
    lines: list[str] = field(default_factory=list)
    refuses: bool = False

    def do(self) -> None:
        self.lines.append(f"do {self.name}")
        if self.refuses:
            raise ValueError(self.name)

    def undo(self) -> None:
        self.lines.append(f"undo {self.name}")


def test_changes_are_undone_in_reverse_order() -> None:
    lines: list[str] = []
    with Undo() as undo:
        undo.carry_out(Diary("a", lines))
        undo.carry_out(Diary("b", lines))
    assert lines == ["do a", "do b", "undo b", "undo a"]


def test_a_change_that_fails_half_way_is_undone_too() -> None:
    lines: list[str] = []

    def build() -> None:
        with Undo() as undo:
            undo.carry_out(Diary("a", lines))
            undo.carry_out(Diary("b", lines, refuses=True))

    with pytest.raises(ValueError, match="b"):
        build()
    assert lines == ["do a", "do b", "undo b", "undo a"]


def test_a_change_interrupted_by_the_user_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    diary = Diary("a")

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(diary, "do", interrupted)
    with pytest.raises(KeyboardInterrupt), Undo() as undo:
        undo.carry_out(diary)
    assert diary.lines == ["undo a"]


def test_a_directory_and_a_file_can_be_undone_twice(tmp_path: Path) -> None:
    directory, file = Directory(tmp_path / "lab"), File(tmp_path / "lab" / "state", "text")
    for change in (directory, file):
        change.do()
    assert (tmp_path / "lab" / "state").read_text() == "text"
    for change in (file, directory, directory, file):
        change.undo()
    assert not (tmp_path / "lab").exists()


def test_a_command_runs_in_the_namespace_under_the_hostname_of_its_machine() -> None:
    argv = Place("hd-1-vm", "homeassistant").wrap(["ip", "addr"])
    assert argv[:5] == ["ip", "netns", "exec", "hd-1-vm", "unshare"]
    assert argv[-3:] == ["homeassistant", "ip", "addr"]
