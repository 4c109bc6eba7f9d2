"""What a machine answered, as facts in words that can be compared: `sysctl net.ipv4.ip_forward` is `1`.

Numbers of interfaces, counters, times and ports chosen by chance are no facts here: they differ between any two scans.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hairpin_doctor.comparison.rules_in_words import rules
from hairpin_doctor.recording import Asked, Recording
from probes import questions as q
from probes.host import Absent, Question
from probes.neighbours import UNUSABLE
from probes.questions.links import Link
from probes.questions.machine import Moment
from probes.questions.routing import Route

ARP, BGP_PORT, MAIN_TABLE = 0x0806, 179, 254
RULES, RULE_QUESTIONS = "the service rules", (q.IptablesRules, q.NftRuleset)


@dataclass(frozen=True)
class Fact:
    """`what` is `value`. `about`: the kind of question it comes from. `lasting`: its coming or going means something."""

    about: str
    what: str
    value: str
    lasting: bool = True


Names = Mapping[int, str]


def facts(recording: Recording) -> tuple[Fact, ...]:
    """Every fact of a recording, in the order of the questions' layers."""
    names = _names(recording)
    by_kind: dict[type, list[Asked]] = {}
    for asked in recording.asked:
        by_kind.setdefault(type(asked.question), []).append(asked)
    found: list[Fact] = []
    for kind, say in SAID.items():
        for asked in by_kind.get(kind, ()):
            found += [dataclasses.replace(each, about=kind.__name__) for each in say(asked, names)]
    return (*found, *(Fact(RULES, what, value) for what, value in rules(recording)))


def answered(recording: Recording) -> frozenset[str]:
    """The kinds of facts that the machine was asked for and told; that there is no such thing is an answer too."""
    found = {
        type(each.question)
        for each in recording.asked
        if each.unanswered is None or isinstance(each.unanswered, Absent)
    }
    names = {kind.__name__ for kind in found if kind in SAID}
    return frozenset(names | ({RULES} if found & set(RULE_QUESTIONS) else set()))


def _names(recording: Recording) -> Names:
    links = next((each.answer for each in recording.asked if isinstance(each.question, q.Links)), None)
    return {link.index: link.name for link in links or ()}


def _fact(what: str, value: object, *, lasting: bool = True) -> Fact:
    return Fact("", what, str(value), lasting)


def _identity(asked: Asked, _: Names) -> Iterator[Fact]:
    if asked.answer is not None:
        yield _fact("kernel", asked.answer.kernel)
        yield _fact("boot", asked.answer.boot_id)
        yield _fact("scanned as root", "yes" if asked.answer.root else "no")


def _sysctl(asked: Asked, _: Names) -> Iterator[Fact]:
    if asked.answer is not None and isinstance(asked.question, q.Sysctl):
        yield _fact(f"sysctl {asked.question.name.replace('/', '.')}", asked.answer)


def _links(asked: Asked, names: Names) -> Iterator[Fact]:
    for link in asked.answer or ():
        yield from _link(link, names)


def _link(link: Link, names: Names) -> Iterator[Fact]:
    name = f"interface {link.name}"
    yield _fact(name, link.kind or "physical")
    yield _fact(f"{name}: MAC", link.mac or "none")
    yield _fact(f"{name}: MTU", link.mtu)
    yield _fact(f"{name}: state", f"{'up' if link.up else 'down'}{'' if link.carrier else ', no carrier'}")
    yield _fact(f"{name}: master", names.get(link.master or 0, "none"))
    yield _fact(
        f"{name}: addresses", _listed(f"{each.address}/{each.prefix_length}" for each in link.addresses)
    )
    if link.lower:
        yield _fact(f"{name}: on", names.get(link.lower, "an interface elsewhere"))
    if link.macvlan_mode:
        yield _fact(f"{name}: mode", link.macvlan_mode)
    for kind, settings in (("bridge", link.bridge), ("port", link.port)):
        for field in dataclasses.fields(settings) if settings else ():
            value = getattr(settings, field.name)
            plain = _listed(map(str, value)) if isinstance(value, tuple) else _word(value)
            yield _fact(f"{name}: {kind}'s {field.name}", plain)


