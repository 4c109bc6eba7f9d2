"""Ping to the VIP gets no answer although the service works: that is by design.

Why: kube-proxy's iptables and nftables rules translate the service's ports and nothing else, and no interface carries the
VIP, so nobody answers an echo request. With forwarding on, the node may even send a redirect or Host Unreachable.
Seen as: TCP and UDP work, ping does not.
Told apart from: A fault by the working ports.
By hand: Ask the service by its own protocol; then see that only its ports are translated, and no interface has the VIP.
    nc -zvw2 VIP PORT
    iptables-save -t nat | grep -w VIP
    ip addr show to VIP
Fix: None; test with the service's own protocol.
Unsure when: No port of the VIP works, or ping was not tried.
References: https://kubernetes.io/docs/reference/networking/virtual-ips/; metallb/metallb#1828; metallb/metallb#469.
"""

from __future__ import annotations

from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import names
from probes.icmp import IcmpFacts
from probes.target import Address


@rule("HD001", "ping-silent-by-design", Severity.NOTE, ipv6=Ipv6.PROVEN)
def ping_silent_by_design(network: Network, vip: Address) -> Verdict:
    """Every port that was tried works from a client, and ping is silent there."""
    working = network.working(vip)
    if not network.clients(vip):
        raise network.need_client(vip, f"whether {vip} answers ping")
    if not working:
        return Cleared(f"no client reaches {vip}")
    for client in working:
        icmp = client.findings[IcmpFacts]
        if icmp.answer(vip) is not None and not icmp.replied(vip):
            return Diagnosis(
                summary=f"{vip} does not answer ping, which is normal: only its service ports are translated",
                because=(f"From {client.name} the service works and ping gets no reply.",),
                severity=Severity.NOTE,
                confidence=Confidence.PROVEN,
            )
    return Cleared(f"{vip} answers ping at {names(working)}")
