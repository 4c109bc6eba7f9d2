"""A BGP session is up, and the VIP is not among what is advertised in it.

Why: Which addresses a speaker advertises, and to which peer, is decided by its configuration (MetalLB: BGPAdvertisement,
its pools, peers and node selectors; a router daemon: its export filter). A route that is not sent cannot be learned.
Seen as: The session is established, other prefixes may be learned; clients behind the router do not reach the VIP at all.
Told apart from: HD602 by the session, which is up; HD601 by the client, whose route leads by a gateway; a filter of the
router by the daemon's own list of what it sends; a session of the pod network (Calico) is such a one, too.
By hand: On the node: what the daemon sends to that peer; in the cluster, what it was told to advertise.
    birdc show route export PROTOCOL
    vtysh -c "show bgp ipv4 neighbors PEER advertised-routes"
    kubectl -n metallb-system get bgpadvertisements,ipaddresspools,bgppeers -o yaml
Fix: Advertise the pool to that peer; mend the export filter.
Unsure when: The daemon cannot be asked, so that only the gateway's word counts that it has no route: its own filter may have
refused it.
References: RFC 4271; https://metallb.io/configuration/_advanced_bgp_configuration/.
"""

from __future__ import annotations

from hairpin_doctor.fixes.bgp import advertise
from hairpin_doctor.network import Network
from hairpin_doctor.routed_vip import RoutedVip, routed_vip
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.target import Address


@rule("HD603", "bgp-not-advertised", Severity.BROKEN)
def bgp_not_advertised(network: Network, vip: Address) -> Verdict:
    """A routed VIP, an established session, and the VIP in none."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    found = routed_vip(network, client, vip)
    up = [(host, session) for host, session in found.told if session.is_established]
    if not up and not found.peers:
        return Cleared(f"no BGP session of {found.host_names} is established")
    for host, session in up:
        if vip in session.advertised:
            return Cleared(
                f"{session.daemon} on {host.name} advertises {vip} to {session.peer or session.name}"
            )
    if up or found.no_route:
        return _diagnosis(found, vip)
    peers = ", ".join(map(str, found.peers))
    what = f"whether {vip} is advertised in the BGP session with {peers}"
    return Undetermined(
        what, f"on the router: look for {vip} in what it has learned (show bgp, ip route get {vip})"
    )


def _diagnosis(found: RoutedVip, vip: Address) -> Diagnosis:
    because = [symptom(found.client, vip)]
    because += [
        f"{session.daemon} on {host.name}: session with {session.peer or session.name} is {session.state}, and no route "
        f"in it holds {vip}."
        for host, session in found.told
        if session.is_established
    ]
    if not found.told:
        because.append(f"{found.host_names} has BGP sessions with {', '.join(map(str, found.peers))}.")
    if found.no_route:
        because.append(f"The gateway of {found.client.name} itself says that it has no route to {vip}.")
    peers = tuple(dict.fromkeys(str(s.peer or s.name) for _, s in found.told)) or tuple(map(str, found.peers))
    return Diagnosis(
        summary=f"{found.host_names} does not advertise {vip} to {', '.join(peers)}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if found.told and found.no_route else Confidence.LIKELY,
        fixes=(advertise(found.hosts[0].name, peers, vip, found.client.name),),
        ruled_out=("HD602: the session is established.",),
    )
