"""NAMESPACE/SERVICE as a target, and the order of discovery: the cluster, else the service rules, else a suggestion."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any

import pytest

from hairpin_doctor.targets import NoTarget, choose_targets, service_targets
from probes.cluster.host import WithCluster
from probes.host import Absent, Question
from probes.questions.neighbours import Neighbour, Neighbours
from probes.target import BadTarget, Protocol
from scripts import cluster_objects as objects

VIP, OTHER = "192.0.2.53", "192.0.2.80"
WEB = [{"name": "web", "protocol": "TCP", "port": 80, "nodePort": 30080}]
Started = Callable[..., Any]


class Machine:
    """One that knows nothing but its neighbours: a node with two addresses behind its MAC, and a station."""

    def ask(self, question: Question[Any]) -> Any:
        if not isinstance(question, Neighbours):
            raise Absent("not here")
        macs = {"192.0.2.10": 1, VIP: 1, "192.0.2.99": 2}
        return tuple(
            Neighbour(2, IPv4Address(address), f"02:00:00:00:00:0{n}", "STALE", False)
            for address, n in macs.items()
        )


@pytest.fixture
def cluster(serve: Started, asked_by: Started) -> Started:
    """`cluster(answers)`: a machine and beside it a cluster, asked over HTTPS, in a pod and by the real kubectl."""
    return lambda answers: WithCluster(Machine(), asked_by(serve(answers)))


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`rules(VIP)`: this machine's service rules serve port 443 of these."""

    def serve(*vips: str) -> None:
        ports = tuple(
            SimpleNamespace(vip=IPv4Address(vip), port=443, protocol=Protocol.TCP, names_vip=True)
            for vip in vips
        )
        facts = SimpleNamespace(load_balancer_ports=ports, unread=(), programmed=lambda _: ())
        monkeypatch.setattr("hairpin_doctor.targets.service_rules", SimpleNamespace(look=lambda *_: facts))

    return serve


def found(host: Any, *given: Any) -> list[str]:
    return [str(each) for each in choose_targets(host, given, (), cluster=True)]


def test_a_service_by_its_name_is_each_of_its_ports(cluster: Started) -> None:
    host = cluster(objects.homelab(VIP))
    assert [str(each) for each in service_targets(host, "dns/dns")] == [f"{VIP}:53/udp", f"{VIP}:53/tcp"]


def test_a_service_that_cannot_be_found_is_one_sentence(cluster: Started) -> None:
    pending = objects.service("dns", VIP)
    pending["status"] = {"loadBalancer": {}}
    answers = objects.homelab(VIP) | {objects.SERVICES: [pending]}
    with pytest.raises(BadTarget, match="dns/web: the cluster has no Service of type LoadBalancer"):
        service_targets(cluster(answers), "dns/web")
    with pytest.raises(BadTarget, match="dns/dns: the Service has no address yet"):
        service_targets(cluster(answers), "dns/dns")
    with pytest.raises(BadTarget, match="without RBAC list on services; docs/cluster-access"):
        service_targets(cluster(answers | {objects.SERVICES: 403}), "dns/dns")


def test_the_cluster_goes_before_the_service_rules(cluster: Started, rules: Callable[..., None]) -> None:
    rules(OTHER)
    both = [objects.service("dns", VIP), objects.service("web", "192.0.2.81", "web", ports=WEB)]
    answers = objects.homelab(VIP) | {objects.SERVICES: both}
    assert found(cluster(answers)) == [f"{VIP}:53/udp", f"{VIP}:53/tcp", "192.0.2.81:80/tcp"]


@pytest.mark.parametrize("services", [[], 403, 500], ids=["none", "refused", "broken"])
def test_where_the_cluster_names_none_the_service_rules_do(
    cluster: Started, rules: Callable[..., None], services: Any
) -> None:
    rules(OTHER)
    assert found(cluster(objects.homelab(VIP) | {objects.SERVICES: services})) == [f"{OTHER}:443/tcp"]


def test_where_neither_names_one_neighbours_are_suggested_and_not_scanned(
    cluster: Started, rules: Callable[..., None]
) -> None:
    rules()
    with pytest.raises(NoTarget, match=rf"candidates, since they share a MAC .*: 192.0.2.10, {VIP}\)"):
        found(cluster(objects.homelab(VIP) | {objects.SERVICES: []}))
