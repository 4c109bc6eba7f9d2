"""`fix --output-dir`: files in the tree that they have on the machine, and nothing written over."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result

from probes.questions.configuration import NetworkFile, NetworkSetup

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"
UNIT = "etc/systemd/system/hairpin-doctor-metallb0.service"
Call = Callable[..., Result]


@pytest.fixture
def write(call: Call, tmp_path: Path) -> Callable[..., Result]:
    """`write(case, option)`: what is planned from the recording of that case, in tmp_path/out."""

    def run(case: str, *words: str) -> Result:
        report = tmp_path / "report.json"
        report.write_bytes(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
        return call("fix", "--from", str(report), "--output-dir", str(tmp_path / "out"), *words)

    return run


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_files_lie_in_the_tree_that_they_have_on_the_machine(write: Call, tmp_path: Path) -> None:
    found = write("l2-on-eno1", "--option", "2")
    assert found.exit_code == 0, found.stderr
    assert written(tmp_path / "out") == {
        UNIT,
        "etc/hairpin-doctor/metallb0.sh",
        "cluster/l2advertisement-announce-on-metallb0.yaml",
        "cluster/kustomization.yaml",
        "README.md",
    }
    assert "Nothing was changed. Written below" in found.stdout


def test_a_machine_that_was_not_asked_gets_a_unit_that_comes_before_any_cluster(
    write: Call, tmp_path: Path
) -> None:
    write("l2-on-eno1", "--option", "2")
    (before,) = (each for each in (tmp_path / "out" / UNIT).read_text().splitlines() if "Before=" in each)
    assert {"k0scontroller.service", "k3s.service", "kubelet.service"} <= set(before[7:].split())
    assert "n5 was not asked" in (tmp_path / "out" / "README.md").read_text()


def test_the_readme_names_every_file_its_activation_and_how_it_is_taken_back(
    write: Call, tmp_path: Path
) -> None:
    write("l2-on-eno1", "--option", "2")
    text = (tmp_path / "out" / "README.md").read_text()
    for part in (
        f"install -D -m 0644 {UNIT} /{UNIT}",
        "systemctl enable hairpin-doctor-metallb0.service",
        "systemctl disable --now hairpin-doctor-metallb0.service",
        "kubectl apply -k cluster/",
        "delete l2advertisement announce-on-metallb0",
        "On homeassistant: sudo hairpin-doctor scan 192.168.8.53.",
    ):
        assert part in text


def test_its_commands_are_accepted_by_a_shell(write: Call, tmp_path: Path) -> None:
    write("l2-on-eno1", "--option", "2")
    text = (tmp_path / "out" / "README.md").read_text()
    for block in text.split("```sh\n")[1:]:
        subprocess.run(["sh", "-n"], input=block.partition("```")[0], text=True, check=True)


def test_without_a_part_for_a_machine_the_cluster_objects_are_written_all_the_same(
    write: Call, tmp_path: Path
) -> None:
    assert write("l2-on-eno1", "--option", "1").exit_code == 0
    (manifest,) = (tmp_path / "out" / "cluster").glob("l2advertisement-*.yaml")
    assert yaml.safe_load(manifest.read_text())["kind"] == "L2Advertisement"
    assert manifest.read_text().startswith("# Written by hairpin-doctor: the speaker answers ARP")
    assert not (tmp_path / "out" / "etc").exists()


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl (Debian: kubernetes-client)")
def test_kustomize_reads_what_is_for_the_cluster(write: Call, tmp_path: Path) -> None:
    write("bgp-same-subnet", "HD601", "--option", "1")
    done = subprocess.run(
        ["kubectl", "kustomize", str(tmp_path / "out" / "cluster")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert yaml.safe_load(done.stdout)["spec"]["interfaces"]


def test_writing_it_twice_is_fine_and_anything_else_that_is_there_is_left_alone(
    write: Call, tmp_path: Path
) -> None:
    for _ in range(2):
        assert write("l2-on-eno1", "--option", "2").exit_code == 0
    (tmp_path / "out" / UNIT).write_text("mine")
    (tmp_path / "out" / "README.md").unlink()
    found = write("l2-on-eno1", "--option", "2")
    assert found.exit_code == 2
    assert f"{UNIT} is there already and is something else: nothing was written" in found.stderr
    assert (tmp_path / "out" / UNIT).read_text() == "mine"
    assert not (tmp_path / "out" / "README.md").exists()


def test_a_link_is_not_followed(write: Call, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").symlink_to(tmp_path / "elsewhere")
    assert write("l2-on-eno1", "--option", "2").exit_code == 2
    assert written(tmp_path / "out") == set()


def test_a_full_disk_ends_in_one_sentence_and_leaves_no_file(
    write: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.fdopen
    files: list[object] = []

    def full(descriptor: int, mode: str) -> object:
        files.append(descriptor)
        if len(files) == 3:
            os.close(descriptor)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(descriptor, mode)

    monkeypatch.setattr("hairpin_doctor.machine.files.os.fdopen", full)
    found = write("l2-on-eno1", "--option", "2")
    assert found.exit_code == 2
    assert found.stderr.count("\n") == 1
    assert "No space left on device. No file was left there" in found.stderr
    assert written(tmp_path / "out") == set()


def test_the_very_machine_that_was_looked_at_says_what_configures_it(
    write: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    networkd = NetworkSetup(
        ("systemd-networkd",),
        False,
        (NetworkFile("bridge0", "/etc/systemd/network/10-bridge0.network"),),
        (),
        True,
        ("k3s.service",),
    )
    monkeypatch.setattr("hairpin_doctor.cli.fix_scan.machine_here", lambda scanned: "n5")
    monkeypatch.setattr("hairpin_doctor.machine.processes.init_sees_the_same", lambda: True)
    ask = "probes.linux.host.LinuxHost.ask"
    monkeypatch.setattr(ask, lambda self, question: networkd, raising=False)
    write("l2-on-eno1", "--option", "2")
    assert "etc/systemd/network/10-bridge0.network.d/hairpin-doctor-metallb0.conf" in written(
        tmp_path / "out"
    )
    assert "They are for what n5 uses: systemd-networkd." in (tmp_path / "out/README.md").read_text()


def test_what_was_only_taken_away_has_no_file_and_the_readme_says_what_to_do(
    write: Call, tmp_path: Path
) -> None:
    found = write("stale-neighbour", "HD205")
    assert found.exit_code == 0, found.stderr
    assert "no files" in found.stdout
    assert "remove it there too" in (tmp_path / "out" / "README.md").read_text()
