"""Neighbour solicitations for the IPv6 VIP are not heard, or not answered, by who announces it.

Why: An IPv6 address is asked for by multicast, in the group of its last 24 bits (in ff02::1:ff00:0/104). A bridge or
switch that snoops MLD and knows of a querier delivers that only where the group was joined; an announcer that joins
nothing (a BPF program, a packet socket) is left out. A Linux bridge without a querier floods; a port with `mcast_flood
off` gets nothing then. And no speaker can open its responder on an interface without a usable link-local address, nor
does a kernel answer for an address that failed duplicate address detection. A speaker answers from a socket that is bound to
its interface: where no route to the client leads out there, as on a macvlan without a global address, the kernel refuses
the answer (an ARP answer needs no route).
Seen as: "No route to host" for the IPv6 VIP, while IPv4 works and other IPv6 neighbours answer.
Told apart from: HD201 (nobody announces) by asking each station of the link directly: a frame to the announcer's own MAC is
answered, the multicast one is not; or by the host whose bridge is in between, which hears the answer. Silence to both, on an
interface whose addresses are sound, is HD201.
By hand: On the client, ask by multicast as its kernel does, and nobody answers; then look at the bridge in between (who
joined, snooping, flooding) and at the announcing interface.
    ndisc6 -1 VIP IF
    bridge -d mdb show
    ip -d link show type bridge
    bridge -d link show
    ip -6 maddr show
    ip -6 addr show
    ip -6 route get CLIENT oif IF
Fix: Let the bridge flood (mcast_snooping 0), or let the announcer join the group; give the port mcast_flood on; give the
interface a usable link-local address, and a route to the clients' prefix (with a high metric, so that nothing else uses it).
Unsure when: The bridge or switch in between was not scanned: that it snoops is only likely then.
References: RFC 4861; RFC 4541; net/bridge/br_multicast.c; cilium/cilium#46274; metallb/metallb#2685.
"""

from __future__ import annotations

from ipaddress import IPv6Address

from hairpin_doctor.attachment import Attachment, segment
from hairpin_doctor.fixes.multicast import (
    flood_again,
    new_link_local,
    route_to_answer_by,
    stop_snooping,
)
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import (
    NotThis,
    attachment_of,
    is_silent,
    live_macs,
    of_failing_clients,
    symptom,
)
from hairpin_doctor.solicitations import Kept, kept_back
from hairpin_doctor.told import told
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.interfaces import InterfaceFacts
from probes.multicast import MulticastFacts
from probes.neighbour_discovery import NeighbourDiscoveryFacts, usable_link_locals
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.target import Address, solicited_node


@rule("HD211", "ndp-unheard", Severity.BROKEN, explains=("HD201",), ipv6=Ipv6.PROVEN)
def ndp_unheard(network: Network, vip: Address) -> Verdict:
    """Silence to multicast solicitations, and the reason: a direct one is answered, or the announcer can answer none."""
    if not isinstance(vip, IPv6Address):
        return Cleared("an IPv4 address is asked for by ARP, not by neighbour solicitations")
    return of_failing_clients(network, vip, _of_a_client)


