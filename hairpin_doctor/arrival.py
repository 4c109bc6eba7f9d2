"""Where a failing client's packets to the VIP arrive: the scanned host whose MAC they go to, and the ports that fail."""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.gateway_route import gateway_on_a_host
from hairpin_doctor.listening import known_to_listen
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import failing_ports
from hairpin_doctor.situation import (
    NotThis,
    answering_interface,
    failing_clients,
    intercepted,
    macs_used,
    names,
)
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.bgp_sessions import BgpSessionFacts
from probes.interfaces import InterfaceFacts
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.target import Address, ServicePort


@dataclass(frozen=True)
class Arrival:
    """A failing client and the host that takes its packets in by `link` (None where they come by a router).

    `sure`: False where a router may send them to a node that was not scanned.
    """

    client: VantagePoint
    host: VantagePoint
    link: Link | None
    ports: tuple[ServicePort, ...]
    sure: bool = True


def arrivals(network: Network, vip: Address, what: str) -> tuple[Arrival, ...]:
    """The failing clients whose packets reach a scanned host that serves or announces the VIP.

    Raises NotThis where they go elsewhere, MissingFacts where that cannot be seen; `what` is what we want to know.
    """
    found: list[Arrival] = []
    refusals: list[Exception] = []
    for client in failing_clients(network, vip):
        try:
            found.append(_arrival(network, client, vip, what))
        except (NotThis, MissingFacts) as reason:
            refusals.append(reason)
    if not found:
        raise refusals[0]
    return tuple(found)


def _arrival(network: Network, client: VantagePoint, vip: Address, what: str) -> Arrival:
    ports = failing_ports(client, vip)
    if not ports:
        raise network.need_client(vip, f"which port of {vip} fails (name one)")
    if not client.findings[RouteFacts].on_link(vip):
        return _by_router(network, client, vip, what, ports)
    answer = answering_interface(network, client, vip, what)
    used = macs_used(client, vip)
    if used and answer.mac not in used:
        raise NotThis(f"{client.name} sends to {', '.join(sorted(used))}, not to {answer.mac} that answers")
    host, link = answer.owner.vantage_point, answer.owner.link
    return Arrival(client, host, _taken_by(network, client, vip, host, link), ports)


def _taken_by(network: Network, client: VantagePoint, vip: Address, host: VantagePoint, link: Link) -> Link:
    """The interface whose IP stack gets the packets; frames to a port's MAC that come in by another port are dropped."""
    master = host.findings[InterfaceFacts].by_index(link.master)
    if master is None or master.bridge is None:
        return master or link
    attachment = network.attachment(client, vip)
    if attachment is None or attachment.port is None:
        raise network.need_client(vip, f"behind which bridge port of {host.name} {client.name} is")
    if attachment.port.index != link.index and not intercepted(attachment, vip):
        raise NotThis(f"frames of {client.name} go to {link.name}'s MAC and do not come in by it")
    return master


def _by_router(
    network: Network, client: VantagePoint, vip: Address, what: str, ports: tuple[ServicePort, ...]
) -> Arrival:
    hosts = network.hosts(vip)
    if not hosts:
        raise network.need_host(vip, what)
    own = gateway_on_a_host(network, client, vip)
    if own is not None:
        master = own.vantage_point.findings[InterfaceFacts].by_index(own.link.master)
        return Arrival(client, own.vantage_point, master or own.link, ports)
    followed = [host for host in hosts if tracked(host, client, vip)]
    if not followed and len(hosts) > 1:
        raise network.need_client(vip, f"which of {names(hosts)} gets the packets of {client.name}")
    host = (followed or list(hosts))[0]
    return Arrival(client, host, None, ports, sure=bool(followed) or _alone_there(host, vip))


def _alone_there(host: VantagePoint, vip: Address) -> bool:
    """Whether no other machine of the host's link answers for the VIP, and no router was told of it by BGP.

    A host never hears its own announcer, so an unanswered question means that itself or nobody announces.
    """
    arp, bgp = host.findings.get(ArpFacts), host.findings.get(BgpSessionFacts)
    asked = arp is not None and arp.sees_duplicates(vip) and not arp.macs(vip)
    return bool(asked and known_to_listen(host, vip) and bgp and not bgp.established_peers())
