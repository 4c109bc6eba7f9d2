"""No BGP session is established, so no router has learned a route to the VIP.

Why: In BGP mode the speaker tells routers over TCP port 179 by which node the VIP is reached (RFC 4271). Without an
established session (wrong AS number or password, a filter, a peer that does not listen) nobody learns it, and what
clients in other subnets send ends at the router.
Seen as: The VIP works on the node itself; clients behind the router get Host Unreachable or silence, ping included.
Told apart from: HD603 by the sessions, none of which is up; HD601 by the client, whose route leads by a gateway; HD201 by
the host, where nobody announces the VIP by ARP; a fault behind the router's route by its next hop, which would be a node.
By hand: On the node and, where FRR runs as frr-k8s, in the cluster: the state of the sessions; and what passes on TCP
port 179.
    ss -tn state all '( sport = :179 or dport = :179 )'
    birdc show protocols all
    kubectl get bgpsessionstates.frrk8s.metallb.io -A
    kubectl -n metallb-system logs -l component=speaker --tail=50
    tcpdump -ni any tcp port 179
Fix: By the reason that the daemon or its sockets give: AS numbers, the neighbour's address, a filter on TCP port 179.
Unsure when: The daemon cannot be asked, the cluster does not tell, and no attempt to connect is seen; or an announcer by ARP
runs on the host too, and no cluster says that only BGP is meant.
References: RFC 4271; https://metallb.io/concepts/bgp/; https://metallb.io/troubleshooting/.
"""

from __future__ import annotations

from hairpin_doctor.fixes.bgp import mend_session, name_a_peer
from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.network import Network
from hairpin_doctor.routed_vip import RoutedVip, routed_vip
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.target import Address


@rule("HD602", "bgp-session-down", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def bgp_session_down(network: Network, vip: Address) -> Verdict:
    """A routed VIP, and every BGP session of its hosts is down."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    found = routed_vip(network, client, vip)
    if found.peers or found.up or (found.word and found.nobody_to_tell and found.word.up_elsewhere):
        return Cleared(f"a BGP session of {found.host_names} is established")
    if found.untold:
        return Undetermined(*_unknown(found))
    if found.told or found.connecting or found.nobody_to_tell:
        return _diagnosis(found, vip)
    if found.word or found.listening:
        return Undetermined(*_unknown(found))
    return Cleared(f"nothing on {found.host_names} speaks BGP")


def _unknown(found: RoutedVip) -> tuple[str, str]:
    """What is missing, and how to get it."""
    if found.word is None:
        what = f"with whom {found.host_names}, which listens on TCP port 179, should have a BGP session"
        return what, f"on {found.machine}: ask its BGP daemon (vtysh -c 'show bgp summary')"
    peers = ", ".join(dict.fromkeys(each.peer.name for each in found.word.peerings))
    nodes = ", ".join(found.untold) or found.host_names
    what = f"whether a BGP session of {nodes} with {peers} is established"
    return what, f"on {nodes}: sudo hairpin-doctor scan --with <this report>"


def _diagnosis(found: RoutedVip, vip: Address) -> Diagnosis:
    because = [symptom(found.client, vip)]
    for session in found.told:
        why = f" (last error: {session.last_error})" if session.last_error else ""
        because.append(f"{session.said_by}: session with {session.peer} is {session.state}{why}.")
    because += _as_numbers(found)
    because += [
        f"{found.host_names} tries to connect to {peer} port 179, and gets no answer."
        for peer in found.connecting
    ]
    if found.nobody_to_tell and found.word:
        because.append(f"{found.nobody_to_tell} ({found.word.view.said_by}).")
    if found.no_route:
        because.append(f"The gateway of {found.client.name} itself says that it has no route to {vip}.")
    return Diagnosis(
        summary=f"{found.host_names} has no established BGP session, so that no router learns {vip}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN
        if (found.told or found.nobody_to_tell) and found.no_route
        else Confidence.LIKELY,
        fixes=(_fix(found, vip),),
        ruled_out=("HD603: there is no session in which it could be advertised.",),
    )


def _as_numbers(found: RoutedVip) -> list[str]:
    """What MetalLB expects of each peer, which must be what the peer has."""
    peers = {each.peer.name: each.peer for each in found.word.peerings} if found.word else {}
    return [
        f"MetalLB is AS {each.my_asn} there and expects {f'AS {each.peer_asn}' if each.peer_asn else 'any AS'} at "
        f"{each.address or each.interface} (BGPPeer {each.name})."
        for each in peers.values()
    ]


def _fix(found: RoutedVip, vip: Address) -> Fix:
    if found.nobody_to_tell:
        return name_a_peer(found.nobody_to_tell, vip, found.client.name)
    peers = [each.peer for each in found.told] or [str(each) for each in found.connecting]
    errors = [each.last_error for each in found.told if each.last_error]
    return mend_session(found.sides(peers), tuple(errors), vip)
