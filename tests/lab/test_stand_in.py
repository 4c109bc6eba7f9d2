"""`scan --stand-in` on the host alone: the verdict of host and VM together, and nothing left of the stand-in."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import Any

import pytest

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.examination import Verdict
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.machine.commands import run
from hairpin_doctor.machine.stand_in import PREFIX

pytestmark = pytest.mark.lab
SCAN = (sys.executable, "-m", "hairpin_doctor", "scan", "-o", "json", "--stand-in")
CASES = ("healthy", "l2-on-eno1", "vip-on-port-mac", "bgp-same-subnet", "metallb0-rp-filter")


def setting_of(name: str) -> Setting:
    case = find(name)
    assert case is not None
    return Setting(case, Names.random(len(name)), case.variant())


def state_of(lab: Lab, bridge: str) -> dict[str, Any]:
    """What a port that comes and goes could change."""
    namespace = lab.place("host").namespace
    (link,) = json.loads(run(["ip", "-n", namespace, "-json", "-d", "link", "show", "dev", bridge]))
    fdb = json.loads(run(["bridge", "-n", namespace, "-json", "fdb", "show", "br", bridge]))
    kept = [(each["mac"], each["ifname"]) for each in fdb if each.get("state") == "permanent"]
    keys = ("address", "mtu", "promiscuity", "operstate")
    return {**{key: link[key] for key in keys}, "permanent": sorted(kept)}


def stand_ins() -> list[str]:
    return [line.split()[0] for line in run(["ip", "netns", "list"]).splitlines() if line.startswith(PREFIX)]


@pytest.mark.parametrize("name", CASES)
def test_it_gives_the_verdict_of_host_and_vm_together_and_leaves_the_bridge_as_it_was(name: str) -> None:
    setting = setting_of(name)
    with setting.lab() as lab:
        before = state_of(lab, setting.names.bridge)
        done = lab.run("host", [*SCAN, setting.names.bridge, *setting.case.targets(setting.names)])
        found = Verdict.of(json.loads(done.stdout))
        assert found.wrong(setting.case.expected["both"]) is None, done.stderr
        assert any(each["name"].startswith("stand-in-") for each in found.report["vantage_points"])
        assert state_of(lab, setting.names.bridge) == before


def test_after_kill_9_it_is_gone_within_seconds_and_the_bridge_is_as_it_was() -> None:
    setting = setting_of("healthy")
    with setting.lab() as lab:
        before, others = state_of(lab, setting.names.bridge), set(stand_ins())
        running = lab.popen("host", [*SCAN, setting.names.bridge, str(setting.names.dns_vip)])
        end = time.monotonic() + 20
        while not set(stand_ins()) - others and time.monotonic() < end:
            time.sleep(0.02)
        mine = set(stand_ins()) - others
        assert mine
        time.sleep(0.3)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        while mine & set(stand_ins()) and time.monotonic() < end:
            time.sleep(0.02)
        assert not mine & set(stand_ins())
        assert state_of(lab, setting.names.bridge) == before


def test_what_is_no_bridge_is_refused_with_the_bridges_that_there_are() -> None:
    setting = setting_of("healthy")
    with setting.lab() as lab:
        done = lab.run("host", [*SCAN, setting.names.uplink, str(setting.names.dns_vip)])
    assert done.returncode == 2
    assert f"{setting.names.uplink} is no bridge" in done.stderr
    assert setting.names.bridge in done.stderr


def test_a_name_that_no_interface_has_is_refused() -> None:
    setting = setting_of("healthy")
    with setting.lab() as lab:
        done = lab.run("host", [*SCAN, "br-nothing", str(setting.names.dns_vip)])
    assert done.returncode == 2
    assert "there is no interface br-nothing" in done.stderr
