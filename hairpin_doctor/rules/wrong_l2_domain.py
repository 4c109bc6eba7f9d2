"""The VIP is announced on an interface that is not in the client's L2 domain.

Why: ARP requests are broadcasts and stay in their segment. An announcer on another NIC, VLAN or bridge never hears the
client, although both use the same subnet; clients on that other segment are served.
Seen as: Nobody answers ARP for the VIP here, while clients elsewhere reach it.
Told apart from: HD104 by an interface that does hear, but another segment; HD201 by the presence of such a listener;
HD601 by the gateway, which has no route to the VIP.
By hand: On the host, watch for the client's requests on the interface that announces and on the one that leads to the
client.
    tcpdump -eni IF arp and host VIP
    bridge fdb show | grep -i CLIENT_MAC
    kubectl -n metallb-system get l2advertisements -o yaml
Fix: Announce on the interface by which the client reaches the host.
Unsure when: The announcer listens everywhere (MetalLB's speaker does) and only answers on some interfaces: then its
L2Advertisement must tell.
References: RFC 826; https://metallb.io/configuration/_advanced_l2_configuration/; metallb/metallb#277.
"""

from __future__ import annotations

from hairpin_doctor.attachment import Attachment, segment
from hairpin_doctor.listening import known_listeners, listening_interfaces
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.rules.deaf_announcing_interface import (
    announcing_fixes,
    why_unheard,
)
from hairpin_doctor.situation import NotThis, of_silent_clients, silent_attachment, symptom
from hairpin_doctor.told import Told, told
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.interfaces import InterfaceFacts
from probes.neighbour_discovery import usable_link_locals
from probes.routes import RouteFacts
from probes.target import Address, resolution


@rule("HD105", "wrong-l2-domain", Severity.BROKEN, explains=("HD201",), ipv6=Ipv6.PROVEN)
def wrong_l2_domain(network: Network, vip: Address) -> Verdict:
    """A process listens for ARP, but only on interfaces that do not hear the client."""
    if not network.clients(vip):
        return _from_the_host_alone(network, vip)
    return of_silent_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    attachment = silent_attachment(network, client, vip)
    host = attachment.host
    hearing = [link.name for link in segment(attachment)]
    _can_announce(host, vip, hearing)
    word = told(network, vip, host)
    if word is not None and not set(word.interfaces) & set(hearing):
        return _by_the_clusters_word(vip, client, attachment, word)
    by, elsewhere = resolution(vip), _hearing_elsewhere(host, vip, hearing)
    witness = _served_elsewhere(network, client, host, vip, hearing)
    if witness is None and any(name in hearing for name in listening_interfaces(host, vip)):
        return Cleared(
            f"a process on {host.name} listens for {by} on {hearing[0]}, where {client.name} is heard"
        )
    if not elsewhere:
        return Cleared(f"no process on {host.name} listens for {by} on an interface of another segment")
    if witness is None:
        known_listeners(host, vip)
    because = [
        symptom(client, vip),
        f"Nobody answers {resolution(vip)} for {vip} at {client.name}.",
        f"{client.name} reaches {host.name} by {attachment.interface.name}; {by} is listened for on {', '.join(elsewhere)}.",
    ]
    return Diagnosis(
        summary=f"{vip} is announced on {elsewhere[0]} of {host.name}; {client.name} is on {attachment.interface.name}",
        because=(*because, *([witness] if witness else ())),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if witness else Confidence.LIKELY,
        fixes=announcing_fixes(attachment, vip, client),
        ruled_out=(
            f"HD104: {elsewhere[0]} is up and no port.",
            "HD601: no sign of a route to the VIP at the gateway.",
        ),
    )


def _by_the_clusters_word(vip: Address, client: VantagePoint, attachment: Attachment, word: Told) -> Verdict:
    """The speaker may listen in the client's segment too: it answers only on the interfaces that it is told."""
    host = attachment.host
    elsewhere = [name for name in word.interfaces if why_unheard(host, name) is None]
    if not elsewhere:
        return Cleared(f"{', '.join(word.interfaces)} of {host.name} hears no segment at all")
    where = attachment.interface.name
    return Diagnosis(
        summary=f"{vip} is announced on {elsewhere[0]} of {host.name}; {client.name} is on {where}",
        because=(
            symptom(client, vip),
            f"Nobody answers {resolution(vip)} for {vip} at {client.name}.",
            word.sentence,
            f"{client.name} reaches {host.name} by {where}, whose segment {', '.join(elsewhere)} does not hear.",
        ),
        severity=Severity.BROKEN,
        confidence=word.confidence,
        fixes=announcing_fixes(attachment, vip, client),
        ruled_out=(f"HD104: {elsewhere[0]} is up and no port.",),
    )


def _can_announce(host: VantagePoint, vip: Address, names: list[str]) -> None:
    """Raises NotThis for an IPv6 VIP where no interface of these has a link-local address to announce from: HD211."""
    links = [host.findings[InterfaceFacts].by_name(name) for name in names]
    if vip.version == 6 and not any(link is not None and any(usable_link_locals(link)) for link in links):
        raise NotThis(
            f"{', '.join(names)} of {host.name} has no usable link-local address to announce {vip} from"
        )


def _hearing_elsewhere(host: VantagePoint, vip: Address, hearing: list[str]) -> list[str]:
    """Interfaces with a listener that are up, no port, and not in the client's segment."""
    interfaces = host.findings[InterfaceFacts]
    found: list[str] = []
    for name in listening_interfaces(host, vip):
        link = interfaces.by_name(name)
        if link is not None and link.master is None and link.up and link.carrier and name not in hearing:
            found.append(name)
    return found


def _served_elsewhere(
    network: Network, client: VantagePoint, host: VantagePoint, vip: Address, hearing: list[str]
) -> str | None:
    """A sentence about another client that gets its answer from an interface outside the silent client's segment."""
    for other in network.clients(vip):
        arp = other.findings.get(ArpFacts)
        for mac in arp.macs(vip) if arp and other is not client else ():
            for owner in network.owners(mac):
                if owner.vantage_point is host and owner.link.name not in hearing:
                    return f"{other.name} is answered by {owner.link.name} ({mac})."
    return None


def _from_the_host_alone(network: Network, vip: Address) -> Verdict:
    missing = network.need_client(vip, f"whether anybody answers {resolution(vip)} for {vip}")
    for host in network.hosts(vip):
        holding = [each.interface for each in host.findings[RouteFacts].connected if vip in each.prefix]
        interfaces = host.findings[InterfaceFacts]
        above = [
            link.name
            for name in holding
            if (base := interfaces.by_name(name))
            for link in interfaces.stacked_on(base)
            if link.kind != "vlan"  # hears what is tagged, which those who share the VIP's prefix are not
        ]
        listeners = _hearing_elsewhere(host, vip, [])
        if listeners and holding and not set(listeners) & {*holding, *above}:
            _can_announce(host, vip, [*holding, *above])
            where = f"{', '.join(listeners)} only; {vip} lies in the subnet of {holding[0]}"
            seen = f"{host.name} listens for {resolution(vip)} on {where}"
            return Undetermined(f"{seen}; {missing.what}", missing.how_to_get, suspected=True)
    raise missing
