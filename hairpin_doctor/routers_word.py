"""A client beyond routers, and one of them says that it cannot reach the VIP: nobody answers where the VIP should be.

Host Unreachable (ICMPv6: Address Unreachable) is what the last router says when its ARP or NDP is not answered; a route of
type unreachable says the same over IPv4. So it counts only where no host that serves the VIP could have answered either.
"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.listening import listeners
from hairpin_doctor.network import Network
from hairpin_doctor.situation import NotThis, names
from hairpin_doctor.speaker_says import by_bgp_alone
from hairpin_doctor.told import readable_word
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.bgp_daemon import BgpDaemonFacts
from probes.bgp_sessions import BgpSessionFacts
from probes.hops import HopFacts
from probes.interfaces import InterfaceFacts
from probes.routes import RouteFacts
from probes.target import Address, resolution
from probes.target import Network as Prefix

HOST_UNREACHABLE = {4: 1, 6: 3}  # RFC 792; RFC 4443 section 3.1


@dataclass(frozen=True)
class Unreached:
    """The router that gets no answer, the hosts that serve the VIP, and the prefix of each that holds it."""

    router: Address
    hosts: tuple[VantagePoint, ...]
    prefixes: tuple[Prefix, ...]


def unreached_by_its_router(network: Network, client: VantagePoint, vip: Address) -> Unreached:
    """Raises NotThis for anything else, MissingFacts where no host was scanned or one cannot tell."""
    found = client.findings.get(HopFacts)
    refused = found.refused_by(vip) if found else None
    if refused is None or refused.code != HOST_UNREACHABLE[vip.version]:
        raise NotThis(f"no router on the way of {client.name} says that nobody answers it for {vip}")
    hosts = network.hosts(vip)
    if not hosts:
        raise network.need_host(vip, f"who should answer {resolution(vip)} for {vip} to {refused.sender}")
    if network.working(vip):
        raise NotThis(f"somebody answers: {vip} works from {names(network.working(vip))}")
    word = readable_word(network, vip)
    if word is not None and word.bgp:
        raise NotThis(f"{vip} is meant to be routed ({word.said_by})")
    prefixes = tuple(_unanswering(host, client, vip, refused.sender) for host in hosts)
    return Unreached(refused.sender, hosts, prefixes)


def _unanswering(host: VantagePoint, client: VantagePoint, vip: Address, router: Address) -> Prefix:
    """Raises NotThis where this host may have answered, had the packets, or speaks BGP."""
    routes, daemon = host.findings[RouteFacts], host.findings.get(BgpDaemonFacts)
    if host.findings[InterfaceFacts].with_address(router) or tracked(host, client, vip):
        raise NotThis(f"packets of {client.name} to {vip} arrive at {host.name}")
    if routes.is_local(vip) or listeners(host, vip):
        raise NotThis(f"{host.name} has who could answer {resolution(vip)} for {vip}")
    if host.findings[BgpSessionFacts].connections or (daemon and daemon.sessions) or by_bgp_alone(host, vip):
        raise NotThis(f"{host.name} speaks BGP: {vip} may be routed")
    held = (each.prefix for each in routes.connected if vip in each.prefix and each.prefix.num_addresses > 1)
    prefix = next(held, None)
    if prefix is None:
        raise NotThis(f"{vip} lies in no prefix of {host.name}")
    return prefix
