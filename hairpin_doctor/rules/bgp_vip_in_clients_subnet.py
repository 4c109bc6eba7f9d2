"""The VIP is routed (BGP), but it lies in the client's own subnet, where clients ask for it by ARP and nobody answers.

Why: A client sends ARP for every address inside its connected prefix and never asks the router (RFC 1122 section
3.3.1.1). In BGP mode the speaker
tells the router a route and answers no ARP, so the client waits for an answer that nobody gives (RFC 826): the
address is unreachable for ICMP, TCP and UDP alike. Clients in other subnets reach the VIP by the
router. Where the router answers instead (proxy ARP), the flow goes out by the router and comes back directly: a stateful
router then drops it (HD403).
Seen as: From the same subnet nothing works, from elsewhere everything does. Ping works only where something else
answers ARP for the VIP: the router, or a machine that carries the address.
Told apart from: HD104, HD105 and HD201 (nobody answers either) by one echo request that is sent to the gateway's MAC with
a TTL of 2: a router with a route names the node in a redirect, and the node answers Time Exceeded; one without asks by ARP
itself, and its redirect names the VIP. Over IPv6 a router redirects only where its route names the node's link-local
address (RFC 4861 section 8.2). Time Exceeded alone does not decide where somebody may have answered the router's ARP but
not the client's; nor does a BGP session: it may be the pod network's.
By hand: On the client the VIP is on-link and nobody answers; on the router there is a route to it.
    ip route get VIP
    arping -c 3 -I IF VIP
    ss -tnp 'sport = :179 or dport = :179'
    kubectl -n metallb-system get bgpadvertisements,l2advertisements
Fix: Announce by L2 on the interface that the clients' segment hears, or give the pool (or the clients) another subnet.
Unsure when: The request by the gateway could not be sent (no CAP_NET_RAW, no gateway) or the router is silent, and the
BGP session is not with the client's gateway; or the host was not scanned.
References: RFC 826; RFC 1122; RFC 4271; https://metallb.io/concepts/bgp/.
"""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.cluster_view import ClusterView, names_of
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import announce_on
from hairpin_doctor.fixes.bgp import announce_somewhere, another_subnet
from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.fixes.gateway_translation import translate_at_the_gateway
from hairpin_doctor.fixes.own_mac_interface import own_mac_interface
from hairpin_doctor.gateway_route import in_session, node_behind_gateway, route_of_the_gateway
from hairpin_doctor.listening import listening_interfaces
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import (
    NotThis,
    is_the_gateway,
    live_macs,
    of_failing_clients,
    symptom,
)
from hairpin_doctor.speaker_says import by_bgp_alone, sentences
from hairpin_doctor.told import readable_word
from hairpin_doctor.told_bgp import ESTABLISHED
from hairpin_doctor.vantage_point import VantagePoint
from probes.bgp_sessions import BgpSessionFacts
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address, resolution


@dataclass(frozen=True)
class _Evidence:
    """What a client and the hosts together show."""

    client: VantagePoint
    gateway: Address | None
    only_gateway_answers: tuple[str, ...]
    next_hop: Address | None
    route: Confidence | None
    gateway_has_no_route: bool
    peers: tuple[Address, ...]


@rule(
    "HD601",
    "bgp-vip-in-clients-subnet",
    Severity.BROKEN,
    explains=("HD201", "HD206", "HD403"),
    ipv6=Ipv6.PROVEN,
)
def bgp_vip_in_clients_subnet(network: Network, vip: Address) -> Verdict:
    """Nobody on the link answers for a VIP that the router has a route to."""
    if not network.clients(vip):
        return _from_the_host_alone(network, vip)
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    evidence = _gather(network, client, vip)
    hosts = network.hosts(vip)
    view = readable_word(network, vip)
    if view is not None and view.bgp and not view.l2:
        return _diagnosis(
            network, vip, evidence, Confidence.PROVEN if _routed(evidence, view) else Confidence.LIKELY
        )
    if view is not None and not view.bgp and not evidence.next_hop:
        return Cleared(f"no BGPAdvertisement selects {vip} of {view.service} ({view.said_by})")
    if evidence.route:
        sure = evidence.route if evidence.peers else Confidence.LIKELY
        return _diagnosis(network, vip, evidence, sure)
    if evidence.next_hop:
        return _route_or_answer(network, vip, evidence)
    if not hosts:
        raise network.need_host(vip, "whether the host speaks BGP")
    if evidence.gateway_has_no_route:
        by = resolution(vip)
        return Cleared(f"the gateway {evidence.gateway} has no route to {vip}: it would ask by {by} itself")
    if not evidence.peers:
        return Cleared(f"no BGP session on {hosts[0].name}, and no sign of a route at the gateway")
    if in_session(network, evidence.client, vip) or any(by_bgp_alone(host, vip) for host in hosts):
        return _diagnosis(network, vip, evidence, Confidence.LIKELY)
    peers = ", ".join(map(str, evidence.peers))
    how = f"on the router: look for {vip} in its routing table (ip route get {vip}, or show bgp)"
    return Undetermined(f"whether the BGP session with {peers} advertises {vip}", how, suspected=True)


def _route_or_answer(network: Network, vip: Address, evidence: _Evidence) -> Undetermined:
    answer = f"an {resolution(vip)} answer that {evidence.client.name} lacks"
    what = f"whether the gateway {evidence.gateway} has a route to {vip}, or {answer}"
    how = f"on the router: ip route get {vip}"
    if not network.hosts(vip):
        how = f"{network.need_host(vip, what).how_to_get}; or {how}"
    return Undetermined(what, how, suspected=True)


