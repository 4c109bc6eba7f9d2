"""Which ports of an address a ruleset speaks of: those that rules on the address's possible way name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from probes.probe import Scope
from probes.rulesets.actions import TranslateByMap
from probes.rulesets.conditions import CONDITIONS, In
from probes.rulesets.fields import member
from probes.rulesets.lookup import Lookup
from probes.rulesets.model import Hook, Rule, Ruleset
from probes.rulesets.packet import Packet
from probes.rulesets.truth import Truth
from probes.rulesets.values import Values
from probes.rulesets.walk import through_hook
from probes.target import Address, Protocol, ServicePort

MOST_OF_A_RANGE = 64
HOOKS: tuple[Hook, ...] = ("prerouting", "input", "forward")


def ports_named(rulesets: Sequence[Ruleset], packet: Packet) -> tuple[ServicePort, ...]:
    """Ports and protocols that rules name for packets to this destination, sorted; of a range the first 64.

    After prerouting only rules that name the destination count: a general filter rule programs no port.
    """
    anything = replace(packet, port=None, protocol=None, outgoing=None)
    found: set[ServicePort] = set()
    for ruleset in rulesets:
        for hook in HOOKS:
            for table, name in through_hook([ruleset], hook, anything).visited:
                chain = ruleset.chain(table, name)
                for rule in chain.rules if chain else ():
                    found |= set(_ports(rule, anything, hook))
    return tuple(sorted(found))


def ports_wanted(scope: Scope, vip: Address) -> tuple[ServicePort, ...]:
    """Ports of a VIP that the user named, both protocols where none was named, sorted."""
    found = {
        ServicePort(target.port, protocol)
        for target in scope.targets
        if target.vip == vip and target.port is not None
        for protocol in ([target.protocol] if target.protocol else Protocol)
    }
    return tuple(sorted(found))


def _ports(rule: Rule, packet: Packet, hook: Hook) -> Iterator[ServicePort]:
    conditions = [step for step in rule.steps if isinstance(step, CONDITIONS)]
    if any(condition.holds(packet, packet.mark) is Truth.NO for condition in conditions):
        return
    tests = [step for step in conditions if isinstance(step, In) and not step.negated]
    protocols = _protocols([step.values for step in tests if step.field == "protocol"])
    if hook == "prerouting" or rule.destinations:
        for test in tests:
            if test.field == "port":
                yield from _pairs(test.values, protocols)
    for action in rule.steps:
        lookup = action.lookup if isinstance(action, TranslateByMap) else action
        if not isinstance(lookup, Lookup) or "port" not in lookup.fields:
            continue
        if hook == "prerouting" or "destination" in lookup.fields:
            yield from _of_elements(lookup, packet, protocols)


def _of_elements(lookup: Lookup, packet: Packet, protocols: frozenset[Protocol]) -> Iterator[ServicePort]:
    for element in lookup.elements:
        key = dict(zip(lookup.fields, element.key, strict=False))
        if "destination" in key and member("destination", key["destination"], packet) is Truth.NO:
            continue
        named = _protocols([key["protocol"]]) if "protocol" in key else protocols
        if "port" in key:
            yield from _pairs(key["port"], named)


def _protocols(values: list[Values]) -> frozenset[Protocol]:
    return frozenset(p for p in Protocol if all(str(p) in value for value in values))


def _pairs(values: Values, protocols: frozenset[Protocol]) -> Iterator[ServicePort]:
    for low, high in values.ports:
        for port in range(max(low, 1), min(high, low + MOST_OF_A_RANGE - 1, 65535) + 1):
            for protocol in protocols:
                yield ServicePort(port, protocol)
