"""The announcer listens on an interface that cannot hear: a bridge or bond port, or one that is down.

Why: The receive handler of a bridge (br_handle_frame, net/bridge/br_input.c) or bond takes every frame of a port before the
protocol handlers see it, so a socket bound to the port never hears an ARP request, whether the port has an address or
not. MetalLB leaves such interfaces out altogether; other announcers open the socket and hear nothing.
Seen as: Nobody answers ARP for the VIP: "no route to host" for ping, TCP and UDP alike.
Told apart from: HD105 (the announcer hears, but another segment) and HD201 (no sign of an announcer) by the interface
on which a process holds an ARP socket; HD601 by the gateway, which has no route to the VIP.
By hand: On the host, see which interfaces hold ARP sockets (ss writes ARP, 0806, as [2054]) and whether one of them is a
port; nothing is heard there.
    ss -0np
    bridge link show
    ip -br link show master BRIDGE
    kubectl -n metallb-system get l2advertisements -o yaml
Fix: Announce on the bridge itself, or on an interface with a MAC of its own on that bridge.
Unsure when: A process also listens on an interface that the client's segment does hear: then it declines to answer, and
only its configuration tells why. Where the cluster was asked, the interfaces that its L2Advertisement names decide.
References: net/bridge/br_input.c; packet(7); metallb/metallb#316;
https://metallb.io/configuration/_advanced_l2_configuration/.
"""

from __future__ import annotations

from hairpin_doctor.attachment import Attachment, segment
from hairpin_doctor.fixes.announce import announce_on
from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.fixes.own_mac_interface import own_mac_interface, own_mac_port
from hairpin_doctor.listening import known_listeners, listeners
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import of_silent_clients, silent_attachment, symptom
from hairpin_doctor.told import Told, told
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import ArpListener
from probes.interfaces import InterfaceFacts
from probes.target import Address, resolution

ASKED_BY = {4: "ARP requests", 6: "neighbour solicitations"}
"""What asks for the MAC of an address of each version of IP."""


@rule("HD104", "deaf-announcing-interface", Severity.BROKEN, explains=("HD201",), ipv6=Ipv6.PROVEN)
def deaf_announcing_interface(network: Network, vip: Address) -> Verdict:
    """A process listens for ARP on a port, and nobody answers the client."""
    if not network.clients(vip):
        return _from_the_host_alone(network, vip)
    return of_silent_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    attachment = silent_attachment(network, client, vip)
    host = attachment.host
    hearing = [link.name for link in segment(attachment)]
    word = told(network, vip, host)
    if word is not None and not set(word.interfaces) & set(hearing):
        return _by_the_clusters_word(vip, client, attachment, word)
    found, by = listeners(host, vip), resolution(vip)
    if any(each.interface in hearing for each in found):
        return Cleared(
            f"a process on {host.name} listens for {by} on {hearing[0]}, where {client.name} is heard"
        )
    deaf = [each for each in found if _why_deaf(host, each.interface)]
    if not deaf:
        return Cleared(
            f"no process on {host.name} listens for {by} on a port or on an interface that is down"
        )
    known_listeners(host, vip)
    return _diagnosis(vip, client, attachment, deaf)


def _by_the_clusters_word(vip: Address, client: VantagePoint, attachment: Attachment, word: Told) -> Verdict:
    """The speaker may listen anywhere: it answers only on the interfaces that it is told."""
    host = attachment.host
    deaf = {name: why for name in word.interfaces if (why := why_unheard(host, name))}
    if len(deaf) < len(word.interfaces):
        return Cleared(f"{', '.join(word.interfaces)} of {host.name}: at least one of them hears a segment")
    because = (
        symptom(client, vip),
        f"Nobody answers {resolution(vip)} for {vip} at {client.name}.",
        word.sentence,
        *(f"{name} of {host.name} cannot hear a request: {why}." for name, why in deaf.items()),
    )
    return Diagnosis(
        summary=f"{vip} is announced on {word.interfaces[0]} of {host.name}, which cannot hear {ASKED_BY[vip.version]}",
        because=because,
        severity=Severity.BROKEN,
        confidence=word.confidence,
        fixes=announcing_fixes(attachment, vip, client),
        ruled_out=(f"HD105: {word.interfaces[0]} hears no segment at all.",),
    )


def why_unheard(host: VantagePoint, interface: str) -> str | None:
    """Why an interface that the cluster names hears nothing; None where it hears."""
    if host.findings[InterfaceFacts].by_name(interface) is None:
        return "there is no such interface"
    return _why_deaf(host, interface)


def _why_deaf(host: VantagePoint, interface: str) -> str | None:
    interfaces = host.findings[InterfaceFacts]
    link = interfaces.by_name(interface)
    if link is None:
        return None
    master = interfaces.by_index(link.master)
    if master is not None and master.kind in ("bridge", "bond", "team", "openvswitch", "ovs-system"):
        return f"it is a port of {master.name}, which takes every frame before a socket sees it"
    if not link.up or not link.carrier:
        return "it is down"
    return None


def _diagnosis(
    vip: Address, client: VantagePoint, attachment: Attachment, deaf: list[ArpListener]
) -> Diagnosis:
    host = attachment.host
    first = deaf[0]
    because = [symptom(client, vip), f"Nobody answers {resolution(vip)} for {vip} at {client.name}."]
    for each in deaf:
        who = each.process or "A process"
        why = _why_deaf(host, each.interface)
        because.append(f"{who} on {host.name} listens for {resolution(vip)} on {each.interface}, but {why}.")
    because.append(
        f"Nobody listens on {attachment.interface.name}, by which {client.name} reaches {host.name}."
    )
    return Diagnosis(
        summary=f"{vip} is announced on {first.interface} of {host.name}, which cannot hear {ASKED_BY[vip.version]}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY,
        fixes=announcing_fixes(attachment, vip, client),
        ruled_out=(
            f"HD105: {first.interface} hears no segment at all.",
            "HD601: no sign of a route to the VIP at the gateway.",
        ),
    )


def announcing_fixes(attachment: Attachment, vip: Address, client: VantagePoint) -> tuple[Fix, ...]:
    """Announce where the client is heard: on the interface itself, or on one with a MAC of its own above it."""
    base = attachment.interface
    fixes = (
        announce_on(base.name, vip, client.name),
        own_mac_interface(attachment.host, base, vip, client.name),
    )
    if base.bridge is None:
        return fixes
    return (*fixes, own_mac_port(attachment.host, base, vip, client.name))


def _from_the_host_alone(network: Network, vip: Address) -> Verdict:
    missing = network.need_client(vip, f"whether anybody answers {resolution(vip)} for {vip}")
    for host in network.hosts(vip):
        found = listeners(host, vip)
        deaf = [each for each in found if _why_deaf(host, each.interface)]
        if deaf and len(deaf) == len(found):
            where = deaf[0].interface
            seen = (
                f"the only {resolution(vip)} listener of {host.name} is on {where}: {_why_deaf(host, where)}"
            )
            return Undetermined(f"{seen}; {missing.what}", missing.how_to_get, suspected=True)
    raise missing
