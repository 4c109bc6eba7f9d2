"""String the hooks together as the kernel does: prerouting, then input or forward, then postrouting.

Packet flow: nft(8), ADDRESS FAMILIES; with br_netfilter bridged frames pass the same IP hooks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from probes.questions.traffic import Endpoint
from probes.rulesets.actions import HideSource
from probes.rulesets.conditions import In
from probes.rulesets.crossing import Crossing, Translation
from probes.rulesets.model import Rule, Ruleset
from probes.rulesets.packet import NEW_AND_TRANSLATED, Packet
from probes.rulesets.truth import Truth
from probes.rulesets.verdicts import Jump
from probes.rulesets.walk import through_hook
from probes.target import Network

UNTOLD = ("KUBE-SEP-", "endpoint-", "KUBE-FW-", "KUBE-NODEPORTS")
PER_SERVICE = ("KUBE-SVC-", "KUBE-SVL-", "service-")
EXTERNAL = ("KUBE-EXT-", "KUBE-XLB-", "external-")
ENOUGH = 50
GUEST_INTERFACES = ("cali+",)
MARKING = frozenset({"KUBE-MARK-MASQ", "mark-for-masquerade"})


@dataclass(frozen=True)
class Leg:
    """One way on after prerouting: to a DNAT endpoint, or (endpoint None) with the packet's own destination."""

    endpoint: Endpoint | None
    translation: Translation | None
    packet: Packet


@dataclass(frozen=True)
class Entry:
    """Prerouting and the legs that may follow it."""

    crossing: Crossing
    legs: tuple[Leg, ...]


def enter(rulesets: Sequence[Ruleset], packet: Packet) -> Entry:
    """Through prerouting, where no outgoing interface is known yet; the marks of each leg are kept apart."""
    crossing = through_hook(rulesets, "prerouting", replace(packet, outgoing="", physdev_out=""))
    legs: dict[Endpoint | None, Leg] = {}
    for translation in crossing.translations:
        leg = _translated(packet, translation)
        known = legs.get(leg.endpoint)
        legs[leg.endpoint] = _merged(known, leg) if known else leg
    if crossing.untranslated is not Truth.NO and crossing.continues is not Truth.NO:
        legs[None] = Leg(None, None, replace(packet, mark=crossing.mark))
    return Entry(crossing, tuple(legs.values()))


def _translated(packet: Packet, translation: Translation) -> Leg:
    endpoint = translation.endpoint
    there = replace(packet, mark=translation.mark, state=NEW_AND_TRANSLATED)
    if endpoint is None:
        return Leg(None, translation, there)
    own = endpoint.address == packet.destination
    local = packet.destination_local if own else None
    there = replace(there, destination=endpoint.address, port=endpoint.port, destination_local=local)
    return Leg(endpoint, translation, there)


def _merged(first: Leg, second: Leg) -> Leg:
    mark = first.packet.mark.merged(second.packet.mark)
    return replace(first, packet=replace(first.packet, mark=mark))


def onward(rulesets: Sequence[Ruleset], leg: Leg) -> Crossing:
    """Through input where the destination is this machine's, else through forward."""
    if leg.packet.destination_local:
        return through_hook(rulesets, "input", replace(leg.packet, outgoing="", physdev_out=""))
    return through_hook(rulesets, "forward", leg.packet)


def hides_source(rulesets: Sequence[Ruleset], leg: Leg) -> Truth:
    """Does the backend see an address of this machine instead of the client's?"""
    return through_hook(rulesets, "postrouting", replace(leg.packet, incoming=None, physdev_in=None)).hidden


def from_outside(rulesets: Sequence[Ruleset], packet: Packet) -> Packet:
    """The packet as one of an external client: from none of the networks and interfaces of this machine's own guests.

    The rules themselves tell these. kube-proxy masquerades "all but" the pods (`! -s NET -j KUBE-MARK-MASQ`), unless it
    masquerades all, and under policy Local lets pods alone go anywhere (`-s NET -j KUBE-SVC-...`;
    pkg/proxy/iptables/proxier.go); docker, libvirt and CNI plugins masquerade guests on their way out
    (`-s NET ! -o DEV` or `-s NET ! -d NET -j MASQUERADE`). Calico names its pods' interfaces cali*.
    A network that the packet's destination lies in is no such network: clients live there.
    """
    networks: dict[Network, None] = {}
    interfaces = dict.fromkeys(GUEST_INTERFACES)
    for ruleset in rulesets:
        for rule in _nat_rules(ruleset):
            found = _internal(rule)
            if any(packet.destination in network for network in found):  # a LAN that this machine masquerades
                continue
            networks |= dict.fromkeys(found)
            interfaces |= dict.fromkeys(_guest_interfaces(rule) if found else ())
    outside = tuple(network for network in networks if network.prefixlen)
    return replace(packet, source_outside=outside, incoming_outside=tuple(interfaces))


def _nat_rules(ruleset: Ruleset) -> Iterator[Rule]:
    """Rules of nat tables; of kube-proxy's per-service chains a few, since all name the same pod network."""
    tables = {base.table for base in ruleset.bases if base.kind == "nat"}
    seen = {PER_SERVICE: 0, EXTERNAL: 0}
    for (table, name), chain in ruleset.chains.items():
        if table not in tables or name.startswith(UNTOLD):
            continue
        kind = next((each for each in seen if name.startswith(each)), None)
        if kind is not None:
            seen[kind] += 1
        if kind is None or seen[kind] <= ENOUGH:
            yield from chain.rules


def _internal(rule: Rule) -> tuple[Network, ...]:
    sources = [step for step in rule.steps if isinstance(step, In) and step.field == "source"]
    last = rule.steps[-1] if rule.steps else None
    if isinstance(last, Jump) and last.chain in MARKING:
        wanted = [source for source in sources if source.negated]
    elif _spares_pods(rule) or (isinstance(last, HideSource) and _leaves(rule)):
        wanted = [source for source in sources if not source.negated]
    else:
        return ()
    return tuple(network for source in wanted for network in source.values.networks)


def _spares_pods(rule: Rule) -> bool:
    last = rule.steps[-1] if rule.steps else None
    return isinstance(last, Jump) and last.chain.startswith(PER_SERVICE) and rule.chain.startswith(EXTERNAL)


def _leaves(rule: Rule) -> bool:
    return any(
        isinstance(step, In) and step.negated and step.field in ("outgoing", "destination")
        for step in rule.steps
    )


def _guest_interfaces(rule: Rule) -> tuple[str, ...]:
    """DEV of `-s NET ! -o DEV -j MASQUERADE`."""
    tests = [
        step for step in rule.steps if isinstance(step, In) and step.field == "outgoing" and step.negated
    ]
    return tuple(str(name) for test in tests for name in test.values.exact)
