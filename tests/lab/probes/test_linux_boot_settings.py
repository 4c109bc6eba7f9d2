"""Whose network the files of /etc are for, told in real namespaces of processes: with an init of their own, and without."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.lab
ASK = """
from probes.host import Unanswered
from probes.linux import LinuxHost
from probes.questions.configuration import SettingAtBoot
try:
    LinuxHost().ask(SettingAtBoot("net/bridge/bridge-nf-call-iptables", "br_netfilter"))
    print("the files are for this network")
except Unanswered as error:
    print(error)
"""
OWN_PROCESSES = ("--pid", "--fork", "--mount-proc")


def answer(*unshare: str) -> str:
    argv = ["unshare", *unshare, sys.executable, "-c", ASK]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_a_container_whose_process_1_is_in_its_network_has_files_for_it() -> None:
    assert answer("--net", *OWN_PROCESSES) == "the files are for this network\n"


def test_a_network_namespace_without_a_process_1_of_its_own_has_none() -> None:
    assert "another network namespace" in answer("--net")
