"""What each kind of hop does, in one sentence for people, and the mechanism for who asks for more.

ARP stands for what asks for a MAC; for an IPv6 path NDP takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping

HOPS: Mapping[str, tuple[str, str]] = {
    "client": (
        "Packets start here: the machine looks up its route, and for an address of its subnet asks by ARP for a MAC.",
        "The route decides (ip route get VIP): with a gateway the packets go to the gateway's MAC, without one the kernel "
        "asks the link \"who has VIP?\" and keeps the answer as a neighbour entry (ip neigh).",
    ),
    "link": (
        "What carries the frames between two machines: cables, switches, bridges.",
        "A switch or bridge passes frames on by MAC alone. What was not looked at cannot be judged; a scan on that machine "
        "shows it.",
    ),
    "port": (
        "The socket of the client on the host's bridge: a VM's tap, or a container's veth.",
        "The bridge learns by which port a MAC speaks (bridge fdb show). A frame never leaves by the port it came in, "
        "unless hairpin mode is on there, and a port that is not in state forwarding passes nothing.",
    ),
    "bridge": (
        "The switch inside the host: it passes frames between its ports, and those to its own MAC up to the host.",
        "Only frames to the bridge's own MAC go up the host's IP stack. With br_netfilter the host's iptables rules also "
        "see frames that are merely bridged, and may translate or drop them.",
    ),
    "uplink": (
        "The port that leads to the rest of the LAN; a client on this host does not go by it.",
        "It is drawn because an announcement on the uplink is the usual mistake: a bridge port neither hears ARP nor takes "
        "frames that came in by another port.",
    ),
    "router": (
        "A router passes the packets on, because the client's route says so or because it answers ARP for the VIP.",
        "Where a router knows the VIP by BGP or by a static route it sends the packets to a node. Answers may come back "
        "past it, which a stateful router does not like.",
    ),
    "announcer": (
        "The interface that answers ARP for the VIP: whoever has this MAC gets the packets.",
        "A VIP belongs to no interface. MetalLB's speaker answers with the MAC of the interface on which it hears the "
        "question, and the frames must then come in where that MAC lives. In BGP mode nobody answers ARP at all.",
    ),
    "way in": (
        "The machine to which the router sends the packets, and the interface by which they come in there.",
        "The router needs a route to the VIP: by BGP from the speakers, by a static route, or because the VIP lies in a "
        "subnet of its own, where it asks by ARP. ip route get VIP on the router shows the machine.",
    ),
    "service": (
        "The rules that translate the VIP to an endpoint: kube-proxy's iptables, nftables or IPVS.",
        "DNAT replaces the VIP by the address of a pod when a connection starts, and connection tracking does so for the "
        "rest of it. That is why a VIP may work without being anybody's address, and why ping may stay silent.",
    ),
    "forwarding": (
        "The way from the host on to the endpoint: forwarding must be on, and the filter must let it pass.",
        "The translated packet is routed anew (net.ipv4.ip_forward, chain FORWARD) and leaves by this interface or port.",
    ),
    "endpoint": (
        "The program that answers in the end, usually in a pod.",
        "It sees the packets with its own address as destination. It must listen there, and its answers must come back by "
        "the machine that translated them.",
    ),
    "reply": (
        "The way back: answers must go by the machine that translated the request.",
        "Only that machine knows to turn the endpoint's address back into the VIP. An answer that goes past it comes from "
        "an address that the client never asked, and the client throws it away.",
    ),
}  # fmt: skip
