"""Nobody answers ARP or NDP for the VIP, and no cause for that is visible.

Why: An announcer that runs and means to announce the VIP here would answer. It may be stopped, elect another node,
select no interface here, or hold nothing for this VIP; the cluster's objects tell which.
Seen as: "No route to host" for ping, TCP and UDP alike, from every client of the segment, and from those beyond its router,
which says Host Unreachable.
Told apart from: HD104, HD105, HD211 and HD601, each of which names the reason for the same silence and goes before this one.
By hand: No answer from any machine of the segment (ndisc6 asks for an IPv6 VIP); then ask the cluster who should announce.
    arping -c 3 -I IF VIP
    ndisc6 VIP IF
    traceroute -n VIP
    kubectl -n NAMESPACE describe service SERVICE
    kubectl -n metallb-system get pods -o wide
    kubectl -n metallb-system get servicel2statuses
    curl -s http://NODE:7472/metrics | grep -E 'speaker_announced|layer2_responses|config_stale'
Fix: Look at the announcer: its pods, its log, its advertisements and the Service's events.
Unsure when: The host that serves the VIP was not scanned; from beyond a router, where the host has a listener or speaks
BGP; or the client hears nobody at all, not even its gateway: then its own link comes first.
References: RFC 826; https://metallb.io/troubleshooting/; metallb/metallb#2274; metallb/metallb#2353.
"""

from __future__ import annotations

from hairpin_doctor.attachment import Attachment, segment
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.listening import listening_interfaces
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import stopped_solicitation
from hairpin_doctor.routers_word import unreached_by_its_router
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.service_controllers import who_should_announce
from hairpin_doctor.situation import (
    NotThis,
    intercepted,
    of_failing_clients,
    of_silent_clients,
    silent_attachment,
    symptom,
)
from hairpin_doctor.speaker_says import sentences
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts
from probes.multicast import MulticastFacts
from probes.neighbour_discovery import NeighbourDiscoveryFacts
from probes.routed_path import RoutedPathFacts
from probes.routes import RouteFacts
from probes.target import Address, resolution


