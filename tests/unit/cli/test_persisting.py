"""`fix --persist` and `--uninstall`: what is refused, what is shown, what becomes of a run. The machine is a list here."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest
from click.testing import Result

from hairpin_doctor.cli.ending import persist_run, uninstall_run
from hairpin_doctor.cli.persisting import lasting_changes, make_last_run_lasting
from hairpin_doctor.cli.refused import Refused
from hairpin_doctor.fixes.changes import (
    Change,
    ConfigFile,
    ForgottenNeighbour,
    NeighbourEntry,
    RemovedFile,
    Sysctl,
)
from hairpin_doctor.fixes.persistence.persistence import name_of
from hairpin_doctor.machine.changing.found import CannotChange, Found
from hairpin_doctor.mending import beginning
from hairpin_doctor.mending.checkpoint import Checkpoint, Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import MendingRefused, Store
from hairpin_doctor.report.page import Look, Page
from probes.questions.configuration import NetworkSetup

SYSTEMD = NetworkSetup((), False, (), (), True, ("k3s.service",))
FORWARDING = Sysctl("net/ipv4/ip_forward", 1, 0)
FILE = "/etc/sysctl.d/99-hairpin-doctor-hd404-192.0.2.53.conf"
NAME = "hd404-192.0.2.53"
Call = Callable[..., Result]


@dataclass
class Hands:
    """Remembers what was done; `refuses`: what cannot be done."""

    done: list[Change] = field(default_factory=list)
    refuses: str | None = None

    def find(self, change: Change) -> Found:
        if self.refuses is not None and isinstance(change, ConfigFile):
            raise CannotChange(self.refuses)
        if isinstance(change, ConfigFile):
            same = (each for each in self.done if isinstance(each, ConfigFile) and each.path == change.path)
            return Found(change in self.done, (next(same, RemovedFile(change.path, "")),))
        return Found(change in self.done, (replace(change),))

    def do(self, change: Change) -> None:
        self.done.append(change)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(Store(tmp_path / "state"), Hands(), watch=lambda store, run: "nobody")


def page() -> tuple[Page, io.StringIO]:
    stream = io.StringIO()
    return Page(stream, Look(unicode=True, colour=False, width=100)), stream


def kept(engine: Engine, *changes: Change, lasting: tuple[Change, ...] = ()) -> Checkpoint:
    engine.apply(
        Work("Forward", "HD404", ("192.0.2.53",), "n5", changes, lasting=lasting), {}, dict, must_mend=False
    )
    return engine.confirm()


def test_what_will_be_installed_is_shown_and_named_after_the_cause_and_the_vip(engine: Engine) -> None:
    shown, stream = page()
    name = name_of("HD404", ("192.0.2.53", "192.0.2.50"))
    (file,) = lasting_changes(name, (FORWARDING,), SYSTEMD, engine, shown)
    assert isinstance(file, ConfigFile)
    assert file.path == FILE
    assert f"write {FILE}" in stream.getvalue()
    assert name_of("HD404", ("2001:db8::53",)) == "hd404-2001-db8--53"


def test_another_fix_of_the_same_cause_and_vip_keeps_the_files_of_the_first(engine: Engine) -> None:
    lasting = lasting_changes(NAME, (FORWARDING,), SYSTEMD, engine, page()[0])
    kept(engine, FORWARDING, lasting=lasting)
    assert lasting_changes(NAME, (FORWARDING,), SYSTEMD, engine, page()[0]) == lasting
    (file,) = lasting_changes(NAME, (replace(FORWARDING, value=2),), SYSTEMD, engine, page()[0])
    assert isinstance(file, ConfigFile)
    assert file.path.endswith("hd404-192.0.2.53-2.conf")


def test_a_file_that_was_installed_by_hand_is_not_written_over(engine: Engine) -> None:
    engine.hands.do(ConfigFile(FILE, "# Written by hairpin-doctor: out of a folder.\n"))
    (file,) = lasting_changes(NAME, (FORWARDING,), SYSTEMD, engine, page()[0])
    assert isinstance(file, ConfigFile)
    assert file.path.endswith("hd404-192.0.2.53-2.conf")


def test_on_a_machine_that_is_not_known_to_be_the_one_it_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match=r"process 1 has another.*Nothing was changed; `--output-dir DIR`"):
        lasting_changes(NAME, (FORWARDING,), None, engine, page()[0])


def test_what_cannot_be_written_is_refused_before_anything_is_changed(engine: Engine) -> None:
    broken = replace(engine, hands=Hands(refuses="/etc cannot be written to (read-only file system)"))
    with pytest.raises(Refused, match=r"cannot be made lasting here: /etc .*read-only.* Nothing was changed"):
        lasting_changes(NAME, (FORWARDING,), SYSTEMD, broken, page()[0])


def test_what_no_reboot_takes_away_needs_no_files(engine: Engine) -> None:
    shown, stream = page()
    entry = NeighbourEntry("192.0.2.53", "eth0", "02:00:00:00:00:01", "permanent")
    assert lasting_changes("HD205", (ForgottenNeighbour("192.0.2.53"), entry), None, engine, shown) == ()
    assert "holds until whatever set this sets it again" in stream.getvalue()


def test_the_last_run_that_was_kept_is_made_lasting_and_uninstalled_by_its_code(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(engine, FORWARDING)
    assert persist_run(engine, "HD404", SYSTEMD) == 0
    said = capsys.readouterr().out
    assert f"installed: {FILE}" in said
    assert "sudo hairpin-doctor fix --uninstall HD404" in said
    assert uninstall_run(engine, "HD404") == 0
    assert engine.store.history()[-1].phase == "rolled-back"


def test_the_last_run_is_the_last_one_though_the_clock_was_set_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept(engine, FORWARDING)

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr(beginning, "datetime", Earlier)
    second = kept(engine, replace(FORWARDING, name="net/ipv6/conf/all/forwarding"))
    assert second.id < first.id
    assert engine.roll_back().id == second.id
    assert engine.roll_back().id == first.id


def test_a_run_is_taken_back_by_its_cause_its_vip_or_its_id_and_no_other(engine: Engine) -> None:
    first = kept(engine, FORWARDING)
    second = kept(engine, replace(FORWARDING, name="net/ipv6/conf/all/forwarding"))
    with pytest.raises(MendingRefused, match="there is nothing to roll back"):
        engine.roll_back(name="HD104")
    assert engine.roll_back(name=first.id).id == first.id
    assert engine.roll_back(name="192.0.2.53").id == second.id


def test_made_lasting_twice_or_by_another_code_or_after_a_reboot_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="no run was kept"):
        make_last_run_lasting(engine, None, SYSTEMD, page()[0])
    run = kept(engine, FORWARDING)
    with pytest.raises(Refused, match="no run was kept"):
        make_last_run_lasting(engine, "HD104", SYSTEMD, page()[0])
    engine.store.write(replace(run, boot_id="before"))
    with pytest.raises(Refused, match="was started anew since"):
        make_last_run_lasting(engine, None, SYSTEMD, page()[0])
    engine.store.write(run)
    make_last_run_lasting(engine, None, SYSTEMD, page()[0])
    with pytest.raises(Refused, match="is lasting already"):
        make_last_run_lasting(engine, None, SYSTEMD, page()[0])


def test_persist_beside_what_has_to_be_applied_first_is_refused(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = call("fix", "--persist", "--target", "192.0.2.53:53")
    assert found.exit_code == 2
    assert "--persist goes with --apply, or alone" in found.stderr


def test_without_any_run_there_is_nothing_to_uninstall(call: Call, tmp_path: Path) -> None:
    found = call("fix", "--uninstall", "--state-dir", str(tmp_path / "none"))
    assert found.exit_code == 2
    assert "nothing was ever applied on this machine" in found.stderr
