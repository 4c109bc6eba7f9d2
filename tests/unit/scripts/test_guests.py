"""The guests of `make lab-vm`, without booting any: what they would find in their /etc, and what they would run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts import after_a_reboot, mended_guest
from scripts.after_a_reboot_files import MANAGERS, NODE, NODE6, VIP, VIP6
from scripts.guest_cluster import POD, POD_PORT, kube_proxy, speaker
from scripts.mended_guest_files import STORIES, files


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """By manager and by cause: the script that prepares a guest's root."""
    (tmp_path / "lib/modules/6.1.0").mkdir(parents=True)
    for module in (after_a_reboot, mended_guest):
        monkeypatch.setattr(module, "unpacked_kernel", lambda: tmp_path)
    reboots = {each: after_a_reboot._job(each) for each in MANAGERS}
    return reboots | {each: mended_guest._job(each) for each in STORIES}


def written(job: str) -> dict[str, str]:
    """What the job writes: path in the guest -> text."""
    return dict(re.findall(r"^cat > /new/(\S+) <<'END-OF-FILE'\n(.*?)^END-OF-FILE$", job, re.M | re.S))


def shell(text: str) -> str:
    """bash's complaint about the script, "" if it can be run."""
    return subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True).stderr


def test_every_script_of_a_guest_is_one_that_the_shell_understands(jobs: dict[str, str]) -> None:
    for job in jobs.values():
        scripts = {path: text for path, text in written(job).items() if path.startswith("etc/lab-vm/")}
        assert len(scripts) > 3
        assert {path: shell(text) for path, text in scripts.items()} == dict.fromkeys(scripts, "")
        assert shell(job) == ""


def test_no_word_that_was_to_be_filled_in_is_left(jobs: dict[str, str]) -> None:
    for job in jobs.values():
        assert not re.search(r"@[A-Z0-9_]+@", job)


def test_what_a_unit_of_the_guest_starts_is_there(jobs: dict[str, str]) -> None:
    for job in jobs.values():
        there = written(job)
        wanted = set(re.findall(r"^ExecStart\w*=.* /(etc/lab-vm/\S+)$", job, re.M))
        assert wanted
        assert wanted <= set(there) | {"etc/lab-vm"}


def test_whoever_makes_the_bridge_gives_it_the_addresses_that_the_cluster_has_for_the_node(
    jobs: dict[str, str],
) -> None:
    for manager in MANAGERS:
        text = "\n".join(MANAGERS[manager].values())
        assert f"{NODE}/24" in text
        assert f"{NODE6}/64" in text


def test_the_guest_asks_for_a_vip_of_each_version_and_both_are_announced(jobs: dict[str, str]) -> None:
    for manager in MANAGERS:
        there = written(jobs[manager])
        assert f"for vip in {VIP} {VIP6}; do\n    served $vip" in there["etc/lab-vm/story"]
        assert f'["{VIP}"]' in there["etc/lab-vm/speakers"]
        assert f'["{VIP6}"]' in there["etc/lab-vm/speakers"]


@pytest.mark.parametrize(
    ("vip", "node", "command", "target"),
    [
        (VIP, NODE, "iptables-nft-restore", f"{POD[4]}:{POD_PORT}"),
        (VIP6, NODE6, "ip6tables-nft-restore", f"[{POD[6]}]:{POD_PORT}"),
    ],
)
def test_kube_proxys_rules_lead_from_the_vip_to_the_pod(
    vip: str, node: str, command: str, target: str
) -> None:
    given = kube_proxy(vip, node)
    assert given.startswith(f"{command} <<'END'\n*filter\n")
    assert f"-d {vip}/" in given
    assert f"--to-destination {target}\n" in given
    assert given.endswith("COMMIT\nEND\n")


def test_the_shell_puts_the_interface_into_what_the_speaker_is_told() -> None:
    command = speaker(["192.0.2.80"], '"$on"').split(".py ", 1)[1]
    said = subprocess.run(["sh", "-c", f"on=eno1; echo {command}"], capture_output=True, text=True).stdout
    assert '"interfaces": ["eno1"]' in said


def test_each_boot_of_a_mended_guest_has_a_story_of_its_own_that_can_be_told_as_passed() -> None:
    for stories in STORIES.values():
        told = {path for path in files(stories) if "story-" in path}
        assert told == {f"etc/lab-vm/story-{number}" for number in range(1, len(stories) + 1)}
        assert all(each.endswith('echo "LAB-VM: mended"\n') for each in stories)
