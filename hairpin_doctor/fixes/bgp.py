"""Fixes of BGP on both sides of a session: what to look at, and what must be equal or allowed."""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.fixes.announce import METALLB, check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.service_object import ANYWHERE
from probes.target import Address

REASONS = {
    "AS": "The AS number that each side expects of the other must be the one that it has.",
    "refused": "The peer must listen on TCP port 179 and know this node as its neighbour.",
    "route to host": "The peer's address must be right and on the same link, or the session be multihop.",
    "Hold timer": "Something on the way loses packets: filters on TCP port 179, the MTU, or an overloaded peer.",
    "MD5": "The password of both sides must be the same.",
    "Authentication": "The password of both sides must be the same.",
}
"""A part of the daemon's last error -> what it asks for."""
ANY_REASON = "Both sides must name each other's address and AS number, and the same password; TCP port 179 must be open."


@dataclass(frozen=True)
class Sides:
    """Whose session it is: the node, its peers, the failing client. `bird`: whether BIRD speaks on the node."""

    host: str
    peers: tuple[str, ...]
    client: str
    bird: bool


def mend_session(sides: Sides, errors: tuple[str, ...], vip: Address) -> Fix:
    """By the daemon's last error, where it gives one that we know."""
    told = [text for part, text in REASONS.items() if any(part in error for error in errors)]
    title = f"Bring up the BGP session with {', '.join(sides.peers)}"
    return _both_sides(title, sides, " ".join(told) or ANY_REASON, vip)


def advertise(sides: Sides, vip: Address) -> Fix:
    """Have the speaker send the VIP to its peers."""
    text = (
        f"Advertise the pool that holds {vip}: a BGPAdvertisement that selects the pool, this node and this peer, or "
        "the export filter of the node's own daemon."
    )
    return _both_sides(f"Advertise {vip} to {', '.join(sides.peers)}", sides, text, vip)


def name_a_peer(why: str, vip: Address, client: str) -> Fix:
    """Have a BGPPeer for the nodes that announce, where none is selected. `why`: in the cluster's words."""
    text = (
        f"{why[0].upper()}{why[1:]}. A BGPPeer names the router (peerAddress, peerASN) and the node's own AS (myASN); "
        "the advertisement's `peers` hold its name or are left out; the nodeSelectors of both select one node at least."
    )
    there = f"kubectl -n {METALLB} get bgppeers,bgpadvertisements -o yaml"
    steps = (
        Step("cluster", ANYWHERE, "whom MetalLB is to tell, and from which nodes", (Look(there),)),
        Step("cluster", ANYWHERE, "somebody must be told", instructions=text),
    )
    return Fix(f"Give MetalLB a BGP peer to tell of {vip}", steps, check_from_client(vip, client))


def _both_sides(title: str, sides: Sides, text: str, vip: Address) -> Fix:
    bird = ("birdc -r show protocols all",) if sides.bird else ()
    here = (*bird, "ss -tn '( sport = :179 or dport = :179 )'")
    there = f"kubectl -n {METALLB} get bgppeers,bgpadvertisements,ipaddresspools -o yaml"
    states = "kubectl get bgpsessionstates.frrk8s.metallb.io -A -o yaml"
    steps = (
        Step("host", sides.host, "the sessions as this side sees them", tuple(map(Look, here))),
        Step(
            "cluster",
            ANYWHERE,
            "what MetalLB was told, and how FRR says it stands",
            (Look(there), Look(states)),
        ),
        Step("router", "the BGP peer", "both sides must agree", instructions=text),
    )
    return Fix(title, steps, check_from_client(vip, sides.client))


def announce_somewhere(vip: Address, client: str) -> Fix:
    """L2 beside BGP, where no host was scanned and so no interface can be named."""
    text = (
        f"Announce {vip} by L2 (an L2Advertisement whose `interfaces` names the interface in the segment of "
        f"{client}). Which one that is, a scan on the host tells, with the exact manifest."
    )
    step = Step(
        "cluster",
        "any machine with kubectl",
        "the client needs somebody to answer its ARP",
        instructions=text,
    )
    return Fix(f"Announce {vip} by L2", (step,), check_from_client(vip, client))


def another_subnet(vip: Address, client: str) -> Fix:
    """A pool that no client is connected to, so that every client asks the router."""
    text = (
        f"Take the pool of {vip} from a prefix that no client is connected to, and let the router carry it: "
        "then every client sends to the router, and BGP mode serves all of them. To keep the addresses, move the clients "
        "instead: into a VLAN with a subnet of its own."
    )
    step = Step("cluster", "any machine with kubectl", "clients route what is not on-link", instructions=text)
    caution = "Every VIP changes its address, and with it DNS records and port forwards."
    return Fix(
        "Move the pool out of the clients' subnet",
        (step,),
        check_from_client(vip, client),
        (caution,),
        "BGP stays, and with it more than one node per VIP; but every VIP gets another address",
    )
