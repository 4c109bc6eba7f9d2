"""The real kubectl against an API server over HTTPS: dry run, apply in a context that was named, read back, undo."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.fixes.announce import l2_advertisement
from hairpin_doctor.fixes.changes import Change, Deletion, Manifest, Patch, ResourceRef
from hairpin_doctor.fixes.changes.kubernetes import merge
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.machine.changing.kubectl import Kubectl
from hairpin_doctor.mending.checkpoint import Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import Store
from scripts.cluster_api import make_certificate, write_kubeconfig
from scripts.writable_cluster import WritableCluster

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="needs kubectl (Debian: kubernetes-client)"
)
OURS = ResourceRef("l2advertisement", "metallb-system", "announce-on-metallb0")
THEIRS = {
    "apiVersion": "metallb.io/v1beta1",
    "kind": "L2Advertisement",
    "metadata": {"name": "everywhere", "namespace": "metallb-system", "labels": {"kept": "yes"}},
    "spec": {"ipAddressPools": ["homelab"]},
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "dns", "namespace": "home"},
    "spec": {"externalTrafficPolicy": "Local", "ports": [{"port": 53, "protocol": "TCP"}]},
}
UDP = {"op": "add", "path": "/spec/ports/-", "value": {"port": 53, "protocol": "UDP", "name": "udp"}}
DNS = ResourceRef("service", "home", "dns")
KEPT = {"l2advertisements/metallb-system/everywhere": THEIRS, "services/home/dns": SERVICE}
CHANGES: tuple[Change, ...] = (
    Manifest(OURS, l2_advertisement("metallb0")),
    Deletion(ResourceRef("l2advertisement", "metallb-system", "everywhere")),
    merge(DNS, {"externalTrafficPolicy": "Cluster"}, {}),
    Patch(DNS, "json", json.dumps([UDP])),
)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WritableCluster]:
    certificate = make_certificate(tmp_path)
    with WritableCluster(certificate, json.loads(json.dumps(KEPT))) as made:
        config = write_kubeconfig(tmp_path / "config", made.url, certificate[0], "secret")
        monkeypatch.setenv("KUBECONFIG", str(config))
        monkeypatch.setenv("HOME", str(tmp_path))  # kubectl caches what it discovers there
        yield made


def engine(tmp_path: Path, context: str = "lab") -> Engine:
    return Engine(Store(tmp_path / "state"), ThisMachine(Kubectl(context)), watch=lambda store, run: "nobody")


def without_the_servers(found: dict[str, Any]) -> dict[str, Any]:
    metadata = {
        k: v for k, v in found["metadata"].items() if k not in ("uid", "resourceVersion", "annotations")
    }
    return found | {"metadata": metadata}


def test_the_server_checks_all_of_it_in_a_dry_run_and_keeps_nothing(cluster: WritableCluster) -> None:
    for change in CHANGES:
        Kubectl("lab").do(change, dry_run=True)  # type: ignore[arg-type]
    assert len(cluster.written) == 4
    assert all(each.startswith("dry ") for each in cluster.written), cluster.written
    assert cluster.objects == KEPT


def test_it_is_applied_read_back_and_undone_to_what_stood_there(
    cluster: WritableCluster, tmp_path: Path
) -> None:
    done = engine(tmp_path)
    done.apply(Work("t", "HD104", ("v",), "n5", CHANGES, "lab"), {}, dict, must_mend=False)
    assert cluster.objects[f"l2advertisements/{OURS.namespace}/{OURS.name}"]["spec"] == {
        "interfaces": ["metallb0"]
    }
    assert "l2advertisements/metallb-system/everywhere" not in cluster.objects
    spec = cluster.objects["services/home/dns"]["spec"]
    assert (spec["externalTrafficPolicy"], len(spec["ports"])) == ("Cluster", 2)
    assert done.roll_back().phase == "rolled-back"
    assert {key: without_the_servers(each) for key, each in cluster.objects.items()} == KEPT


def test_applied_twice_the_second_time_writes_nothing(cluster: WritableCluster) -> None:
    hands = ThisMachine(Kubectl("lab"))
    hands.do(CHANGES[0])
    before = list(cluster.written)
    assert hands.find(CHANGES[0]).so
    assert cluster.written == before


def test_a_refusal_of_the_server_is_told_in_its_words_and_all_is_as_before(
    cluster: WritableCluster, tmp_path: Path
) -> None:
    cluster.refuses = "l2advertisements is forbidden: admission webhook denied it"
    work = Work("t", "HD104", ("v",), "n5", CHANGES[:1], "lab")
    ended = engine(tmp_path).apply(work, {}, dict, must_mend=False)
    assert ended.phase == "rolled-back"
    assert "admission webhook denied it" in ended.said[-1]
    assert cluster.objects == KEPT


def test_a_context_that_does_not_exist_changes_nothing(cluster: WritableCluster) -> None:
    with pytest.raises(CannotChange, match="elsewhere"):
        Kubectl("elsewhere").do(CHANGES[0], dry_run=True)  # type: ignore[arg-type]
    assert cluster.written == []