def _routed(evidence: _Evidence, view: ClusterView) -> bool:
    """Whether a router knows of it: by its own behaviour, or by a session that stands."""
    told = {str(each.address) for each in view.metallb.bgp_peers or ()}
    established = any(
        each.state == ESTABLISHED and each.peer in told for each in view.metallb.bgp_sessions or ()
    )
    return bool(evidence.next_hop or evidence.peers or established)


def _gather(network: Network, client: VantagePoint, vip: Address) -> _Evidence:
    if is_the_gateway(client, vip):
        raise NotThis(f"{vip} is the address of the gateway of {client.name} itself")
    gateway_macs = client.gateway_macs()
    answers = live_macs(client, vip)
    strangers = [mac for mac in answers if mac not in gateway_macs]
    if strangers:
        raise NotThis(
            f"{', '.join(strangers)} answers {resolution(vip)} for {vip} at {client.name}, and it is not the gateway"
        )
    if any(owner.vantage_point in network.hosts(vip) for mac in answers for owner in network.owners(mac)):
        raise NotThis(f"the host that serves {vip} answers {resolution(vip)} for it itself")
    path = client.findings.get(RoutedPathFacts)
    default, own = client.findings[RouteFacts].default_towards(vip), client.findings[RouteFacts].route(vip)
    if default is not None and own is not None and own.interface != default.interface:
        raise NotThis(f"{client.name} asks for {vip} on {own.interface}, where its gateway is not")
    return _Evidence(
        client=client,
        gateway=default.gateway if default else None,
        only_gateway_answers=answers,
        next_hop=node_behind_gateway(network, client, vip),
        route=route_of_the_gateway(network, client, vip),
        gateway_has_no_route=bool(path and path.gateway_has_no_route(vip)),
        peers=_peers(network, vip),
    )


def _peers(network: Network, vip: Address) -> tuple[Address, ...]:
    found: list[Address] = []
    for host in network.hosts(vip):
        found.extend(host.findings[BgpSessionFacts].established_peers())
    return tuple(dict.fromkeys(found))


def _diagnosis(network: Network, vip: Address, evidence: _Evidence, sure: Confidence) -> Diagnosis:
    client = evidence.client
    how = " by BGP" if evidence.peers else " (by BGP or a static route)"
    because, by = [symptom(client, vip)], resolution(vip)
    link = client.link_towards(vip)
    where = f"on {link.name}" if link else ""
    if evidence.only_gateway_answers:
        macs = ", ".join(evidence.only_gateway_answers)
        because.append(
            f"For {client.name}, {vip} is on-link {where}, and only its gateway ({macs}) answers {by} for it."
        )
    else:
        because.append(f"For {client.name}, {vip} is on-link {where}, and nobody answers {by} for it.")
    if evidence.next_hop:
        on = f"by {evidence.next_hop}" if evidence.next_hop != vip else "and it answers"
        because.append(
            f"The gateway {evidence.gateway} has a route: a packet for {vip} to its MAC is sent on {on}."
        )
    because.extend(
        f"{host.name} holds a BGP session with {peer}."
        for host in network.hosts(vip)
        for peer in evidence.peers
    )
    because.extend(said for host in network.hosts(vip) for said in sentences(host, vip))
    view = readable_word(network, vip)
    if view is not None and view.bgp and not view.l2:
        because.append(
            f"{names_of(view.bgp)} advertises {view.service} by BGP, and no L2Advertisement selects its pool "
            f"({view.said_by})."
        )
        how = " by BGP"
    return Diagnosis(
        summary=(
            f"{vip} is routed{how}, but lies in the own subnet of {client.name}, "
            f"where clients ask by {by} and no announcer answers"
        ),
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=sure,
        fixes=_fixes(network, client, vip),
        ruled_out=_ruled_out(evidence),
    )


def _ruled_out(evidence: _Evidence) -> tuple[str, ...]:
    if evidence.next_hop is None:
        return ()
    return (
        "HD104, HD105, HD201: the router has a route to the VIP, which an announcer by L2 does not make.",
    )


def _fixes(network: Network, client: VantagePoint, vip: Address) -> tuple[Fix, ...]:
    attachment = network.attachment(client, vip)
    if attachment is None:
        return (announce_somewhere(vip, client.name),)
    base = attachment.interface
    return (
        announce_on(base.name, vip, client.name, leave_bgp=True),
        own_mac_interface(attachment.host, base, vip, client.name, leave_bgp=True),
        another_subnet(vip, client.name),
        translate_at_the_gateway(vip, client),
    )


def _from_the_host_alone(network: Network, vip: Address) -> Verdict:
    asked = f"whether anybody answers the clients' {resolution(vip)}"
    for host in network.hosts(vip):
        routes = host.findings[RouteFacts]
        holding = next((each for each in routes.connected if vip in each.prefix), None)
        peers = host.findings[BgpSessionFacts].established_peers()
        if holding and peers and holding.interface not in listening_interfaces(host, vip):
            missing: MissingFacts = network.need_client(vip, asked)
            seen = f"{host.name} speaks BGP with {peers[0]} and {vip} lies in {holding.prefix} of {holding.interface}"
            return Undetermined(f"{seen}; {missing.what}", missing.how_to_get, suspected=True)
    raise network.need_client(vip, asked)
