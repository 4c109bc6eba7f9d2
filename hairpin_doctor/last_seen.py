"""Where the packets of a failing client were last seen: what is left to say where no cause explains a symptom.

Told from both ends: the MAC the client sent to, and what the serving host's connection tracking remembers of the flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.network import Network
from hairpin_doctor.situation import macs_used, names
from hairpin_doctor.states import TargetState
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from hairpin_doctor.ways_to_endpoints import discards
from probes.arp import ArpFacts
from probes.connections import ConnectionFacts
from probes.hops import HopFacts
from probes.questions.firewall import TrackedConnection
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address, resolution
from probes.ways_back import WayBackFacts


@dataclass(frozen=True)
class Trail:
    """Where packets were last seen, in one sentence; and where to look for them next, by which filter of pcap-filter(7)."""

    said: str
    client: str
    machine: str
    filter: str


@dataclass(frozen=True)
class _End:
    """The same for one port."""

    where: str
    machine: str
    filter: str


def last_seen(network: Network, vip: Address) -> tuple[Trail, ...]:
    """One for every port of the VIP that fails from a client; ports with the same fate share it."""
    return tuple(
        Trail(
            f"Last seen of {client.name}'s packets to {vip} port {', '.join(ports)}: {end.where}.",
            client.name,
            end.machine,
            end.filter,
        )
        for client in network.failing(vip)
        for end, ports in _by_end(network, client, vip).items()
    )


def _by_end(network: Network, client: VantagePoint, vip: Address) -> dict[_End, list[str]]:
    found: dict[_End, list[str]] = {}
    for state in client.states_of(vip):
        if state.unreached and state.target.port is not None:
            end = _end(network, client, vip, state)
            found.setdefault(end, []).append(f"{state.target.port}/{state.target.protocol}")
    return found


def _end(network: Network, client: VantagePoint, vip: Address, state: TargetState) -> _End:
    for host, flow in _flows(network, client, vip, state):
        place, port = flow.reply.source, flow.reply.source_port
        if place == vip:
            return _End(
                f"on {host.name}, which tracks them and translates them to nothing", host.name, f"host {vip}"
            )
        refused = discards(host, place)
        if refused:
            said = f"on {host.name}, which translates them to {place} and sends them nowhere: {refused}"
            return _End(said, host.name, f"host {vip}")
        if flow.seen_reply:
            lost = _no_way_back(host, client, vip) or "the answers do not arrive"
            said = f"on {host.name}, where {place} answers them; {lost}"
            return _End(said, host.name, f"host {flow.original.source}")
        said = f"on {host.name}, sent on to {place} port {port}; nothing comes back"
        return _End(said, host.name, f"host {place} and port {port}")
    passed = _on_the_way(client, vip)
    left = f"leaving {client.name}{_towards(network, client, vip)}"
    said = f"{passed or left}; {_untracked(network, vip)}"
    nowhere = _discarded(network, vip, state)
    if nowhere:
        said += f", and {nowhere}, to which its service rules translate them"
    next_machine = next((host.name for host in network.hosts(vip)), client.name)
    return _End(said, next_machine, f"host {vip}")


def _discarded(network: Network, vip: Address, state: TargetState) -> str | None:
    """How a serving host refuses what it translates for this port, where it does so for every endpoint."""
    port, protocol = state.target.port, state.target.protocol
    for host in network.hosts(vip):
        rules = host.findings.get(ServiceRulesFacts)
        known = rules.at(vip, port, protocol) if rules and port and protocol else ()
        said = [discards(host, end.address) for each in known for end in each.endpoints]
        if said and all(said):
            return said[0]
    return None


def _no_way_back(host: VantagePoint, client: VantagePoint, vip: Address) -> str | None:
    ways, address = host.findings.get(WayBackFacts), client.address_towards(vip)
    found = ways.of(vip, address) if ways and address else ()
    if found and all(way.route is None for way in found):
        return f"{host.name} has no route by which answers could go to {address}"
    return None


def _flows(
    network: Network, client: VantagePoint, vip: Address, state: TargetState
) -> Iterator[tuple[VantagePoint, TrackedConnection]]:
    """The flows to that port on every serving host, unanswered ones first."""
    found = [
        (host, flow)
        for host in network.hosts(vip)
        for flow in tracked(host, client, vip)
        if (flow.original.destination_port, flow.protocol) == (state.target.port, state.target.protocol)
    ]
    return iter(sorted(found, key=lambda each: each[1].seen_reply))


def _towards(network: Network, client: VantagePoint, vip: Address) -> str:
    routes = client.findings.get(RouteFacts)
    route = routes.route(vip) if routes else None
    if route is not None and route.gateway is not None:
        return f" for its router {route.gateway}"
    arp = client.findings.get(ArpFacts)
    macs = sorted(macs_used(client, vip)) or list(arp.macs(vip) if arp else ())
    if not macs:
        return ""
    owners = network.owners(macs[0])
    return f" for {macs[0]}" + (f" ({owners[0]})" if owners else "")


def _on_the_way(client: VantagePoint, vip: Address) -> str | None:
    """The farthest router that said something of a packet; what it does not say is open, since routers may be silent."""
    found = client.findings.get(HopFacts)
    refused, last = (found.refused_by(vip), found.last_router(vip)) if found else (None, None)
    if found is None or last is None:
        return None
    circle = found.circle(vip)
    if circle:
        return f"going round between {' and '.join(map(str, circle))}, whose routes for it lead to each other"
    if refused is None:
        return f"at {last}, the last router that says that it had them (whoever is behind it says nothing)"
    if refused.is_unroutable:
        return f"at {last}, which has no route for them or no answer to its {resolution(vip)}, and says Unreachable"
    return f"at {last}, which refuses them (ICMP Unreachable, code {refused.code})"


def _untracked(network: Network, vip: Address) -> str:
    hosts = network.hosts(vip)
    if not hosts:
        return "no host that serves it was scanned"
    if any(host.findings.get(ConnectionFacts) is None for host in hosts):
        return f"what {names(hosts)} tracks could not be read"
    return f"{names(hosts)} tracks nothing of them (unanswered flows are forgotten after 30 s to 2 min)"