def _of_a_client(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    assert isinstance(vip, IPv6Address)
    if not is_silent(client, vip):
        macs = live_macs(client, vip)
        raise NotThis(f"{', '.join(macs) or 'somebody'} answers NDP for {vip} at {client.name}")
    direct = client.findings[NeighbourDiscoveryFacts].heard_directly(vip)
    if direct:
        return _unheard(network, client, vip, direct[0])
    kept = _heard_by_the_bridge(network, client, vip)
    if kept is not None:
        return kept
    live_macs(client, vip)  # raises where the client hears nobody at all
    return _unanswered(network, client, vip)


def _unheard(network: Network, client: VantagePoint, vip: IPv6Address, mac: str) -> Verdict:
    owner = next(iter(network.owners(mac)), None)
    who = f"{mac} ({owner})" if owner else mac
    because = [
        symptom(client, vip),
        f"Nobody answers a solicitation for {vip} that {client.name} sends to its group, {solicited_node(vip)}.",
        f"{who} answers the same one in a frame to its own MAC: it announces {vip}, and does not hear the question.",
    ]
    others = {str(reply.address): None for reply in client.findings[NeighbourDiscoveryFacts].others(vip)}
    if others:
        because.append(f"Others are heard by multicast on that link: {', '.join(list(others)[:3])}.")
    found = kept_back(network, client, vip, mac)
    if isinstance(found, Kept):
        return _kept(found, because, client, vip, mac)
    return Diagnosis(
        summary=f"neighbour solicitations for {vip} do not reach its announcer ({who})",
        because=(*because, found),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if others else Confidence.POSSIBLE,
        ruled_out=(f"HD201: {mac} answers for {vip}.",),
    )


def _heard_by_the_bridge(network: Network, client: VantagePoint, vip: IPv6Address) -> Diagnosis | None:
    """The machine whose bridge the client is on hears an answer across it, and its bridge keeps the client's question back.

    What a bridge sends of its own goes out of every port, whatever their mcast_flood (br_flood, net/bridge/br_forward.c).
    """
    for attachment in network.bridged_by(client, vip):
        heard = attachment.host.findings.get(ArpFacts)
        for mac in heard.macs(vip) if heard else ():
            found = kept_back(network, client, vip, mac)
            if isinstance(found, Kept):
                because = [
                    symptom(client, vip),
                    f"Nobody answers a solicitation for {vip} that {client.name} sends to its group, {solicited_node(vip)}.",
                    f"{mac} answers the same one of {attachment.host.name}, across whose bridge {client.name} asks.",
                ]
                return _kept(found, because, client, vip, mac)
    return None


def _kept(found: Kept, because: list[str], client: VantagePoint, vip: IPv6Address, mac: str) -> Diagnosis:
    fix = flood_again if found.unflooded else stop_snooping
    return Diagnosis(
        summary=f"{found.bridge.name} of {found.host.name} keeps neighbour solicitations for {vip} from its announcer",
        because=(*because, found.sentence),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if found.sure else Confidence.LIKELY,
        fixes=(fix(found, vip, client.name),),
        ruled_out=(f"HD201: {mac} answers for {vip}.",),
    )


def _unanswered(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    """No station answers, however it is asked: one that holds or would announce the VIP may not be able to."""
    for machine in network.vantage_points:
        for link in machine.findings[InterfaceFacts].links if machine is not client else ():
            state = next((own.state for own in link.addresses if own.address == vip), None)
            if state is not None:
                return _unusable_vip(machine, link, client, vip, state)
    attachment = attachment_of(network, client, vip)
    speaking = [
        link for link in segment(attachment) if any(own.address.version == 6 for own in link.addresses)
    ]
    if not speaking:
        raise NotThis(
            f"no interface of {attachment.host.name} where {client.name} is heard has an IPv6 address"
        )
    sound = [link for link in speaking if any(usable_link_locals(link))]
    if sound:
        word = told(network, vip, attachment.host)
        named = [link for link in sound if word is None or link.name in word.interfaces]
        lost = _answers_lost(attachment, named, client, vip)
        if lost is not None:
            return lost
        names = ", ".join(link.name for link in sound)
        return Cleared(
            f"no station of the link answers for {vip}, even in frames to its own MAC; "
            f"{names} of {attachment.host.name} has a usable link-local address"
        )
    return _no_link_local(attachment, speaking, client, vip)


def _answers_lost(
    attachment: Attachment, sound: list[Link], client: VantagePoint, vip: Address
) -> Diagnosis | None:
    """A speaker hears on interfaces of which none has a route to the client: its answers, bound to them, cannot be sent.

    MetalLB's hears on every interface, and answers on those that it was told of, which the cluster alone tells.
    """
    host, address = attachment.host, client.address_towards(vip)
    joined = host.findings[MulticastFacts].listening(vip)
    speaking = [link for link in sound if link.index in joined]
    routes = host.findings[RouteFacts]
    near = [each for each in routes.connected if address is not None and address in each.prefix]
    ways = {each.interface for each in near} | {
        routes.default_ipv6.interface if routes.default_ipv6 else None
    }
    if not speaking or not near or any(link.name in ways for link in speaking):
        return None
    link, prefix = speaking[0], near[0].prefix
    return Diagnosis(
        summary=f"{link.name} of {host.name} has no route to {client.name}: who announces {vip} there cannot answer",
        because=(
            symptom(client, vip),
            f"Nobody answers NDP for {vip} at {client.name}, however it asks.",
            f"A program on {host.name} has joined the group of {vip} on {link.name}, and hears the question.",
            f"No route to {prefix} leads out by {link.name}: an answer to {address} from a socket bound to it is refused.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(route_to_answer_by(host, link, prefix, vip, client.name),),
        ruled_out=("HD201: somebody listens for it.",),
    )


def _unusable_vip(
    machine: VantagePoint, link: Link, client: VantagePoint, vip: Address, state: str
) -> Diagnosis:
    why = (
        "duplicate address detection failed for it: another machine had it when it was added"
        if state == "dadfailed"
        else "duplicate address detection for it has not ended"
    )
    return Diagnosis(
        summary=f"{vip} on {link.name} of {machine.name} is {state}: the kernel does not answer for it",
        because=(
            symptom(client, vip),
            f"Nobody answers NDP for {vip} at {client.name}, however it asks.",
            f"{vip} is an address of {link.name} of {machine.name}, and {why}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN,
        ruled_out=(f"HD201: {machine.name} holds {vip}.",),
    )


def _no_link_local(
    attachment: Attachment, speaking: list[Link], client: VantagePoint, vip: Address
) -> Verdict:
    host, link = attachment.host, speaking[0]
    joined = host.findings[MulticastFacts].listening(vip)
    if any(each.index in joined for each in segment(attachment)):
        raise NotThis(f"a program on {host.name} has joined the group of {vip} there: its responder is open")
    own = [each for each in link.addresses if getattr(each.address, "is_link_local", False)]
    state = f"its {own[0].address} is {own[0].state}" if own else "it has none"
    return Diagnosis(
        summary=f"{link.name} of {host.name} has no usable link-local address: nobody can announce {vip} there",
        because=(
            symptom(client, vip),
            f"Nobody answers NDP for {vip} at {client.name}, however it asks.",
            f"{link.name} of {host.name}, where {client.name} is heard, has no usable link-local address: {state}.",
            f"No program has joined the group there in which {vip} is asked for.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=(new_link_local(host, link, vip, client.name),),
        ruled_out=("HD301: nobody answers at all.",),
    )
