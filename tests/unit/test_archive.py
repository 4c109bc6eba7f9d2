"""The program as one file runs anywhere: by bare Python, read-only, without HOME, and on an old Python with one sentence."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hairpin_doctor import archive as module
from hairpin_doctor.archive import EPOCH, MAIN, NoArchive, archive

RECORDING = Path(__file__).parents[1] / "golden/recordings/bgp-same-subnet.json.gz"
EVERYTHING = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
for name in ("hairpin_doctor", "probes"):
    for each in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
        if not each.name.endswith("__main__"):
            importlib.import_module(each.name)
from probes.linux.crafting import *
from scapy.layers.dns import DNS
foreign = {name for name, each in sys.modules.items() if "-packages" in str(getattr(each, "__file__", ""))}
print(len([name for name in sys.modules if name.startswith(("hairpin_doctor", "probes"))]), foreign)
"""
ITSELF = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from hairpin_doctor.archive import archive, program
print(hashlib.sha256(archive()).hexdigest(), *program()[1:])
"""
OLD = "import sys; sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)'; exec(sys.argv[1])"

Bare = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, alone in a directory."""
    path = tmp_path_factory.mktemp("elsewhere") / "hairpin-doctor.pyz"
    path.write_bytes(archive())
    path.chmod(0o444)
    path.parent.chmod(0o555)
    return path


@pytest.fixture
def bare(pyz: Path) -> Bare:
    """Python that sees no installed package, in an environment of nothing but a path."""

    def run(*arguments: str, path: str = os.defpath) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=pyz.parent,
            env={"PATH": path},
            stdin=subprocess.DEVNULL,
        )

    return run


def test_it_judges_as_the_installed_program_does_and_writes_nothing(bare: Bare, pyz: Path) -> None:
    done = bare(pyz.name, "judge", str(RECORDING), "-o", "json")
    assert (done.returncode, done.stderr) == (1, "")
    assert [each["code"] for each in json.loads(done.stdout)["diagnoses"]][:1] == ["HD601"]
    assert [each.name for each in pyz.parent.iterdir()] == [pyz.name]


def test_it_scans(bare: Bare, pyz: Path) -> None:
    looking = ("scan", "192.0.2.1:9", "--no-cluster", "--only", "machine", "--only", "interfaces")
    done = bare(pyz.name, *looking)
    assert done.returncode == 4, done.stderr  # nothing was asked of the target
    assert "Traceback" not in done.stderr
    assert "itself failed" not in done.stdout


def test_all_that_any_module_imports_is_in_it(bare: Bare, pyz: Path) -> None:
    done = bare("-c", EVERYTHING, str(pyz))
    assert done.returncode == 0, done.stderr
    number, foreign = done.stdout.split()
    assert int(number) > 300
    assert foreign == "set()"


def test_it_hands_on_itself_and_starts_itself_again(bare: Bare, pyz: Path) -> None:
    done = bare("-c", ITSELF, str(pyz))
    assert done.stdout.split() == [hashlib.sha256(pyz.read_bytes()).hexdigest(), str(pyz)], done.stderr


def test_equal_sources_give_equal_archives_with_every_licence_and_nothing_compiled(pyz: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(pyz.read_bytes())) as file:
        names, dates = file.namelist(), {each.date_time for each in file.infolist()}
    assert dates == {EPOCH}
    assert names == sorted(names)
    licences = {name.partition("-")[0] for name in names if ".dist-info/" in name}
    assert {
        "attrs",
        "click",
        "dnspython",
        "hairpin_doctor",
        "pyroute2",
        "pyyaml",
        "rich",
        "scapy",
    } <= licences
    assert {Path(name).suffix for name in names if ".dist-info/" not in name} == {".py"}


def test_a_python_that_is_too_old_says_so_in_one_sentence_and_names_a_newer_one_here(
    bare: Bare, tmp_path: Path
) -> None:
    newer = tmp_path / "python3.13"
    newer.touch(mode=0o755)
    alone, beside = bare("-c", OLD, MAIN, path="/nowhere"), bare("-c", OLD, MAIN, path=str(tmp_path))
    said = "Error: hairpin-doctor needs Python 3.11 or newer, and this is 3.9.2"
    assert (alone.returncode, alone.stderr) == (2, f"{said}.\n")
    assert (beside.returncode, beside.stderr) == (2, f"{said}; start it by python3.13.\n")
    assert ast.parse(MAIN, feature_version=(3, 0))


def test_what_is_not_installed_cannot_be_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OURS", "no-such-program")
    with pytest.raises(NoArchive, match="no-such-program is not installed for"):
        archive()
