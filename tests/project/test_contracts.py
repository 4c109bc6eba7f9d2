"""The import contracts hold, and each of them really bites: a violation planted in a copy breaks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).parent / "lint-imports"

LAYERS = "hairpin_doctor is built in layers, and every module has its place in them"
PLANTED = {
    "Judging stands on looking, never the other way round": ("probes/arp.py", "import hairpin_doctor.rule"),
    LAYERS: (
        "hairpin_doctor/rules/nobody_answers.py",
        "import hairpin_doctor.report.report",
    ),
    "Probes know the seam, and the seam knows no probe": ("probes/linux/arp.py", "import probes.catalogue"),
    "Only probes.linux and probes.cluster open sockets, files and programs to look": (
        "probes/routes.py",
        "import pathlib",
    ),
    "No probe reaches round the seam": ("probes/target.py", "import probes.host"),
    "Judging is pure: facts in, verdict out": ("hairpin_doctor/network.py", "import time"),
    "Only hairpin_doctor.machine and the lab's own parts touch the machine": (
        "hairpin_doctor/cli/scan.py",
        "import subprocess",
    ),
    "This very machine is named only by cli and lab; all else is given a Host": (
        "hairpin_doctor/scan.py",
        "import probes.linux.host",
    ),
    "Only the command line and the report know of terminals": ("hairpin_doctor/rule.py", "import rich"),
    "The product does not know its tests and tools": ("hairpin_doctor/scan.py", "import pytest"),
}


def lint(root: Path) -> str:
    done = subprocess.run(
        [LINT, "--no-cache"],
        cwd=root,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return done.stdout


def test_a_violation_is_planted_for_every_contract() -> None:
    names = {line.rpartition(" KEPT")[0] for line in plain(lint(ROOT)) if " KEPT" in line}
    assert names == set(PLANTED)


def plain(output: str) -> list[str]:
    return [line.split(" (")[0] for line in output.splitlines()]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("hairpin_doctor", "probes"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_each_planted_violation_breaks_its_contract(copy: Path) -> None:
    for file, line in PLANTED.values():
        with (copy / file).open("a") as module:
            module.write(f"\n\n{line}\n")
    said = plain(lint(copy))
    assert [contract for contract in PLANTED if f"{contract} BROKEN" not in said] == []


def test_a_module_without_a_place_in_the_layers_breaks_their_contract(copy: Path) -> None:
    (copy / "hairpin_doctor" / "homeless.py").touch()
    said = lint(copy)
    assert f"{LAYERS} BROKEN" in plain(said)
    assert "homeless" in said
