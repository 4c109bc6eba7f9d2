"""Suspicion: the VIP answers with the bridge's own MAC, and nothing that is sent to that MAC gets through.

Why: A VIP that shares the MAC of its bridge works (HD002): the frame goes up the IP stack and is translated there. So
this is no cause by itself. Where no traffic at all to that MAC is taken, an interface with a MAC of its own takes the
traffic past whatever stands in the way, and the next scan shows more.
Seen as: ARP (NDP for IPv6) is answered, and ping, TCP and UDP to everything behind that MAC are silent.
Told apart from: Every other cause, each of which goes before this one; and from HD002 by the failing traffic. A client
that is served by that MAC clears it.
By hand: The MAC that answers is the bridge's; watch whether a frame to it arrives, and whether anything comes of it.
    ip -br link show dev BRIDGE
    tcpdump -eni BRIDGE host VIP
    conntrack -L -d VIP
Fix: An interface with a MAC of its own, then judge again.
Unsure when: Always: this is never more than possible, and it leaves the symptom unexplained.
References: net/bridge/br_input.c; Documentation/networking/bridge.rst; metallb/metallb#535.
"""

from __future__ import annotations

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.fixes.own_mac_interface import own_mac_interface, own_mac_port
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import answering_interface, attachment_of, of_failing_clients, symptom
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.connections import ConnectionFacts
from probes.icmp import IcmpFacts
from probes.target import Address


@rule("HD302", "vip-shares-the-bridge-mac", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def vip_shares_the_bridge_mac(network: Network, vip: Address) -> Verdict:
    """Only where no sign shows that the host took any of the client's packets."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    answer = answering_interface(network, client, vip, "whether the bridge's own MAC answers")
    attachment = attachment_of(network, client, vip)
    bridge = attachment.interface
    if bridge.bridge is None or answer.mac != bridge.mac:
        return Cleared(f"{answer.mac}, which answers, is not a bridge's own MAC")
    taken = _serves(network, answer.mac, vip) or _taken(client, attachment, vip)
    if taken:
        return Cleared(f"frames to the bridge's MAC are taken: {taken}")
    return Diagnosis(
        summary=f"{vip} shares the MAC of {bridge.name}, and nothing sent to that MAC shows up behind it",
        because=(
            symptom(client, vip),
            f"{vip} answers {client.name} with {answer.mac}, the own MAC of {bridge.name} on {attachment.host.name}.",
            f"No ICMP reply or error, no tracked connection: no sign that {attachment.host.name} took a packet.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.POSSIBLE,
        fixes=(
            own_mac_interface(attachment.host, bridge, vip, client.name),
            own_mac_port(attachment.host, bridge, vip, client.name),
        ),
    )


def _serves(network: Network, mac: str, vip: Address) -> str | None:
    """Another client that is served by the very MAC."""
    for other in network.working(vip):
        arp = other.findings.get(ArpFacts)
        if arp is not None and mac in arp.macs(vip):
            return f"{other.name} is served by it"
    return None


def _taken(client: VantagePoint, attachment: Attachment, vip: Address) -> str | None:
    """Any sign that a packet of the client went up the host's IP stack."""
    icmp = client.findings.get(IcmpFacts)
    echo = icmp.answer(vip) if icmp else None
    if echo and (echo.replied_from or echo.messages):
        return f"{vip} or its host answers ping or sends ICMP messages"
    if any(state.works is Works.YES for state in client.states_of(vip)):
        return "another port of the VIP works"
    address = client.address_towards(vip)
    flows = attachment.host.findings[ConnectionFacts].from_client(address, vip) if address else ()
    return f"{attachment.host.name} tracks {len(flows)} connections of {client.name}" if flows else None
