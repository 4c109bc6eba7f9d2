"""A speaker that listens everywhere, and an API server in the host's namespace that says where it is told to announce."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.examination import SCAN
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting
from scripts.cluster_api import write_kubeconfig
from scripts.cluster_objects import homelab

pytestmark = pytest.mark.lab
NAMES = Names.random(5)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl (Debian: kubernetes-client)")
@pytest.mark.parametrize(
    ("name", "interface", "code"),
    [
        ("l2-on-eno1-real-speaker", lambda names: names.uplink, "HD104"),
        ("l2-on-enp197s0-real-speaker", lambda names: names.second_nic, "HD105"),
    ],
)
def test_the_clusters_word_decides_where_the_speaker_announces(
    name: str, interface: Callable[[Names], str], code: str, tmp_path: Path
) -> None:
    case = find(name)
    assert case is not None
    objects = homelab(str(NAMES.dns_vip), NAMES.host, str(NAMES.host_ip), (interface(NAMES),))
    (tmp_path / "objects.json").write_text(json.dumps(objects))
    target, client = f"{NAMES.dns_vip}:53/udp", str(tmp_path / "client.json")
    with Setting(case, NAMES, Variant()).lab() as lab:
        serve = (sys.executable, "-m", "scripts.cluster_api", str(tmp_path / "objects.json"))
        server = lab.popen("host", serve)
        try:
            assert server.stdout is not None
            kubeconfig = write_kubeconfig(tmp_path / "config", server.stdout.readline().strip())
            lab.run("vm", [*SCAN, target, "--no-cluster", "--save", client])
            done = lab.run("host", [*SCAN, "--with", client, "--kubeconfig", str(kubeconfig)])
        finally:
            server.kill()
            server.communicate()
    report: dict[str, Any] = json.loads(done.stdout)
    first = report["diagnoses"][0]
    assert (report["verdict"], first["code"], first["confidence"]) == ("diagnosed", code, "proven")
