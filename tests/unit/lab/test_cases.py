from __future__ import annotations

import re
from itertools import product

import pytest
from click.testing import CliRunner

from hairpin_doctor.cli.lab import lab
from hairpin_doctor.lab.cases import CATALOGUE, Case, elsewhere, find
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.requirements import PACKAGES, tools

STORY = {
    "healthy",
    "bgp-same-subnet",
    "bgp-same-subnet-proxy-arp-stateful",
    "l2-on-eno1",
    "l2-on-enp197s0",
    "l2-on-bridge0",
    "duplicate-mac",
    "vip-on-port-mac",
    "l2-on-metallb0-good",
    "metallb0-rp-filter",
    "metallb0-arp-flux",
    "metallb0-floods",
    "announced-twice",
    "hairpin-off-on-port",
    "bridged-frames-hit-host-nat",
    "stale-neighbour",
    "proxy-arp-beside-announcer",
}
every_case = pytest.mark.parametrize("case", CATALOGUE, ids=lambda case: case.name)


def test_the_catalogue_holds_every_case_of_the_story_once() -> None:
    names = [case.name for case in CATALOGUE]
    assert len(set(names)) == len(names)
    assert set(names) >= STORY


@every_case
def test_a_case_says_what_it_is_in_one_sentence(case: Case) -> None:
    assert re.fullmatch(r"[A-Z].*\.", case.title)
    assert len(case.title) <= 110
    assert all(re.fullmatch(r"HD\d{3}", code) for code in case.codes)


@every_case
def test_a_case_builds_a_sound_topology_and_has_a_symptom_with_any_names(case: Case) -> None:
    every_name = [Names.random(seed) for seed in range(2)]
    for names, variant in product(every_name, case.variants()):
        topology = case.build(names, variant)
        roles = [machine.role for machine in topology.machines]
        assert len(set(roles)) == len(roles)
        hostnames = [machine.name for machine in topology.machines]
        assert len(set(hostnames)) == len(hostnames)
        ends = [end for cable in topology.cables for end in (cable.first, cable.second)]
        assert len(set(ends)) == len(ends), "two cables in one socket"
        for end in ends:
            assert len(topology.machine(end.role).interface(end.interface).name) <= 15
        assert topology.machine(case.client)
        assert topology.machine(case.host)
        checks = case.checks(names)
        assert checks
        assert all(topology.machine(check.role) for check in checks)


@every_case
def test_every_tool_a_case_needs_has_a_package_to_name(case: Case) -> None:
    assert tools(case.build(Names.story())) <= set(PACKAGES)


@every_case
def test_a_fault_that_needs_one_value_of_call_iptables_gets_it(case: Case) -> None:
    for asked in (0, 1):
        host = case.build(Names.story(), Variant(call_iptables=1 if asked else 0)).machine("host")
        wanted = asked if case.call_iptables is None else case.call_iptables
        assert host.sysctls["net.bridge.bridge-nf-call-iptables"] == wanted


def test_healthy_is_tried_in_both_modes_and_with_both_values_of_call_iptables() -> None:
    healthy = find("healthy")
    assert healthy is not None
    assert len(healthy.variants()) == 4


def test_list_shows_every_case() -> None:
    answer = CliRunner().invoke(lab, ["list"])
    assert answer.exit_code == 0
    assert all(case.name in answer.output for case in CATALOGUE)


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["run", "nope"], "there is no case 'nope'"),
        (["up", "nope"], "there is no case 'nope'"),
        (["shell", "nope", "vm"], "there is no case 'nope'"),
        (["run", "vip-on-port-mac", "--call-iptables", "1"], "only with --call-iptables 0"),
        (["run", "healthy", "--kube-proxy", "ipvs"], "ipvs"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_two(argv: list[str], complaint: str) -> None:
    answer = CliRunner().invoke(lab, argv)
    assert answer.exit_code == 2
    assert complaint in answer.output


def test_without_root_the_lab_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    for argv in (["run", "healthy"], ["down"], ["shell", "healthy", "vm"]):
        answer = CliRunner().invoke(lab, argv)
        assert answer.exit_code == 2
        assert "needs root" in answer.output


def test_a_missing_tool_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda tool: None if tool == "bird" else f"/usr/sbin/{tool}")
    answer = CliRunner().invoke(lab, ["run", "bgp-same-subnet"])
    assert answer.exit_code == 2
    assert "the lab needs the command bird: apt-get install bird2" in answer.output


def test_every_healthy_network_is_there_in_both_modes_and_with_both_values_of_call_iptables() -> None:
    healthy = [case for case in elsewhere.CASES if not {"HD201"} & set(case.codes)]
    assert len(healthy) >= 14
    assert all(len(case.variants()) == 4 for case in healthy)
