"""A lab leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from hairpin_doctor.cli.main import run
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.checks import Arp, Check, observe
from hairpin_doctor.lab.daemon import Daemon, ReadyLine
from hairpin_doctor.lab.faults import own_mac_interface, services
from hairpin_doctor.lab.homelab import Variant, homelab
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.readiness import NotReady
from hairpin_doctor.lab.state import RUNTIME, saved
from hairpin_doctor.machine.namespaces import DIRECTORY, processes

pytestmark = pytest.mark.lab
NAMES = Names.story()


@pytest.fixture(autouse=True)
def _root() -> None:
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs root")


def left_behind(tag: str) -> list[str]:
    return [path.name for directory in (DIRECTORY, RUNTIME) for path in directory.glob(f"*{tag}*")]


def test_a_lab_is_gone_after_its_block() -> None:
    with Lab(homelab(NAMES, Variant())) as lab:
        assert left_behind(lab.tag)
    assert left_behind(lab.tag) == []


def test_a_lab_whose_daemon_dies_says_so_and_is_gone() -> None:
    broken = Daemon("broken", ("sh", "-c", "echo no such luck; exit 1"), ready=(ReadyLine("never"),))
    lab = Lab(homelab(NAMES, Variant()).change("vm", lambda vm: vm.with_daemon(broken)))
    with pytest.raises(NotReady, match="no such luck"):
        lab.__enter__()
    assert left_behind(lab.tag) == []


KILLED = """
import os, signal
from hairpin_doctor.cli.main import run
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.homelab import Variant, homelab
from hairpin_doctor.lab.names import Names
lab = Lab(homelab(Names.story(), Variant())).__enter__()
print(lab.tag, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_builder_left_is_found_and_removed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, check=False, env=environment()
    )
    assert done.returncode == -signal.SIGKILL
    tag = done.stdout.strip()
    state = next(state for state in saved() if state.tag == tag)
    assert state.abandoned()
    pids = processes(state.namespaces["host"])
    assert pids
    state.remove()
    state.remove()
    assert left_behind(tag) == []
    assert all(ended(pid) for pid in pids)


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.fixture
def kept() -> Iterator[Lab]:
    with Lab(homelab(NAMES, Variant())) as lab:
        lab.keep()
    yield lab
    lab.state.remove()


def test_a_lab_that_is_kept_outlives_its_block_and_is_not_abandoned(kept: Lab) -> None:
    assert processes(kept.state.namespaces["host"])
    state = next(state for state in saved() if state.tag == kept.tag)
    assert state.kept
    assert not state.abandoned()
    answer = kept.run("homeassistant", ["hostname"])
    assert answer.stdout == "homeassistant\n"


def test_down_takes_away_what_its_own_user_and_installation_left_and_names_the_rest(
    kept: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUDO_USER", f"somebody-else-{kept.tag}")
    assert run(["lab", "down"]) == 0
    assert kept.tag in {state.tag for state in saved()}
    assert f"stays: hairpin-doctor lab down {kept.tag}" in capsys.readouterr().err
    assert run(["lab", "down", kept.tag]) == 0
    assert left_behind(kept.tag) == []


def test_down_of_a_lab_that_is_not_there_says_which_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "down", "no-such-lab"]) == 2
    assert "no lab 'no-such-lab' was left running" in capsys.readouterr().err


def test_a_manifest_moves_the_announcer_to_the_interfaces_it_names() -> None:
    recipe = own_mac_interface(
        NAMES, values={"rp_filter": 2, "arp_ignore": 1}, addressed=True, in_fdb=True, alone=False
    )
    with Lab(recipe(homelab(NAMES, Variant()))) as lab:
        asked = Check("vm", Arp(NAMES.dns_vip), (NAMES.own_mac,))
        assert not observe(lab, [asked])[0].holds
        lab.apply_manifest("kind: L2Advertisement\nspec: {interfaces: [metallb0]}\n", NAMES.vips)
        assert observe(lab, [asked])[0].holds


def test_without_bgp_the_router_forgets_the_vips() -> None:
    case = find("bgp-same-subnet")
    assert case is not None
    with Lab(case.build(NAMES)) as lab:
        assert "192.168.8.53" in lab.run("router", ["ip", "route"]).stdout
        lab.remove_bgp()
        assert "192.168.8.53" not in lab.run("router", ["ip", "route"]).stdout


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_the_kernel_takes_every_shape_of_service_rules(mode: str) -> None:
    variant = Variant("nftables" if mode == "nftables" else "iptables")
    shapes = (
        services(NAMES, lambda service: replace(service, endpoints=())),
        services(NAMES, lambda service: replace(service, traffic_policy="Local")),
        services(NAMES, lambda service: replace(service, source_ranges=(IPv4Network("10.0.0.0/8"),))),
        services(
            NAMES,
            lambda service: replace(
                service,
                traffic_policy="Local",
                endpoints=tuple(replace(e, local=False) for e in service.endpoints),
            ),
        ),
    )
    for shape in shapes:
        with Lab(shape(homelab(NAMES, variant))) as lab:
            assert lab.run("host", ["nft", "list", "ruleset"]).stdout
