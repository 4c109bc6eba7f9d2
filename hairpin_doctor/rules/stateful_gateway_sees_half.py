"""A stateful router on the client's way to the VIP sees only half of the connection and drops the rest.

Why: The SYN goes to the router, which sends it on to the node; the node's SYN-ACK comes straight back, since the client is
on its own link. The router has never seen a SYN-ACK, so the client's ACK is INVALID for it and is dropped: the client
believes that it is connected, and nothing that it sends is acknowledged.
Seen as: Ping and UDP work, TCP connects and then hangs.
Told apart from: HD407 (large packets vanish) by two bytes that are not acknowledged; from a dead service by the SYN-ACK,
which comes from another MAC than the one the SYN went to. An ICMP redirect to the node supports it.
By hand: On the client: the SYN goes to the gateway's MAC, the SYN-ACK comes from the node's.
    tcpdump -eni IF host VIP and tcp
    ip neigh show
    ip route get VIP
Fix: Take the router out of the path (HD601's fix), or give the client a route to the VIP by the node.
Unsure when: The scan ran without CAP_NET_RAW, so that nobody saw the MACs.
References: net/netfilter/nf_conntrack_proto_tcp.c;
https://docs.netgate.com/pfsense/en/latest/troubleshooting/asymmetric-routing.html; metallb/metallb#1887.
"""

from __future__ import annotations

from ipaddress import ip_network

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import RouteEntry
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.icmp import IcmpFacts
from probes.questions.icmp_message import IcmpMessage
from probes.questions.traffic import HandshakeAnswer
from probes.routes import RouteFacts
from probes.target import Address
from probes.tcp import TcpFacts, frames_received, frames_sent


@rule("HD403", "stateful-gateway-sees-half", Severity.BROKEN, explains=("HD206",), ipv6=Ipv6.PROVEN)
def stateful_gateway_sees_half(network: Network, vip: Address) -> Verdict:
    """A handshake that completes and stalls, answered by another MAC than it was sent to."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    stalled = client.findings[TcpFacts].stalled(vip)
    if not stalled:
        return Cleared(f"no connection to {vip} stalls after its handshake")
    for answer in stalled:
        sent = {frame.destination_mac for frame in frames_sent(answer)}
        came_from = {frame.source_mac for frame in frames_received(answer) if "SYN" in frame.flags}
        if came_from - sent:
            return _diagnosis(network, client, vip, answer, sorted(sent), sorted(came_from - sent))
    unseen = next((each for each in stalled if each.frames is None), None)
    if unseen is not None:
        how = f"run the scan on {client.name} as root"
        raise MissingFacts(f"from which MAC the SYN-ACK of {unseen.destination} comes", client.name, how)
    return Cleared(f"the SYN-ACK of {stalled[0].destination} comes from the MAC that the SYN went to")


def _diagnosis(
    network: Network,
    client: VantagePoint,
    vip: Address,
    answer: HandshakeAnswer,
    sent: list[str],
    came_from: list[str],
) -> Diagnosis:
    redirects = _redirects_to_a_node(client, vip)
    node = redirects[0].gateway if redirects else _node_of(network, client, vip, came_from)
    because = [
        symptom(client, vip),
        f"The SYN to {answer.destination} went to {', '.join(sent)}; the SYN-ACK came from {', '.join(came_from)}.",
        "What the client then sent was never acknowledged.",
    ]
    if redirects:
        because.append(
            f"{redirects[0].sender} tells {client.name} by ICMP redirect to send to {node} instead."
        )
    return Diagnosis(
        summary=f"TCP to {vip} goes out by a router that never sees the answers, and it drops what follows the handshake",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if redirects else Confidence.LIKELY,
        fixes=_fixes(client, vip, node),
        ruled_out=("HD407: the unacknowledged data was two bytes.",),
    )


def _redirects_to_a_node(client: VantagePoint, vip: Address) -> tuple[IcmpMessage, ...]:
    """Without those of a node that would send a ping on to the router: it has no rule for it."""
    icmp, routes = client.findings.get(IcmpFacts), client.findings[RouteFacts]
    ways = (routes.route(vip), routes.default_towards(vip))
    routers = {None, vip, *(way.gateway for way in ways if way)}
    return tuple(each for each in (icmp.redirects(vip) if icmp else ()) if each.gateway not in routers)


def _node_of(network: Network, client: VantagePoint, vip: Address, macs: list[str]) -> Address | None:
    """The address, in a subnet of the client, of the scanned machine that the SYN-ACK came from."""
    near = [each.prefix for each in client.findings[RouteFacts].connected]
    for owner in (owner for mac in macs for owner in network.owners(mac)):
        for each in owner.link.addresses:
            if each.address != vip and any(each.address in prefix for prefix in near):
                return each.address
    return None


def _fixes(client: VantagePoint, vip: Address, node: Address | None) -> tuple[Fix, ...]:
    check = check_from_client(vip, client.name)
    router = Step(
        place="router",
        machine="the router",
        why="it must not judge by state what it sees only one half of",
        instructions=f"Let packets to {vip} from its own LAN pass untracked, or accept state INVALID for them.",
    )
    stateless = Fix(f"No stateful filtering for {vip} on the router", (router,), check)
    if node is None:
        return (stateless,)
    link = client.link_towards(vip) if node.is_link_local else None
    device = link.name if link else None
    route = Step(
        place="client",
        machine=client.name,
        why="both directions then go straight between client and node",
        changes=(RouteEntry(str(ip_network(vip)), device, gateway=str(node)),),
    )
    caution = (
        "It follows no failover of the VIP, and every client needs it: announcing by L2 mends all of them."
    )
    return (Fix(f"Route {vip} by the node {node}", (route,), check, (caution,)), stateless)
