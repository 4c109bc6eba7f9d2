"""The VIP shares the MAC of the host's bridge, and works: that is no fault.

Why: A frame to the bridge's own MAC goes up the IP stack, where the service rules translate it (br_handle_frame_finish
in net/bridge/br_input.c passes local addresses up). Announcing on the bridge itself needs no interface of its own.
Seen as: The VIP and the node's address answer with the same MAC.
Told apart from: HD310, where two machines share a MAC; HD301, where the MAC is a port's.
By hand: The MAC that answers on the client is the address of the bridge on the host, and the port is open.
    arping -c 3 -I IF VIP
    ip -br link show dev BRIDGE
    nc -zvw2 VIP PORT
Fix: None.
Unsure when: Only a client was scanned: it cannot know that the MAC is a bridge's.
References: net/bridge/br_input.c; Documentation/networking/bridge.rst; https://metallb.io/concepts/layer2/.
"""

from __future__ import annotations

from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import answering_interface
from probes.target import Address


@rule("HD002", "vip-on-bridge-mac-works", Severity.NOTE, ipv6=Ipv6.PROVEN)
def vip_on_bridge_mac_works(network: Network, vip: Address) -> Verdict:
    """A working client is answered with a bridge's own MAC."""
    if not network.clients(vip):
        raise network.need_client(vip, f"which MAC answers for {vip}")
    for client in network.working(vip):
        answer = answering_interface(network, client, vip, "whether the bridge's own MAC answers")
        if answer.owner.link.bridge is not None:
            return Diagnosis(
                summary=f"{vip} shares the MAC of {answer.owner}, and works",
                because=(
                    f"{vip} answers {client.name} with {answer.mac}, and the service works from there.",
                ),
                severity=Severity.NOTE,
                confidence=Confidence.PROVEN,
            )
        return Cleared(f"{answer.mac}, which answers, is not a bridge's")
    return Cleared(f"no client reaches {vip}")
