"""The VIP lies in no prefix of the segment where it is announced, and nobody routes it there.

Why: L2 announcers answer ARP, and a client asks by ARP only for addresses inside its connected prefixes (RFC 1122 section
3.3.1.1). For any other it sends to its gateway, which knows nothing of the announcer. In BGP mode, or with a static route
to a node on the gateway, the same address is right.
Seen as: Silence for ping, TCP and UDP from every client; the announcer is sound, and answers those who ask it by hand.
Told apart from: HD201 by the client, which never asks by ARP; HD105 by the prefix; HD402, HD406 and HD405 by the
packets, which do not reach the host at all; HD602 and HD603 by the missing BGP.
By hand: The client sends the VIP to its gateway and never asks for it by ARP.
    ip route get VIP
    tcpdump -eni IF host VIP
    ip -br -4 addr
Fix: Take the pool from the prefix of the segment, or have the gateway route it to a node.
Unsure when: The host was scanned long after the client, so that it would no longer remember the client's packets;
nobody there listens for ARP, so that the VIP is routed by hand; or the gateway sends it to another machine of that subnet.
References: RFC 1122; metallb/metallb#433; https://metallb.io/concepts/layer2/.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import RouteEntry
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.listening import known_to_listen
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, failing_clients, names, symptom
from hairpin_doctor.translation import tracked
from hairpin_doctor.vantage_point import VantagePoint
from probes.bgp_sessions import BgpSessionFacts
from probes.connections import ConnectionFacts
from probes.interfaces import InterfaceFacts
from probes.questions.routing import Route
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address
from probes.target import Network as Prefix

REMEMBERED = timedelta(seconds=25)
"""Less than nf_conntrack_udp_timeout (30 s) and nf_conntrack_tcp_timeout_syn_sent (120 s)."""


@rule("HD111", "vip-outside-prefix", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def vip_outside_prefix(network: Network, vip: Address) -> Verdict:
    """No host has the VIP in a connected prefix, the client sends to its gateway, and nothing arrives."""
    client, route = _routed_client(network, vip)
    hosts = network.hosts(vip)
    if not hosts:
        raise network.need_host(vip, f"in which prefixes the host that serves {vip} is")
    for host in hosts:
        within = _within(host, vip)
        if within:
            return Cleared(f"{vip} lies in {within}, a prefix of {host.name}")
        if host.findings[BgpSessionFacts].established_peers():
            return Cleared(f"{host.name} holds a BGP session: {vip} is meant to be routed")
        if tracked(host, client, vip):
            return Cleared(f"the packets of {client.name} reach {host.name}, which tracks them")
    hop = _behind_gateway(client, vip)
    if hop is not None and any(host.findings[InterfaceFacts].with_address(hop) for host in hosts):
        return Cleared(f"the gateway of {client.name} sends {vip} on to {hop}, an address of {names(hosts)}")
    node = next((host for host in hosts if hop is not None and _within(host, hop)), None)
    if node is not None:
        raise MissingFacts(
            f"whether {hop}, to which the gateway of {client.name} sends {vip}, is another node or a mere router",
            str(hop),
            f"on {hop}: sudo hairpin-doctor scan --with <this report>",
        )
    if not any(known_to_listen(host, vip) for host in hosts):
        raise MissingFacts(
            f"whether the gateway of {client.name} has a route to {vip}, which nobody on {names(hosts)} announces",
            None,
            f"on the gateway {route.gateway}: ip route get {vip}",
        )
    if hop is None and not _would_remember(network, client, hosts, vip):
        raise network.need_client(vip, f"whether packets of {client.name} reach {names(hosts)}: a fresh scan")
    return _diagnosis(network, client, route, vip, hop)


def _routed_client(network: Network, vip: Address) -> tuple[VantagePoint, Route]:
    for client in failing_clients(network, vip):
        route = client.findings[RouteFacts].route(vip)
        if route is not None and route.type == "unicast" and route.gateway is not None:
            return client, route
    raise NotThis(f"{vip} is on-link for {names(failing_clients(network, vip))}, or has no route there")


def _within(host: VantagePoint, vip: Address) -> Prefix | None:
    """A connected prefix of the host that holds the VIP and is more than the VIP itself."""
    found = (each.prefix for each in host.findings[RouteFacts].connected if vip in each.prefix)
    return next((prefix for prefix in found if prefix.num_addresses > 1), None)


def _behind_gateway(client: VantagePoint, vip: Address) -> Address | None:
    path = client.findings.get(RoutedPathFacts)
    return path.next_hop(vip) if path else None


def _would_remember(
    network: Network, client: VantagePoint, hosts: tuple[VantagePoint, ...], vip: Address
) -> bool:
    """Whether a packet of this scan that had arrived would still be in the hosts' connection tracking."""
    then = client.finished()
    for host in hosts:
        tracks = host.findings[ConnectionFacts]
        now = host.finished()
        if tracks is None or then is None or now is None or abs(now - then) > REMEMBERED:
            return False
    return bool(network.clients(vip))


