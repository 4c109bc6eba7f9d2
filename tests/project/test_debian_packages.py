"""The script that installs Debian packages knows what the lab needs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hairpin_doctor.lab.requirements import PACKAGES

ROOT = Path(__file__).parents[2]
FOR_TESTS = {"kubernetes-client", "openssh-client", "openssh-server"}
SCRIPT = ROOT / "scripts" / "debian-packages"


def test_it_asks_for_every_command_that_the_lab_runs() -> None:
    text = SCRIPT.read_text()
    assert [pair for pair in map(":".join, PACKAGES.items()) if pair not in text] == []


def test_readme_names_the_same_packages() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [each for each in PACKAGES.values() if each not in readme and each != "util-linux"] == []


def test_it_says_nothing_where_nothing_is_missing() -> None:
    done = subprocess.run([SCRIPT, "venv"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_explains_itself_when_asked_for_something_else() -> None:
    done = subprocess.run([SCRIPT, "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")


def test_without_apt_it_names_what_is_missing(tmp_path: Path) -> None:
    for tool in ("sh", "id", "sort"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}" if tool != "sh" else "/bin/sh")
    text = SCRIPT.read_text().replace("PATH=$PATH:/usr/sbin:/sbin", f"PATH={tmp_path}")
    done = subprocess.run(["/bin/sh", "-c", text, "sh", "lab"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "bird2" in done.stderr
    assert "iputils-ping" in done.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A search path with apt-get and sudo that only write down what they are asked, and no tool of the lab."""
    for tool in ("sh", "sort", "env"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    for tool, script in {
        "apt-get": f'echo apt-get "$@" >> {tmp_path}/log',
        "sudo": '"$@"',
        "id": "echo 1000",
    }.items():
        (tmp_path / tool).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / tool).chmod(0o755)
    return tmp_path


def test_what_is_missing_is_installed_in_one_go_without_questions(machine: Path) -> None:
    text = SCRIPT.read_text().replace("PATH=$PATH:/usr/sbin:/sbin", f"PATH={machine}")
    subprocess.run(["/bin/sh", "-c", text, "sh", "lab"], check=True, capture_output=True)
    update, install = (machine / "log").read_text().splitlines()
    assert update == "apt-get update -qq"
    words = install.split()
    assert words[:4] == ["apt-get", "install", "-y", "--no-install-recommends"]
    assert set(words[4:]) == {*PACKAGES.values(), "iputils-ping", "procps", *FOR_TESTS}
