"""Does the client's gateway have a route to an on-link VIP, or does it ask by ARP (NDP) as the client does?"""

from __future__ import annotations

from hairpin_doctor.listening import listeners
from hairpin_doctor.network import Network, Owner
from hairpin_doctor.rule import Confidence
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.bgp_sessions import BgpSessionFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address


def node_behind_gateway(network: Network, client: VantagePoint, vip: Address) -> Address | None:
    """The client's gateway's next hop for an on-link VIP, as far as it can be a node that serves it.

    It must be the VIP itself, an address of a scanned host, or on the client's own link: a router without any route
    for the VIP sends it on to its own gateway, which gives itself away just so. An address fe80:: may be another machine's
    on each link, so that its MAC must be the host's too.
    """
    path = client.findings.get(RoutedPathFacts)
    hop = path.next_hop(vip) if path else None
    if path is None or hop is None or hop == vip:
        return hop
    hosts = network.hosts(vip)
    if hosts:
        links = [host.findings[InterfaceFacts].with_address(hop) for host in hosts]
        macs = path.next_hop_macs(vip)
        return hop if any(link and (not hop.is_link_local or link.mac in macs) for link in links) else None
    return hop if any(hop in each.prefix for each in client.findings[RouteFacts].connected) else None


def route_of_the_gateway(network: Network, client: VantagePoint, vip: Address) -> Confidence | None:
    """How sure it is that the node behind the gateway is reached by a route, not by an ARP answer that only the gateway got.

    PROVEN where the gateway's redirect names the node, where the gateway itself answers ARP for the VIP, and where no host
    could have answered it; LIKELY where no host's listener for NDP is known, which a packet socket would not show, and where
    the gateway has a BGP session with a host. None where nothing says so.
    """
    if node_behind_gateway(network, client, vip) is None:
        return None
    path, arp = client.findings.get(RoutedPathFacts), client.findings.get(ArpFacts)
    if (path and path.redirected_to(vip)) or (arp and arp.macs(vip)):
        return Confidence.PROVEN
    if _nobody_could_answer(network, vip):
        return Confidence.PROVEN if vip.version == 4 else Confidence.LIKELY
    return Confidence.LIKELY if in_session(network, client, vip) else None


def in_session(network: Network, client: VantagePoint, vip: Address) -> bool:
    """Whether a serving host has a BGP session with the client's gateway: by its address there, or by its MAC.

    A session that carries IPv6 routes may run over IPv4, or over link-local addresses.
    """
    default = client.findings[RouteFacts].default_towards(vip)
    if default is None or default.gateway is None:
        return False
    macs = client.gateway_macs(vip.version)
    return any(
        peer == default.gateway or _mac(host, peer) in macs
        for host in network.hosts(vip)
        if (sessions := host.findings.get(BgpSessionFacts)) is not None
        for peer in sessions.established_peers()
    )


def _mac(host: VantagePoint, address: Address) -> str | None:
    cache = host.findings.get(NeighbourFacts)
    entry = cache.entry(address) if cache else None
    return entry.mac if entry else None


def _nobody_could_answer(network: Network, vip: Address) -> bool:
    """Whether no scanned host listens for ARP or holds the VIP."""
    hosts = network.hosts(vip)
    return bool(hosts) and not any(
        listeners(host, vip) or host.findings[RouteFacts].is_local(vip) for host in hosts
    )


def gateway_on_a_host(network: Network, client: VantagePoint, vip: Address) -> Owner | None:
    """The interface of a serving host that is the client's own gateway, as virbr0 and lxdbr0 are for their guests.

    By its address, and where the client knows the gateway's MAC by that too: half of the world has such addresses.
    """
    route = client.findings[RouteFacts].route(vip)
    gateway = route.gateway if route else None
    if gateway is None:
        return None
    cache, macs = client.findings.get(NeighbourFacts), client.gateway_macs()
    entry = cache.entry(gateway) if cache else None
    known = {entry.mac} if entry else set(macs)
    for host in network.hosts(vip):
        link = host.findings[InterfaceFacts].with_address(gateway)
        if link is not None and (not known or link.mac in known):
            return Owner(host, link)
    return None