def _diagnosis(
    network: Network, client: VantagePoint, route: Route, vip: Address, hop: Address | None
) -> Diagnosis:
    hosts = network.hosts(vip)
    prefixes = ", ".join(_prefixes(hosts, vip))
    because = [
        symptom(client, vip),
        f"For {client.name}, {vip} is not on-link: it sends to its gateway {route.gateway} and asks nobody by ARP.",
        f"{vip} lies in none of the prefixes of {names(hosts)} ({prefixes}), which speaks no BGP.",
    ]
    if hop is not None:
        because.append(
            f"The gateway sends packets for it on to {hop}, which is no address of {names(hosts)}."
        )
    else:
        because.append(f"{names(hosts)} tracks no connection of {client.name} to {vip}: nothing arrives.")
    return Diagnosis(
        summary=f"{vip} lies in no prefix of the segment of {names(hosts)}, so that clients send it to their gateway",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=_fixes(client, route, vip, hosts),
        ruled_out=(
            "HD201: the client does not ask by ARP.",
            "HD402, HD406: nothing arrives that could be answered.",
        ),
    )


def _prefixes(hosts: tuple[VantagePoint, ...], vip: Address) -> list[str]:
    found = (each.prefix for host in hosts for each in host.findings[RouteFacts].connected)
    return [
        str(prefix)
        for prefix in dict.fromkeys(found)
        if prefix.version == vip.version and not prefix.is_link_local
    ][:6]


def _fixes(
    client: VantagePoint, route: Route, vip: Address, hosts: tuple[VantagePoint, ...]
) -> tuple[Fix, ...]:
    check = check_from_client(vip, client.name)
    default = hosts[0].findings[RouteFacts].default_towards(vip)
    node = default.source if default else None
    pool = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="clients ask by ARP only for addresses of their own prefix",
        instructions=(
            "Give the IPAddressPool unused addresses out of the segment's own prefix (outside of its DHCP range), and the "
            "Service a new VIP from it."
        ),
    )
    router = Step(
        place="router",
        machine="the gateway",
        why="it then sends on what clients send to it",
        instructions=(
            f"Route {vip} to a node (`ip route add {ip_network(vip)} via {node or 'NODE'}`), or use BGP mode with it."
        ),
    )
    direct = Step(
        place="client",
        machine=client.name,
        why="it then asks by ARP, and the announcer answers",
        changes=(RouteEntry(str(ip_network(vip)), route.interface or "IF"),),
    )
    caution = "Every client of the segment needs it, and clients beyond the router are not helped."
    return (
        Fix("Take the pool from the segment's prefix", (pool,), check),
        Fix(f"Treat {vip} as on-link", (direct,), check, (caution,)),
        Fix(f"Route {vip} at the gateway", (router,), check),
    )