@rule("HD201", "nobody-answers", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def nobody_answers(network: Network, vip: Address) -> Verdict:
    """Silence at every client, or at the last router, on a host whose announcers were looked for."""
    try:
        return of_silent_clients(network, vip, _judge)
    except NotThis:
        if all(client.findings[RouteFacts].on_link(vip) for client in network.failing(vip)):
            raise
        return of_failing_clients(network, vip, _from_afar)


def _from_afar(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    found, by = unreached_by_its_router(network, client, vip), resolution(vip)
    within = zip(found.hosts, found.prefixes, strict=True)
    return Diagnosis(
        summary=f"nobody answers {by} for {vip} in its subnet: the router {found.router} says that it is unreachable",
        because=(
            symptom(client, vip),
            f"{found.router}, a router on the way of {client.name}, says Host Unreachable: it gets no answer for {vip}.",
            *(
                f"{vip} lies in {prefix} of {host.name}, where nothing listens for {by} or speaks BGP."
                for host, prefix in within
            ),
            *who_should_announce(network, vip),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_look_at_the_announcer(vip, client),),
        ruled_out=(
            "HD111: a prefix of the host holds the VIP.",
            "HD602, HD603: nothing there speaks BGP.",
        ),
        clients=(client.name,),
    )


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    attachment = silent_attachment(network, client, vip)
    answered = [
        other.name for other in network.clients(vip) if other.name in {c.name for c in network.working(vip)}
    ]
    if answered:
        return Cleared(f"somebody answers: {vip} works from {', '.join(answered)}")
    path = client.findings.get(RoutedPathFacts)
    found = path.found_by_arp(vip) if path else None
    if path and found:
        return Cleared(
            f"the gateway {_gateway(path, vip)} asks for {vip} by {resolution(vip)} and is answered: "
            f"its packet came to {found}. "
            f"The answers do not come to {client.name}"
        )
    host = attachment.host
    routes, address = host.findings[RouteFacts], client.address_towards(vip)
    if routes.is_local(vip) and address is not None and not routes.asked(address):
        raise network.need_another_scan(host, client, f"why the kernel of {host.name} does not answer")
    _unstopped(network, client, vip)
    by = resolution(vip)
    near, seen = _by_ndp(vip, client, attachment) if by == "NDP" else _by_arp(client, attachment)
    return Diagnosis(
        summary=f"nobody answers {by} for {vip}"
        + (", though an announcer listens where it is asked" if near else ""),
        because=(
            symptom(client, vip),
            f"Nobody answers {by} for {vip} at {client.name}.",
            *seen,
            *sentences(host, vip),
            *who_should_announce(network, vip),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(_look_at_the_announcer(vip, client),),
        ruled_out=("HD601: no sign of a route to the VIP at the gateway.",),
    )


def _gateway(path: RoutedPathFacts, vip: Address) -> Address | None:
    gateway = path.gateway(vip)
    return gateway.address if gateway else None


def _by_arp(client: VantagePoint, attachment: Attachment) -> tuple[bool, tuple[str, ...]]:
    """Whether somebody listens where the client is heard, and what was seen of that."""
    host, hearing = attachment.host, [link.name for link in segment(attachment)]
    listeners = host.findings[AnnouncerFacts].listeners
    near = [each for each in listeners if each.interface in hearing]
    if not near:
        where = ", ".join(hearing)
        return False, (f"No process on {host.name} listens for ARP where {client.name} is heard ({where}).",)
    who, link = near[0].process or "a process", near[0].interface
    return True, (
        f"{who} on {host.name} listens for ARP on {link}, where {client.name} is, and no answer arrives.",
    )


def _by_ndp(vip: Address, client: VantagePoint, attachment: Attachment) -> tuple[bool, tuple[str, ...]]:
    """The same for an IPv6 VIP: a listener is known by the group that it joined, and stations were asked directly too."""
    discovery, host = client.findings[NeighbourDiscoveryFacts], attachment.host
    direct = discovery.heard_directly(vip)
    if direct:
        raise NotThis(f"{direct[0]} answers for {vip} when a frame is sent to its own MAC")
    asked = len(discovery.stations(vip))
    told = f"None of the {asked} stations of the link that were asked by frames to their own MACs answers either."
    joined = host.findings[MulticastFacts].listening(vip)
    near = [link.name for link in segment(attachment) if link.index in joined]
    seen = (
        f"{near[0]} of {host.name}, where {client.name} is heard, is in the group of {vip}, and no answer arrives."
        if near
        else f"No interface of {host.name} where {client.name} is heard is in the group in which {vip} is asked for."
    )
    return bool(near), (told, seen)


def _unstopped(network: Network, client: VantagePoint, vip: Address) -> None:
    """Raises MissingFacts where a bridge in between shows solicitations to rules that may stop them (HD305)."""
    for each in network.bridged_by(client, vip):
        host, bridge = each.host, each.interface.name
        if vip.version == 6 and intercepted(each, vip) and stopped_solicitation(host, vip, bridge)[1]:
            if {link.name for link in segment(each)} & set(listening_interfaces(host, vip)):
                continue
            what = f"whether rules of {host.name} stop solicitations for {vip} that {bridge} bridges"
            raise MissingFacts(
                what, host.name, f"on {host.name}: ip6tables-save -c -t filter; nft list ruleset"
            )


def _look_at_the_announcer(vip: Address, client: VantagePoint) -> Fix:
    step = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="only the cluster knows who should announce this VIP, on which node and interface, and why nobody does",
        changes=(
            Look(f"kubectl get services -A | grep -F {vip}"),
            Look("kubectl -n metallb-system get pods -o wide"),
            Look("kubectl -n metallb-system get ipaddresspools,l2advertisements,bgpadvertisements -o yaml"),
            Look("kubectl get servicel2statuses.metallb.io -A"),
            Look("kubectl -n metallb-system logs -l component=speaker --tail=100"),
        ),
    )
    return Fix(f"Find out why nobody announces {vip}", (step,), check_from_client(vip, client.name))
