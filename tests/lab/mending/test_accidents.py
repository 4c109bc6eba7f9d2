"""Whatever goes wrong while changes are applied: nothing half-applied remains, and what happened is said."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.fixes.changes import ConfigFile
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.machine.commands import run
from hairpin_doctor.machine.namespaces import inside, processes
from hairpin_doctor.mending.store import MendingRefused

pytestmark = pytest.mark.lab
Machine = Any
APPLY = Path(__file__).with_name("apply_changes.py")
STEPS = 9  # checkpoint, doing and done of three changes, read back, probing again


def test_killed_at_any_step_the_watchdog_takes_all_of_it_back(machine_of: Callable[[], Machine]) -> None:
    def killed_at(step: int) -> tuple[int, str, str, list[str]]:
        machine = machine_of()
        done = machine.apply("kill-at", str(step))
        last = machine.settled()
        return done.returncode, last.phase, last.said[-1], machine.traces()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(killed_at, range(1, STEPS + 1)))
    why = "the doctor died while it applied the changes: the watchdog took them back"
    assert found == [(-signal.SIGKILL, "rolled-back", why, [])] * STEPS


def test_without_confirmation_the_watchdog_takes_it_back_though_the_doctor_is_gone(machine: Machine) -> None:
    said = machine.apply("confirm-within", "3").stdout
    assert "awaiting-confirmation" in said
    assert machine.traces()
    last = machine.settled()
    assert (last.phase, last.said[-1]) == (
        "rolled-back",
        "nobody confirmed in time: the watchdog took the changes back",
    )
    assert machine.traces() == []


def test_a_step_that_fails_half_way_takes_back_those_before_it(machine: Machine) -> None:
    said = machine.apply("bad-change").stdout
    assert "rolled-back\nrolled back: there is no interface nowhere" in said
    assert machine.traces() == []


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        ("worse", "192.0.2.54 80/tcp worked before and no longer does"),
        ("same", "192.0.2.53 53/udp still fails"),
    ],
)
def test_probes_that_are_no_better_take_it_back(machine: Machine, probe: str, why: str) -> None:
    assert f"rolled-back\nrolled back: {why}" in machine.apply("probe", probe).stdout
    assert machine.traces() == []


def test_the_interface_below_going_away_is_survived(machine: Machine) -> None:
    """bridge0 vanishes after the macvlan was made, and the macvlan with it."""
    done = machine.apply("at", "3", "do", "ip link del bridge0").stdout
    assert "rolled back: there is no interface metallb0" in done
    assert machine.settled().phase == "rolled-back"


def test_a_link_that_goes_down_meanwhile_stays_as_it_went(machine: Machine) -> None:
    done = machine.apply("at", "3", "do", "ip link set far0 down", "probe", "worse").stdout
    assert "rolled-back" in done
    assert not [each for each in machine.traces() if "metallb0" in each]


def test_an_interface_that_is_renamed_meanwhile_is_taken_back_under_its_new_name(machine: Machine) -> None:
    rename = "ip link set bridge0 name lan7; ip link set metallb0 name speaks"
    assert "awaiting-confirmation" in machine.apply("confirm-within", "4").stdout
    run(["sh", "-c", f"ip netns exec {machine.name} sh -c '{rename}'"])
    assert machine.settled().phase == "rolled-back"
    run(["ip", "-n", machine.name, "link", "set", "lan7", "name", "bridge0"])
    assert machine.traces() == []


def test_in_another_network_namespace_nothing_is_taken_back(machine: Machine) -> None:
    from hairpin_doctor.mending.engine import Engine

    machine.apply("confirm-within", "60")
    engine = Engine(machine.store, ThisMachine())
    with pytest.raises(MendingRefused, match="applied in another network namespace"):
        engine.roll_back()
    assert inside(machine.name, lambda: engine.roll_back()).phase == "rolled-back"
    assert machine.traces() == []


def full_disk(machine: Machine, size: str) -> None:
    machine.store.directory.mkdir(mode=0o700)
    run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(machine.store.directory)])


def test_a_disk_that_is_full_from_the_start_keeps_everything_as_it_is(machine: Machine) -> None:
    full_disk(machine, "4k")
    try:
        (machine.store.directory / "ballast").write_bytes(b"x" * 4096)
        said = machine.apply().stdout
        assert "refused:" in said
        assert "cannot hold a checkpoint (no space left on device)" in said
        assert machine.traces() == []
    finally:
        run(["umount", "-l", str(machine.store.directory)])


def test_a_disk_that_fills_up_meanwhile_takes_it_back(machine: Machine) -> None:
    full_disk(machine, "64k")
    fill = f"dd if=/dev/zero of={machine.store.directory}/ballast bs=4096 2>/dev/null; true"
    try:
        said = machine.apply("at", "3", "do", fill).stdout
        assert "restored: ip link del metallb0" in said
        assert "No space left on device" in said
        assert machine.traces() == []
        (machine.store.directory / "ballast").unlink()
        assert machine.settled().phase == "rolled-back"
    finally:
        run(["umount", "-l", str(machine.store.directory)])


def test_a_state_directory_that_cannot_be_written_keeps_everything_as_it_is(machine: Machine) -> None:
    full_disk(machine, "64k")
    try:
        run(["mount", "-o", "remount,ro", str(machine.store.directory)])
        said = machine.apply().stdout
        assert "refused:" in said
        assert "read-only file system" in said
        assert "--state-dir" in said
        assert machine.traces() == []
    finally:
        run(["umount", "-l", str(machine.store.directory)])


def test_a_read_only_etc_is_said_before_anything_is_done(machine: Machine) -> None:
    full_disk(machine, "64k")
    etc = machine.store.directory
    try:
        run(["mount", "-o", "remount,ro", str(etc)])
        with pytest.raises(CannotChange, match="cannot be written to \\(read-only file system\\)"):
            ThisMachine().find(ConfigFile(str(etc / "systemd" / "system" / "x.service"), "x"))
    finally:
        run(["umount", "-l", str(etc)])


def test_a_state_directory_that_others_can_write_to_is_refused(machine: Machine) -> None:
    machine.store.directory.mkdir()
    machine.store.directory.chmod(0o777)
    assert "refused:" in machine.apply().stdout
    assert machine.traces() == []


def test_the_watchdog_outlives_the_session_and_a_hang_up(machine: Machine) -> None:
    machine.apply("kill-at", "1000", "confirm-within", "3")
    watchdogs = processes(machine.name)
    assert len(watchdogs) == 1
    assert os.getsid(watchdogs[0]) != os.getsid(0)
    os.kill(watchdogs[0], signal.SIGHUP)
    os.kill(watchdogs[0], signal.SIGINT)
    time.sleep(0.3)
    assert processes(machine.name) == watchdogs
    assert machine.settled().phase == "rolled-back"


def test_without_its_watchdog_the_doctor_itself_takes_it_back(machine: Machine) -> None:
    is_it = "grep -q mending.watchdo[g] /proc/$p/cmdline"
    kill = f"for p in $(ip netns pids {machine.name}); do {is_it} && kill -9 $p; done; true"
    done = machine.apply("at", "9", "do", kill, "confirm-within", "1", "wait").stdout
    assert done.endswith("rolled-back\n")
    assert machine.traces() == []


def test_of_two_runs_at_once_the_second_is_refused_and_the_first_is_not_disturbed(machine: Machine) -> None:
    said = machine.store.directory.with_name("second")
    second = f"{sys.executable} {APPLY} {machine.store.directory} > {said}"
    first = machine.apply("at", "5", "do", second, "confirm-within", "1", "wait").stdout
    assert "refused: another run is changing this machine right now" in said.read_text()
    assert "awaiting-confirmation" in first
    assert machine.settled().phase == "rolled-back"
    assert machine.traces() == []


def test_a_state_directory_that_is_deleted_meanwhile_takes_it_back(machine: Machine) -> None:
    said = machine.apply("at", "5", "do", f"rm -rf {machine.store.directory}").stdout
    assert "restored: ip link del metallb0" in said
    assert "nothing was changed" not in said
    assert machine.traces() == []


def test_a_state_directory_that_is_deleted_while_nobody_has_confirmed_takes_it_back(machine: Machine) -> None:
    assert "awaiting-confirmation" in machine.apply("confirm-within", "2").stdout
    run(["rm", "-rf", str(machine.store.directory)])
    deadline = time.monotonic() + 10
    while machine.traces() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert machine.traces() == []


def test_a_second_run_is_refused_while_one_is_open_and_what_is_confirmed_stays(machine: Machine) -> None:
    from hairpin_doctor.mending.engine import Engine

    machine.apply("confirm-within", "30")
    second = machine.apply().stdout
    assert "is still open (awaiting-confirmation)" in second
    engine = Engine(machine.store, ThisMachine())
    assert engine.confirm().phase == "confirmed"
    assert machine.settled().phase == "confirmed"
    applied = machine.traces()
    assert applied
    again = machine.apply("confirm-within", "30").stdout
    assert again.count("is so already") == 3
    assert "doing:" not in again
    inside(machine.name, lambda: engine.roll_back(machine.store.history()[-1].id))
    assert machine.traces() == applied
    assert inside(machine.name, lambda: engine.roll_back()).phase == "rolled-back"
    assert machine.traces() == []
