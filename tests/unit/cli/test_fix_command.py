"""`fix`: the plan, and what is refused before anything is changed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from hairpin_doctor.mending.store import Store
from hairpin_doctor.report.compose import with_recordings
from hairpin_doctor.report.files import load, save
from hairpin_doctor.scan import judge

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"
Call = Callable[..., Result]


@pytest.fixture
def report(tmp_path: Path) -> str:
    path = tmp_path / "report.json"
    path.write_bytes(gzip.decompress((RECORDINGS / "l2-on-eno1.json.gz").read_bytes()))
    return str(path)


def test_a_plan_shows_machines_commands_undo_risk_and_check_and_changes_nothing(
    call: Call, report: str
) -> None:
    found = call("fix", "HD104", "--from", report)
    assert found.exit_code == 0
    for part in (
        "Plan for HD104: 192.168.8.53, 192.168.8.50",
        "Option 2 of 3",
        "Why this place:",
        "Stage 1: host n5",
        "Stage 2: the cluster",
        "ip link del metallb0",
        "low risk",
        "Check: every change is read back",
        "After the last stage, end to end:",
        "Nothing was changed.",
    ):
        assert part in found.stdout


def test_one_option_can_be_asked_for(call: Call, report: str) -> None:
    said = call("fix", "hd104", "--from", report, "--option", "3").stdout
    assert "Option 3 of 3" in said
    assert "Option 1 of 3" not in said


def test_a_cause_that_was_not_found_is_said(call: Call, report: str) -> None:
    found = call("fix", "HD301", "--from", report)
    assert found.exit_code == 2
    assert "HD301 was not found here (found: HD104)" in found.stderr


def test_a_healthy_scan_leaves_nothing_to_mend(call: Call) -> None:
    found = call("fix", "--target", "192.0.2.53:53")
    assert (found.exit_code, "There is nothing to mend." in found.stdout) == (0, True)


def test_the_command_that_applies_it_rests_on_the_same_reports(call: Call, report: str) -> None:
    said = call("fix", "HD104", "--from", report).stdout
    assert "To carry out what belongs to n5, there" in said
    assert f"sudo hairpin-doctor fix HD104 --option 2 --from {report} --apply" in said.splitlines()


@pytest.fixture
def plan_of(call: Call, tmp_path: Path) -> Callable[[str, str], str]:
    def plan(case: str, code: str) -> str:
        path = tmp_path / "case.json"
        path.write_bytes(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
        return call("fix", code, "--from", str(path)).stdout

    return plan


def test_a_part_that_mends_nothing_by_itself_is_said_to_come_after_the_others(
    plan_of: Callable[[str, str], str],
) -> None:
    said = " ".join(plan_of("duplicate-address", "HD203").split())
    assert "Stage 1: the machine with 00:1b:21:de:ad:99 An address" in said
    assert "To carry out what belongs to laptop, there, once stage 1 is done, under a watchdog" in said


def test_names_keep_their_small_letters_at_the_beginning_of_a_sentence(
    plan_of: Callable[[str, str], str],
) -> None:
    assert "    metallb0 then answers only for addresses" in plan_of("metallb0-arp-flux", "HD208")
    assert "    targetPort must be a port" in plan_of("backend-refuses", "HD503")


def test_a_command_within_a_sentence_stays_on_one_line(plan_of: Callable[[str, str], str]) -> None:
    lines = plan_of("proxy-arp-beside-announcer", "HD206").splitlines()
    for name in ("proxy_arp", "proxy_arp_pvlan"):
        assert any(f"`sysctl -w net.ipv4.conf.IF.{name}=0`" in line for line in lines)


def test_a_client_s_report_alone_gives_no_plan_and_says_how_to_look_here_too(
    call: Call, tmp_path: Path
) -> None:
    client = load(RECORDINGS / "l2-on-eno1.json.gz").recordings[1]
    path = tmp_path / "vm.json"
    save(with_recordings(judge((client,)).report, (client,)), path)
    found = call("fix", "--from", str(path))
    assert found.exit_code == 4
    assert "There is nothing to mend" not in found.stdout
    assert found.stdout.splitlines()[-1].startswith("sudo hairpin-doctor fix --target 192.168.8.5")
    assert f"--from {path}" in found.stdout


def test_what_excludes_each_other_is_refused(call: Call) -> None:
    assert call("fix", "--confirm", "--rollback").exit_code == 2


def test_applying_needs_root(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = call("fix", "--apply", "--target", "192.0.2.53:53")
    assert found.exit_code == 2
    assert "Nothing was changed" in found.stderr


def test_without_any_run_there_is_nothing_to_confirm_roll_back_or_show(call: Call, tmp_path: Path) -> None:
    where = ("--state-dir", str(tmp_path / "none"))
    assert "Nothing was ever applied here" in call("fix", "--history", *where).stdout
    for what in ("--confirm", "--rollback"):
        assert "nothing was ever applied on this machine" in call("fix", what, *where).stderr


def test_a_checkpoint_that_cannot_be_read_is_named(call: Call, tmp_path: Path) -> None:
    Store(tmp_path).directory.joinpath("20261126T010203-ab12.json").write_text("{")
    found = call("fix", "--history", "--state-dir", str(tmp_path))
    assert found.exit_code == 2
    assert "20261126T010203-ab12.json cannot be read" in found.stderr


def test_a_file_that_is_no_report_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    assert call("fix", "--from", str(tmp_path / "x.json")).exit_code == 2


def test_the_cluster_is_not_changed_without_a_context(
    call: Call, report: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    state = ("--state-dir", str(tmp_path / "state"))
    found = call("fix", "HD104", "--from", report, "--option", "1", "--apply", *state)
    assert found.exit_code == 2
    assert "no part of option 1 belongs to this machine" in found.stderr
    assert "The cluster's part needs --context NAME" in found.stderr