def _word(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _listed(items: Any) -> str:
    return ", ".join(sorted(items)) or "none"


def _forwarding(asked: Asked, names: Names) -> Iterator[Fact]:
    for entry in asked.answer or ():
        if not entry.own:
            port = names.get(entry.port, "an unknown port")
            set_by_hand = " (set by hand)" if entry.static else ""
            yield _fact(f"{entry.mac} is behind", f"{port}{set_by_hand}", lasting=entry.static)


def _neighbours(asked: Asked, names: Names) -> Iterator[Fact]:
    if not isinstance(asked.question, q.Neighbours) or asked.question.moment is not Moment.BEFORE:
        return
    for entry in asked.answer or ():
        by_hand = entry.state == "PERMANENT"
        usable = entry.mac and entry.state not in UNUSABLE
        value = f"{entry.mac}{' (permanent)' if by_hand else ''}" if usable else "unresolved"
        where = names.get(entry.interface, "an unknown interface")
        yield _fact(f"neighbour {entry.address} on {where}", value, lasting=by_hand)


def _arp(asked: Asked, _: Names) -> Iterator[Fact]:
    if isinstance(asked.question, q.ArpSweep) and asked.answer is not None:
        for address in asked.question.addresses:
            macs = {reply.mac for reply in asked.answer if reply.address == address}
            who = _listed(macs) if macs else "nobody"
            yield _fact(f"ARP on {asked.question.interface}: who has {address}", who, lasting=False)


def _route(asked: Asked, _: Names) -> Iterator[Fact]:
    if isinstance(asked.question, q.RouteTo):
        origin = f" from {asked.question.source}" if asked.question.source else ""
        incoming = f" that came in by {asked.question.incoming}" if asked.question.incoming else ""
        value = _way(asked.answer) if asked.answer else "none"
        yield _fact(f"route to {asked.question.destination}{origin}{incoming}", value, lasting=False)


def _way(route: Route) -> str:
    if route.type != "unicast":
        return route.type
    via = f"via {route.gateway} " if route.gateway else ""
    table = f", table {route.table}" if route.table != MAIN_TABLE else ""
    return f"{via}by {route.interface}{f', from {route.source}' if route.source else ''}{table}"


def _policy(asked: Asked, _: Names) -> Iterator[Fact]:
    for rule in asked.answer or ():
        yield _fact(f"policy rule {rule.priority}: {rule.text}", "there")


def _prefixes(asked: Asked, _: Names) -> Iterator[Fact]:
    for each in asked.answer or ():
        yield _fact(f"prefix {each.prefix} on {each.interface}", "on-link")


def _listeners(asked: Asked, names: Names) -> Iterator[Fact]:
    heard: dict[str, set[str]] = {}
    for each in asked.answer or ():
        if each.ethertype == ARP:
            where = names.get(each.interface, "every interface")
            heard.setdefault(where, set()).add(each.process or "a process")
    for where, processes in heard.items():
        yield _fact(f"who listens for ARP on {where}", _listed(processes))


def _sessions(asked: Asked, _: Names) -> Iterator[Fact]:
    for each in asked.answer or ():
        if BGP_PORT in (each.local.port, each.remote.port) and each.state != "LISTEN":
            yield _fact(f"BGP session with {each.remote.address}", each.state.lower())


def _servers(asked: Asked, _: Names) -> Iterator[Fact]:
    for each in asked.answer or ():
        value = _listed(map(str, each.real_servers))
        yield _fact(f"IPVS {each.address}:{each.port}/{each.protocol}", value)


SAID: dict[type[Question[Any]], Callable[[Asked, Names], Iterator[Fact]]] = {
    q.MachineIdentity: _identity,
    q.Sysctl: _sysctl,
    q.Links: _links,
    q.ForwardingDatabase: _forwarding,
    q.Neighbours: _neighbours,
    q.ArpSweep: _arp,
    q.RouteTo: _route,
    q.RoutingRules: _policy,
    q.ConnectedPrefixes: _prefixes,
    q.PacketSockets: _listeners,
    q.TcpConnections: _sessions,
    q.VirtualServers: _servers,
}
