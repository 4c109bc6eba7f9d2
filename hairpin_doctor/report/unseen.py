"""What a run did not see, said in sentences: paths nobody tested, and questions that a missing right left open."""

from __future__ import annotations

from collections.abc import Iterable

from hairpin_doctor.findings import Findings, Unseen
from hairpin_doctor.network import Network
from hairpin_doctor.recording import Recording
from probes.host import Denied
from probes.service_rules import ServiceRulesFacts
from probes.target import Address

LEFT_OPEN = {
    "ArpSweep": "a second machine that answers ARP",
    "RoutedExchanges": "whether the gateway has a route to the VIP",
    "RoutedEchoes": "whether the gateway has a route to the VIP",
    "DirectedExchanges": "what each machine that answers does with a packet for the VIP",
    "IngressPrograms": "eBPF programs on interfaces",
    "IptablesRules": "the service rules (iptables)",
    "NftRuleset": "the service rules (nftables)",
    "TrackedConnections": "what connection tracking did to the traffic",
    "KernelLog": "the kernel's log",
}


def missing_rights(recording: Recording) -> tuple[str, ...]:
    """Every right that a question of the scan was refused for."""
    refused = (each.unanswered for each in recording.asked)
    return tuple(sorted({error.right for error in refused if isinstance(error, Denied)}))


def not_seen(looked: Iterable[tuple[str, Recording]]) -> tuple[str, ...]:
    """One sentence per vantage point that lacked a right, with how to see it."""
    found: list[str] = []
    for name, recording in looked:
        rights = missing_rights(recording)
        if rights:
            refused = (type(e.question).__name__ for e in recording.asked if isinstance(e.unanswered, Denied))
            things = ", ".join(dict.fromkeys(LEFT_OPEN.get(kind, kind) for kind in refused))
            found.append(
                f"Not seen on {name} without {' and '.join(rights)}: {things}. Run it as root (sudo) to see them."
            )
    return tuple(found)


def hindered(findings: Findings) -> tuple[str, ...]:
    """Probes that could not run for another reason than a missing right, and rulesets that could not be read."""
    name = findings.vantage_point
    found = [
        f"Probe {each.probe.id} on {name} {'failed' if each.crashed else 'was skipped'}: {each.reason}"
        for each in findings.all
        if isinstance(each, Unseen) and not each.right
    ]
    rules = findings.get(ServiceRulesFacts)
    unread = rules.unread if rules else ()
    return (*found, *(f"On {name}: {sentence}" for sentence in unread))


def not_tested(network: Network) -> tuple[str, ...]:
    """A machine that serves the VIP reaches it by a short cut: without a client, the client's path is untested."""
    groups: dict[str, list[Address]] = {}
    for vip in network.vips:
        if not network.clients(vip):
            groups.setdefault(", ".join(host.name for host in network.hosts(vip)), []).append(vip)
    return tuple(_untested(network, hosts, vips) for hosts, vips in groups.items())


def _untested(network: Network, hosts: str, vips: list[Address]) -> str:
    which = ", ".join(map(str, vips))
    if hosts:
        return f"client path not tested: {hosts} serves {which} itself, and reaches its own services by a short cut"
    points = ", ".join(point.name for point in network.vantage_points)
    return f"client path perhaps not tested: whether {points} serves {which} itself could not be seen"
