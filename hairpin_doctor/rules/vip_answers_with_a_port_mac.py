"""The VIP answers with the MAC of a bridge port other than the client's, and such frames are dropped.

Why: A frame to a port's own MAC that comes in by another port of the same bridge is delivered upwards, but it keeps
PACKET_OTHERHOST, which eth_type_trans set when it came in, and ip_rcv drops it (net/ipv4/ip_input.c; drop reason OTHERHOST).
Frames that come in by that very port are fine. With br_netfilter and a DNAT rule it works, since the frame is readdressed.
Seen as: Clients behind the port (the LAN) succeed, clients behind other ports (the VMs) get silence for all but ARP.
Told apart from: HD302 and healthy networks by the live ARP answer, which is a port's own MAC and not the bridge's; HD205
by the same answer, since a port's MAC that is only in the client's cache is a stale entry.
By hand: The MAC that answers is that of a port, not of the bridge; the kernel drops the frames as OTHERHOST.
    arping -c 3 -I IF VIP
    ip -br link show master BRIDGE
    bridge fdb show br BRIDGE | grep permanent
    trace-cmd stream -e skb:kfree_skb
Fix: Announce with the bridge's own MAC (on the bridge), or with an interface of its own.
Unsure when: The client is in no forwarding database of the host, or br_netfilter could not be read.
References: net/ethernet/eth.c; net/ipv4/ip_input.c; net/bridge/br_input.c; metallb/metallb#316.
"""

from __future__ import annotations

from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.rules.deaf_announcing_interface import announcing_fixes
from hairpin_doctor.situation import (
    answering_interface,
    attachment_of,
    intercepted,
    of_failing_clients,
    symptom,
    translated,
)
from hairpin_doctor.vantage_point import VantagePoint
from probes.target import Address


@rule("HD301", "vip-answers-with-a-port-mac", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def vip_answers_with_a_port_mac(network: Network, vip: Address) -> Verdict:
    """The live answer is a port's own MAC, and the client hangs on another port."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    answer = answering_interface(network, client, vip, "whether a bridge port's MAC answers")
    attachment = attachment_of(network, client, vip)
    port, bridge = answer.owner.link, attachment.interface
    if bridge.bridge is None or port.master != bridge.index:
        return Cleared(f"{answer.mac}, which answers, is {answer.owner}: no port of the client's bridge")
    if answer.mac == bridge.mac:
        return Cleared(f"{answer.mac} is the MAC of {bridge.name} itself as well: such frames are taken")
    if attachment.port is None or attachment.port.index == port.index:
        return Cleared(f"{client.name} is behind {port.name} itself, where frames to its MAC are taken")
    if intercepted(attachment, vip) and translated(attachment.host, vip, client.scope):
        return Cleared(f"br_netfilter readdresses the frames on {bridge.name}, so that they are taken")
    works = [other.name for other in network.working(vip)]
    because = (
        symptom(client, vip),
        f"{vip} answers {client.name} with {answer.mac}, the MAC of {port.name}, a port of {bridge.name} ({bridge.mac}).",
        f"{client.name} is behind {attachment.port.name}: its frames to that MAC are dropped as another host's (OTHERHOST).",
        f"br_netfilter does not readdress bridged frames on {bridge.name}.",
        *([f"{', '.join(works)} is served."] if works else ()),
    )
    return Diagnosis(
        summary=f"{vip} answers with the MAC of {port.name}, a port of {bridge.name} other than that of {client.name}",
        because=because,
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if works else Confidence.LIKELY,
        fixes=announcing_fixes(attachment, vip, client),
        ruled_out=(
            f"HD302: the answer is not the MAC of {bridge.name}.",
            "HD205: this is the live answer, not the cache.",
        ),
    )
