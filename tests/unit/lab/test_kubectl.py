"""What the lab's node does when kubectl changes a Service."""

from __future__ import annotations

from typing import Any

import pytest

from hairpin_doctor.fixes.service_object import add_port, policy_cluster, restart_proxy, source_ranges
from hairpin_doctor.lab import kubectl
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.homelab import cluster_services
from hairpin_doctor.lab.names import Names
from probes.target import Protocol, ServicePort

NAMES = Names.story()


def loaded(monkeypatch: pytest.MonkeyPatch, name: str, command: str) -> str:
    """The rules that the node of a case loads when it obeys."""
    case = find(name)
    assert case is not None
    texts: list[str] = []
    monkeypatch.setattr(kubectl, "run", lambda argv, text: texts.append(text))
    lab: Any = Lab(case.build(NAMES))
    kubectl.obey(lab, "host", NAMES, case.cluster(NAMES), command)
    return texts[0]


def test_looking_changes_nothing() -> None:
    assert not kubectl.understands("kubectl -n home get service dns -o yaml")
    assert not kubectl.understands("iptables -A FORWARD -j ACCEPT")


def test_restarted_the_proxy_programs_what_the_cluster_says(monkeypatch: pytest.MonkeyPatch) -> None:
    command = restart_proxy(NAMES.dns_vip, "vm").steps[0].commands[-1]
    assert kubectl.understands(command)
    assert str(NAMES.dns_vip) in loaded(monkeypatch, "vip-not-programmed", command)


def test_policy_cluster_takes_the_drop_away(monkeypatch: pytest.MonkeyPatch) -> None:
    command = policy_cluster("home/dns:dns-tcp", NAMES.dns_vip, "vm").steps[0].commands[0]
    rules = loaded(monkeypatch, "local-policy-no-local-endpoint", command)
    assert "has no local endpoints" not in rules
    assert f"--to-destination {NAMES.other_node_ip}:53" in rules


def test_a_further_range_stands_beside_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    case = find("source-ranges-exclude-client")
    assert case is not None
    now = next(each.source_ranges for each in case.cluster(NAMES) if each.vip == NAMES.dns_vip)
    more = tuple(type(each)("203.0.113.0/24") for each in now)
    command = source_ranges("home/dns:x", now, more, NAMES.dns_vip, "vm").steps[0].commands[0]
    rules = loaded(monkeypatch, "source-ranges-exclude-client", command)
    assert all(f"-s {each} " in rules for each in (*now, *more))


def test_a_port_is_added_to_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ServicePort(53, Protocol.UDP)
    command = add_port("home/dns:dns-tcp", port, 53, NAMES.dns_vip, "vm").steps[0].commands[-1]
    rules = loaded(monkeypatch, "protocol-missing", command)
    assert f"-d {NAMES.dns_vip}/32 -p udp -m udp --dport 53" in rules
    assert f"-d {NAMES.dns_vip}/32 -p tcp -m tcp --dport 53" in rules


def test_every_service_of_a_case_has_a_name_that_kubectl_can_say() -> None:
    assert len({(each.namespace, each.name) for each in cluster_services(NAMES)}) == len(
        cluster_services(NAMES)
    )
