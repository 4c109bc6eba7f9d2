"""docs/cluster-access.yaml grants what the doctor asks a cluster for, and nothing else."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import yaml

from probes import questions as q
from probes.cluster.api import resource
from probes.cluster.host import ANSWERED_BY, ClusterHost
from probes.host import Absent, Unanswered

MANIFEST = Path(__file__).parents[2] / "docs" / "cluster-access.yaml"
EVERYBODY_MAY = {("list", "API groups")}
EXAMPLES = {
    q.ServiceEndpoints: ("dns", "dns"),
    q.PodsOf: ("metallb-system", "component=speaker"),
    q.CiliumL2Lease: ("kube-system", "dns", "dns"),
}


class Listening:
    """An API that serves nothing and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str]] = set()

    def get(self, path: str, seconds: float) -> bytes:
        self.asked.add(resource(path))
        raise Absent(path)


def asked_for() -> set[tuple[str, str]]:
    api = Listening()
    host = ClusterHost(api)
    for question in ANSWERED_BY:
        with contextlib.suppress(Unanswered):
            host.ask(question(*EXAMPLES.get(question, ())))
    return api.asked


def granted() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for document in yaml.safe_load_all(MANIFEST.read_text()):
        for rule in document.get("rules", ()):
            groups: list[Any] = [f".{group}" if group else "" for group in rule["apiGroups"]]
            found |= {
                (verb, f"{name}{group}")
                for verb in rule["verbs"]
                for name in rule["resources"]
                for group in groups
            }
    return found


def test_everything_that_is_asked_for_is_granted_and_nothing_else() -> None:
    assert asked_for() == granted() | EVERYBODY_MAY


def test_it_only_reads_and_no_secret() -> None:
    assert {verb for verb, _ in granted()} == {"get", "list"}
    assert not any("secret" in name for _, name in granted())
