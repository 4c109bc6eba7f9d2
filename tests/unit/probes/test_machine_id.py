"""The machine's id in a report: derived as systemd derives it, so that machine-id itself is never let out."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from probes.linux import machine_id
from probes.linux.machine_id import OURS

ID = "0123456789abcdef0123456789abcdef"


def written(root: Path, text: str) -> Path:
    (root / "etc").mkdir()
    (root / "etc" / "machine-id").write_text(text)
    return root


def test_it_stays_the_same_is_another_for_another_machine_and_does_not_tell_the_secret(
    tmp_path: Path,
) -> None:
    found = machine_id.machine_id(1, written(tmp_path, f"{ID}\n"))
    assert found == machine_id.machine_id(1, tmp_path)
    (tmp_path / "etc" / "machine-id").write_text(f"{ID[::-1]}\n")
    other = machine_id.machine_id(1, tmp_path)
    assert found is not None
    assert len({found, other, ID}) == 3


@pytest.mark.skipif(shutil.which("systemd-id128") is None, reason="needs systemd-id128 (Debian: systemd)")
def test_systemd_derives_the_same() -> None:
    done = subprocess.run(
        ["systemd-id128", "machine-id", f"--app-specific={OURS.hex()}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"this machine has no id: {done.stderr.strip()}")
    assert machine_id.machine_id(0) == done.stdout.strip()


@pytest.mark.parametrize("text", ["", "uninitialized\n", "0" * 32, "1234"])
def test_a_machine_without_an_id_has_none(tmp_path: Path, text: str) -> None:
    assert machine_id.machine_id(1, written(tmp_path, text)) is None


def test_a_named_namespace_has_none_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "netns"
    named.mkdir()
    (named / "n5").touch()
    monkeypatch.setattr(machine_id, "NAMED_NAMESPACES", named)
    written(tmp_path, ID)
    assert machine_id.machine_id((named / "n5").stat().st_ino, tmp_path) is None
    assert machine_id.machine_id(0, tmp_path) is not None
