"""Which file wins, as sysctl.d(5) and modules-load.d(5) have it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from probes.host import Absent
from probes.linux.boot_settings import read_boot_setting
from probes.questions.configuration import SettingAtBoot

QUESTION = SettingAtBoot("net/bridge/bridge-nf-call-iptables", "br_netfilter")
LINE = "net.bridge.bridge-nf-call-iptables = "
FIRST = {"proc/sys/net/core/netdev_max_backlog": "1000\n"}
SYSTEMD = {"run/systemd/system/.": ""}


def machine(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith("."):
            path.write_text(text)
    (root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
    return root


def networks(root: Path, *, of_process_1: str, here: str) -> None:
    for process, network in (("1", of_process_1), ("thread-self", here)):
        folder = root / "proc" / process / "ns"
        folder.mkdir(parents=True)
        (folder / "net").symlink_to(network)


def said(root: Path, files: Mapping[str, str]) -> list[tuple[str, int]]:
    found = read_boot_setting(machine(root, {**FIRST, **files}), QUESTION)
    return [(each.path, each.value) for each in found.files]


def test_files_are_read_in_the_order_of_their_names_whatever_their_folder(tmp_path: Path) -> None:
    files = {
        "usr/lib/sysctl.d/99-k8s.conf": f"{LINE}1\n",
        "etc/sysctl.d/10-bridge.conf": f"# {LINE}7\n{LINE}0\n",
    }
    assert said(tmp_path, files) == [
        ("/etc/sysctl.d/10-bridge.conf", 0),
        ("/usr/lib/sysctl.d/99-k8s.conf", 1),
    ]  # fmt: skip


def test_a_file_in_etc_hides_the_one_of_its_name_in_usr_lib(tmp_path: Path) -> None:
    files = {"usr/lib/sysctl.d/50-a.conf": f"{LINE}1\n", "etc/sysctl.d/50-a.conf": ""}
    assert said(tmp_path, files) == []


@pytest.mark.parametrize(
    "line",
    [
        "net/bridge/bridge-nf-call-iptables=0",
        "-net.bridge.bridge-nf-call-iptables =0",
        "net.bridge.bridge-nf-call-* = 0",
    ],
)
def test_slashes_a_minus_and_patterns_are_understood(tmp_path: Path, line: str) -> None:
    assert said(tmp_path, {"etc/sysctl.d/a.conf": f"{line}\n"}) == [("/etc/sysctl.d/a.conf", 0)]


def test_a_pattern_never_overrides_a_name(tmp_path: Path) -> None:
    files = {"etc/sysctl.d/a.conf": f"{LINE}0\n", "etc/sysctl.d/b.conf": "net.bridge.* = 1\n"}
    assert said(tmp_path, files) == [("/etc/sysctl.d/a.conf", 0)]


def test_systemd_reads_sysctl_conf_by_a_link_only_and_procps_reads_it_last(tmp_path: Path) -> None:
    files = {"etc/sysctl.conf": f"{LINE}0\n", "etc/sysctl.d/a.conf": f"{LINE}1\n"}
    assert said(tmp_path, files) == [("/etc/sysctl.d/a.conf", 1)]
    (tmp_path / "run/systemd/system").rmdir()
    found = read_boot_setting(tmp_path, QUESTION)
    assert [each.path for each in found.files] == ["/etc/sysctl.d/a.conf", "/etc/sysctl.conf"]


@pytest.mark.parametrize(
    ("files", "loaded"),
    [
        ({}, False),
        ({"etc/modules-load.d/k8s.conf": "overlay\nbr_netfilter\n"}, True),
        ({"etc/modules-load.d/k8s.conf": "# br_netfilter\n"}, False),
        ({"etc/modules": "br-netfilter\n"}, True),
    ],
)
def test_whether_the_module_is_loaded_at_boot(tmp_path: Path, files: dict[str, str], loaded: bool) -> None:
    assert read_boot_setting(machine(tmp_path, {**FIRST, **files}), QUESTION).module_loaded is loaded


def test_in_a_container_with_an_init_of_its_own_the_files_are_for_its_network(tmp_path: Path) -> None:
    root = machine(tmp_path, {"etc/sysctl.d/a.conf": f"{LINE}0\n"})
    networks(root, of_process_1="net:[4026532001]", here="net:[4026532001]")
    assert [each.value for each in read_boot_setting(root, QUESTION).files] == [0]


def test_where_process_1_is_in_another_network_the_files_say_nothing_though_its_own_setting_is_here(
    tmp_path: Path,
) -> None:
    root = machine(tmp_path, {**FIRST, "etc/sysctl.d/a.conf": f"{LINE}0\n"})
    networks(root, of_process_1="net:[4026531840]", here="net:[4026532001]")
    with pytest.raises(Absent, match="another network namespace"):
        read_boot_setting(root, QUESTION)


def test_in_another_network_namespace_the_files_say_nothing(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="another network namespace"):
        read_boot_setting(machine(tmp_path, {"etc/sysctl.d/a.conf": f"{LINE}0\n"}), QUESTION)
