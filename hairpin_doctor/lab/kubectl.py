"""What the lab's node does when kubectl changes a Service: kube-proxy programs its rules anew. There is no API server."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from hairpin_doctor.lab.build import RULESET_TOOLS, Lab
from hairpin_doctor.lab.homelab import Variant, kube_proxy_ruleset
from hairpin_doctor.lab.kube_proxy import Service, ServicePort
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Ruleset
from hairpin_doctor.machine.commands import run

RESTART = "rollout restart daemonset kube-proxy"


def understands(command: str) -> bool:
    """Whether obeying this command changes a node's rules."""
    return command.startswith("kubectl ") and (" patch service " in command or RESTART in command)


def obey(lab: Lab, node: str, names: Names, services: Sequence[Service], command: str) -> None:
    """Program the node's rules for `services`, the cluster's own, as the command changes them."""
    program(lab, node, names, services if RESTART in command else _patched(services, shlex.split(command)))


def program(lab: Lab, node: str, names: Names, services: Sequence[Service]) -> None:
    """What kube-proxy does on a node when the Services have become these."""
    host = lab.topology.machine(node)
    old = next(rules for rules in host.rulesets if "KUBE-" in rules.text or "kube-proxy" in rules.text)
    new = kube_proxy_ruleset(
        tuple(services), names, Variant(kube_proxy="nftables" if old.tool == "nft" else "iptables")
    )
    _load(lab, node, new)


def restore(lab: Lab, node: str) -> None:
    """The node's rules as they were before kube-proxy heard of any change."""
    rules = lab.topology.machine(node).rulesets
    _load(lab, node, next(each for each in rules if "KUBE-" in each.text or "kube-proxy" in each.text))


def _load(lab: Lab, node: str, rules: Ruleset) -> None:
    text = _forgetting(rules.text) if rules.tool == "nft" else rules.text
    run(lab.place(node).wrap(RULESET_TOOLS[rules.tool]), text)


def _forgetting(text: str) -> str:
    """The same rules, in the place of those that the table holds."""
    table = "table ip6 kube-proxy" if "table ip6 kube-proxy" in text else "table ip kube-proxy"
    return f"{table}\ndelete {table}\n{text}"


def _patched(services: Sequence[Service], words: Sequence[str]) -> list[Service]:
    namespace, name = words[words.index("-n") + 1], words[words.index("service") + 1]
    patch = json.loads(words[words.index("-p") + 1])
    change = _added if words[words.index("--type") + 1] == "json" else _merged
    return [
        change(each, patch) if (each.namespace, each.name) == (namespace, name) else each for each in services
    ]


def _merged(service: Service, patch: Mapping[str, Any]) -> Service:
    spec = patch["spec"]
    policy = spec.get("externalTrafficPolicy", service.traffic_policy)
    ranges = spec.get("loadBalancerSourceRanges", service.source_ranges)
    return replace(
        service,
        traffic_policy="Local" if policy == "Local" else "Cluster",
        source_ranges=tuple(map(ip_network, ranges)),
    )


def _added(service: Service, patch: Sequence[Mapping[str, Any]]) -> Service:
    """One more port per operation "add"."""
    ports = tuple(
        ServicePort(
            value["name"],
            value["port"],
            "udp" if value["protocol"] == "UDP" else "tcp",
            int(value["targetPort"]),
        )
        for operation in patch
        if operation["op"] == "add"
        for value in (operation["value"],)
    )
    return replace(service, ports=(*service.ports, *ports))
