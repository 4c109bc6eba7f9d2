"""`scan NAMESPACE/SERVICE` and `fix`, by the real kubectl against an API server."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from scripts.cluster_api import ApiServer, write_kubeconfig
from scripts.cluster_objects import homelab

Call = Callable[..., Result]
VIP = "192.0.2.53"


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[str]:
    if shutil.which("kubectl") is None:
        if os.environ.get("CI"):
            pytest.fail("kubectl is not installed (Debian: kubernetes-client)")
        pytest.skip("kubectl is not installed")
    with ApiServer(homelab(VIP)) as server:
        yield str(write_kubeconfig(tmp_path / "config", server.url))


def test_the_ports_of_the_service_are_examined(call: Call, kubeconfig: str) -> None:
    found = call("scan", "dns/dns", "--kubeconfig", kubeconfig, "-o", "json")
    report = json.loads(found.stdout)
    assert found.exit_code == 0
    named = [(each["vip"], each["port"], each["protocol"]) for each in report["targets"]]
    assert sorted(named) == [(VIP, 53, "tcp"), (VIP, 53, "udp")]


def test_a_service_without_a_cluster_or_that_is_not_there_is_one_sentence(
    call: Call, kubeconfig: str
) -> None:
    missing = call("scan", "dns/web", "--kubeconfig", kubeconfig)
    assert missing.exit_code == 2
    assert "the cluster has no Service of type LoadBalancer with this namespace and name" in missing.stderr
    without = call("scan", "dns/dns", "--no-cluster")
    assert without.exit_code == 2
    assert "a Service is looked up in the cluster, and none is configured here" in without.stderr


def test_a_plan_knows_what_only_the_cluster_tells(
    call: Call, kubeconfig: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig)
    found = call("fix", "--target", "dns/dns")
    assert found.exit_code == 0
    assert found.stdout.startswith(f"{VIP} works")
    missing = call("fix", "--target", "dns/web")
    assert missing.exit_code == 2
    assert "no Service of type LoadBalancer" in missing.stderr


def test_a_cluster_that_is_named_must_answer(call: Call, kubeconfig: str) -> None:
    for command in ("scan", "fix"):
        target = ("--target", VIP) if command == "fix" else (VIP,)
        named = {"scan": ("--kubeconfig", kubeconfig)}.get(command, ())
        found = call(command, *target, *named, "--context", "attic")
        assert found.exit_code == 2
        assert "--context attic" in found.stderr


def test_a_kubeconfig_that_is_not_there_is_said_and_the_scan_goes_on(
    call: Call, kubeconfig: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{kubeconfig}-of-yesterday")
    found = call("scan", f"{VIP}:53")
    assert found.exit_code == 0
    assert "no cluster is asked: KUBECONFIG names" in found.stderr
    assert "no cluster is asked" not in call("scan", f"{VIP}:53", "--no-cluster").stderr
