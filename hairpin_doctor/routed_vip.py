"""VIPs that reach their clients by routes (BGP) and not by ARP: when is the route what is missing?"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.gateway_route import node_behind_gateway
from hairpin_doctor.network import Network
from hairpin_doctor.situation import NotThis, names
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts
from probes.bgp_daemon import BgpDaemonFacts
from probes.bgp_sessions import BGP_PORT, BgpSessionFacts
from probes.questions.bgp import BgpSession
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address

CONNECTING = ("SYN_SENT", "SYN_RECV")


@dataclass(frozen=True)
class RoutedVip:
    """A client that reaches the VIP by its gateway, hosts that do not announce it by ARP, and the BGP that they speak.

    `told`: the daemons' own sessions, empty where none could be asked. `peers`, `connecting`: TCP peers of port 179.
    `no_route`: the gateway itself says that it has none.
    """

    client: VantagePoint
    hosts: tuple[VantagePoint, ...]
    told: tuple[tuple[VantagePoint, BgpSession], ...]
    peers: tuple[Address, ...]
    connecting: tuple[Address, ...]
    listening: bool
    no_route: bool

    @property
    def host_names(self) -> str:
        """For a sentence."""
        return names(self.hosts)


def routed_vip(network: Network, client: VantagePoint, vip: Address) -> RoutedVip:
    """What a client and the hosts show.

    Raises NotThis where ARP decides or the packets arrive, MissingFacts where no host was scanned or either may be so.
    """
    if client.findings[RouteFacts].on_link(vip):
        raise NotThis(f"{vip} is on-link for {client.name}: it asks by ARP, not its gateway")
    hosts = network.hosts(vip)
    if not hosts:
        raise network.need_host(vip, "whether a route to it is advertised")
    _no_way_yet(network, client, vip, hosts)
    for host in hosts:
        _not_by_arp(network, host, vip)
    told = [(h, s) for h in hosts for s in _daemon(h).sessions or ()]
    connections = [each for host in hosts for each in host.findings[BgpSessionFacts].connections]
    peers = [peer for host in hosts for peer in host.findings[BgpSessionFacts].established_peers()]
    path = client.findings.get(RoutedPathFacts)
    connecting = (
        each.remote.address
        for each in connections
        if each.state in CONNECTING and each.remote.port == BGP_PORT
    )
    return RoutedVip(
        client=client,
        hosts=hosts,
        told=tuple(told),
        peers=tuple(dict.fromkeys(peers)),
        connecting=tuple(dict.fromkeys(connecting)),
        listening=any(each.state == "LISTEN" for each in connections),
        no_route=bool(path and path.gateway_has_no_route(vip)),
    )


def _daemon(host: VantagePoint) -> BgpDaemonFacts:
    return host.findings.get(BgpDaemonFacts) or BgpDaemonFacts(None)


def _no_way_yet(
    network: Network, client: VantagePoint, vip: Address, hosts: tuple[VantagePoint, ...]
) -> None:
    """Raises where the gateway has a way to a node, or a host has seen the client's packets."""
    hop = node_behind_gateway(network, client, vip)
    if hop is not None:
        raise NotThis(f"the gateway of {client.name} sends {vip} on to {hop}")
    arrived = next((host for host in hosts if tracked(host, client, vip)), None)
    if arrived:
        raise NotThis(f"{arrived.name} has seen packets of {client.name} to {vip}")
    path = client.findings.get(RoutedPathFacts)
    other = path.next_hop(vip) if path else None
    if other is not None and any(
        other in each.prefix for host in hosts for each in host.findings[RouteFacts].connected
    ):
        how = f"on {other}: hairpin-doctor scan --with <this report>"
        raise MissingFacts(f"what {other} does, to which the gateway sends {vip}", None, how)


def _not_by_arp(network: Network, host: VantagePoint, vip: Address) -> None:
    """Raises NotThis for a VIP of its own, MissingFacts where it may be announced by ARP just as well."""
    routes = host.findings[RouteFacts]
    if routes.is_local(vip):
        raise NotThis(f"{vip} is an address of {host.name} itself, which answers ARP for it")
    connected = any(vip in each.prefix for each in routes.connected)
    if connected and host.findings[AnnouncerFacts].listeners:
        what = f"whether {vip} is announced by ARP or by BGP: {host.name} has listeners for both"
        raise network.need_client(vip, f"{what}; a client in its subnet tells")
