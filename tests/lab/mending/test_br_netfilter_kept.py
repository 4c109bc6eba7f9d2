"""The cure for br_netfilter outlives what sets it back: the service's own script runs where its unit would run it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hairpin_doctor.fixes.changes import BridgeNetfilter, Sysctl
from hairpin_doctor.fixes.persistence.bridge_netfilter import WITHOUT, bridge_netfilter
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.checks import Tcp
from hairpin_doctor.lab.homelab import pod_port
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.machine.commands import ip_batch
from probes.br_netfilter import CALL_IPTABLES

pytestmark = pytest.mark.lab
NAMES = Names.story()
SETTING = Sysctl(CALL_IPTABLES, 0, 1)
CURE = bridge_netfilter(
    "hd303",
    SETTING,
    (BridgeNetfilter(NAMES.pod_bridge, True, False), BridgeNetfilter(NAMES.bridge, False, False)),
)
WITHIN_S = 10.0  # it looks once a second; a busy machine and TCP's retransmission come on top
WORKS = {"vm -> VIP": "served", "pod -> ClusterIP": "served"}


@pytest.fixture
def lab() -> Iterator[Lab]:
    case = find("bridged-frames-hit-host-nat")
    assert case is not None
    with Setting(case, NAMES, case.variant()).lab() as built:
        yield built


def seen(lab: Lab) -> dict[str, str]:
    """The symptom's path, and a pod's to a Service whose endpoint is on the pod's own bridge."""
    return {
        "vm -> VIP": Tcp(NAMES.dns_vip, 53).observe(lab, "vm"),
        "pod -> ClusterIP": Tcp(NAMES.services[2080], 80).observe(lab, "dns_pod"),
    }


def eventually(lab: Lab, wanted: dict[str, str]) -> dict[str, str]:
    """What is seen, as soon as it is what is wanted."""
    deadline = time.monotonic() + WITHIN_S
    while (found := seen(lab)) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def new_pod_bridge(lab: Lab) -> None:
    """As after a reboot: the CNI makes its bridge long after the cluster's start, and puts the pods on it."""
    bridge, gateway = NAMES.pod_bridge, f"{NAMES.host_pods[1]}/{NAMES.host_pods.prefixlen}"
    ports = [f"link set {pod_port(pod)} master {bridge}" for pod in (NAMES.dns_pod, NAMES.web_pod)]
    made = (f"link del {bridge}", f"link add {bridge} type bridge", *ports)
    ip_batch(
        (*made, f"addr add {gateway} dev {bridge}", f"link set {bridge} up"), lab.place("host").namespace
    )


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The rendered script; only the folder of the bridges that go without is this test's own."""
    for file in CURE.files:
        name = tmp_path / Path(file.path).name
        name.write_text(file.text.replace(WITHOUT["iptables"], str(tmp_path)))
    return tmp_path / "hd303.sh"


def test_pods_reach_a_cluster_ip_and_the_vm_the_vip_after_a_late_reset_and_on_a_new_pod_bridge(
    lab: Lab, script: Path
) -> None:
    service = lab.popen("host", ["/bin/sh", str(script), "start"])
    try:
        assert eventually(lab, WORKS) == WORKS
        lab.run("host", ["sysctl", "-w", f"{CALL_IPTABLES}=1"])  # as k3s, RKE2 and Docker do
        assert eventually(lab, WORKS) == WORKS
        new_pod_bridge(lab)
        assert eventually(lab, WORKS) == WORKS
    finally:
        service.kill()
        service.wait()
    new_pod_bridge(lab)  # with nobody who looks, the sysctl alone leaves pods without
    assert seen(lab)["pod -> ClusterIP"] == "silent"
    lab.run("host", ["/bin/sh", str(script), "stop"])
    assert lab.run("host", ["sysctl", "-n", CALL_IPTABLES]).stdout == "1\n"
