"""Changes of the cluster: what stands before is read, and the undo is made of it. kubectl is a function here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hairpin_doctor.fixes.changes import Deletion, Manifest, Patch, ResourceRef, RestartedDaemonSet
from hairpin_doctor.fixes.changes.kubernetes import merge
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.machine.changing.kubectl import Kubectl

SERVICE = ResourceRef("service", "home", "dns")
BGP = ResourceRef("bgpadvertisements", "metallb-system")
ADVERTISEMENT = ResourceRef("l2advertisement", "metallb-system", "announce-on-br0")
YAML = "kind: L2Advertisement\nspec:\n  interfaces:\n  - br0\n"


class Server(Kubectl):
    """Holds objects by resource, and remembers what it was told."""

    objects: dict[str, Any]
    told: list[tuple[str, ...]]

    def run(self, *words: str, text: str | None = None) -> str:
        self.told.append(words)
        if "get" in words:
            return json.dumps(self.objects[words[3]]) if words[3] in self.objects else ""
        return ""


def server(**objects: Any) -> Server:
    made = Server("home")
    object.__setattr__(made, "objects", objects)
    object.__setattr__(made, "told", [])
    return made


def service(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "dns", "namespace": "home", "resourceVersion": "7", "managedFields": []}
    return {"kind": "Service", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}}


def test_an_object_that_was_not_there_is_deleted_again() -> None:
    assert server().find(Manifest(ADVERTISEMENT, YAML)).undo == (Deletion(ADVERTISEMENT),)


def test_an_object_that_was_there_is_put_back_without_what_the_server_adds() -> None:
    there = {"kind": "L2Advertisement", "metadata": {"name": "announce-on-br0", "uid": "1"}, "spec": {}}
    (back,) = server(l2advertisement=there).find(Manifest(ADVERTISEMENT, YAML)).undo
    assert isinstance(back, Manifest)
    assert json.loads(back.yaml)["metadata"] == {"name": "announce-on-br0"}


def test_an_object_that_is_as_wanted_is_left_alone() -> None:
    there = {"kind": "L2Advertisement", "metadata": {"name": "x"}, "spec": {"interfaces": ["br0"], "more": 1}}
    assert server(l2advertisement=there).find(Manifest(ADVERTISEMENT, YAML)).so


def test_deleted_objects_are_all_kept() -> None:
    items = [{"kind": "BGPAdvertisement", "metadata": {"name": name, "namespace": "m"}} for name in "ab"]
    found = server(bgpadvertisements={"items": items}).find(Deletion(BGP))
    assert [each.of.name for each in found.undo if isinstance(each, Manifest)] == ["a", "b"]
    assert server().find(Deletion(BGP)).so


def test_a_merge_patch_is_undone_by_the_values_found_and_null_where_there_was_none() -> None:
    patch = merge(
        SERVICE, {"externalTrafficPolicy": "Cluster", "loadBalancerSourceRanges": ["0.0.0.0/0"]}, {}
    )
    (back,) = server(service=service(externalTrafficPolicy="Local")).find(patch).undo
    assert isinstance(back, Patch)
    assert json.loads(back.patch) == {
        "spec": {"externalTrafficPolicy": "Local", "loadBalancerSourceRanges": None}
    }
    assert (
        server(service=service(externalTrafficPolicy="Cluster"))
        .find(merge(SERVICE, {"externalTrafficPolicy": "Cluster"}, {}))
        .so
    )


def test_a_port_is_added_once_and_undone_by_the_ports_found() -> None:
    tcp, udp = {"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "name": "udp-53"}
    patch = Patch(SERVICE, "json", json.dumps([{"op": "add", "path": "/spec/ports/-", "value": udp}]))
    (back,) = server(service=service(ports=[tcp])).find(patch).undo
    assert isinstance(back, Patch)
    assert json.loads(back.patch) == [{"op": "replace", "path": "/spec/ports", "value": [tcp]}]
    assert server(service=service(ports=[tcp, udp])).find(patch).so


def test_a_service_that_is_not_there_is_said() -> None:
    with pytest.raises(CannotChange, match="there is no service home/dns"):
        server().find(merge(SERVICE, {}, {}))


def test_a_dry_run_asks_the_server_and_restarts_nothing() -> None:
    asked = server()
    for change in (Manifest(ADVERTISEMENT, YAML), Deletion(BGP), merge(SERVICE, {}, {})):
        asked.do(change, dry_run=True)
    assert all("--dry-run=server" in words for words in asked.told)
    asked.do(RestartedDaemonSet("kube-system", "kube-proxy"), dry_run=True)
    assert len(asked.told) == 3


def test_without_a_context_the_cluster_is_not_touched() -> None:
    with pytest.raises(CannotChange, match="only with --context NAME"):
        ThisMachine().find(Deletion(BGP))
