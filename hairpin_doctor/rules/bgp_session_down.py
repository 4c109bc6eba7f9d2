"""No BGP session is established, so no router has learned a route to the VIP.

Why: In BGP mode the speaker tells routers over TCP port 179 by which node the VIP is reached (RFC 4271). Without an
established session (wrong AS number or password, a filter, a peer that does not listen) nobody learns it, and what
clients in other subnets send ends at the router.
Seen as: The VIP works on the node itself; clients behind the router get Host Unreachable or silence, ping included.
Told apart from: HD603 by the sessions, none of which is up; HD601 by the client, whose route leads by a gateway; HD201 by
the host, where nobody announces the VIP by ARP; a fault behind the router's route by its next hop, which would be a node.
By hand: On the node: the state of the sessions, and what passes on TCP port 179.
    ss -tn state all '( sport = :179 or dport = :179 )'
    birdc show protocols all
    kubectl -n metallb-system logs -l component=speaker --tail=50
    tcpdump -ni any tcp port 179
Fix: By the reason that the daemon or its sockets give: AS numbers, the neighbour's address, a filter on TCP port 179.
Unsure when: The daemon cannot be asked and no attempt to connect is seen; or an announcer by ARP runs on the host too.
References: RFC 4271; https://metallb.io/concepts/bgp/; https://metallb.io/troubleshooting/.
"""

from __future__ import annotations

from hairpin_doctor.fixes.bgp import mend_session
from hairpin_doctor.network import Network
from hairpin_doctor.routed_vip import RoutedVip, routed_vip
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.target import Address


@rule("HD602", "bgp-session-down", Severity.BROKEN)
def bgp_session_down(network: Network, vip: Address) -> Verdict:
    """A routed VIP, and every BGP session of its hosts is down."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    found = routed_vip(network, client, vip)
    if found.peers or any(session.is_established for _, session in found.told):
        return Cleared(f"a BGP session of {found.host_names} is established")
    if found.told or found.connecting:
        return _diagnosis(found, vip)
    if found.listening:
        what = f"with whom {found.host_names}, which listens on TCP port 179, should have a BGP session"
        return Undetermined(
            what, f"on {found.hosts[0].name}: ask its BGP daemon (vtysh -c 'show bgp summary')"
        )
    return Cleared(f"nothing on {found.host_names} speaks BGP")


def _diagnosis(found: RoutedVip, vip: Address) -> Diagnosis:
    because = [symptom(found.client, vip)]
    for host, session in found.told:
        why = f" (last error: {session.last_error})" if session.last_error else ""
        peer = session.peer or session.name
        because.append(f"{session.daemon} on {host.name}: session with {peer} is {session.state}{why}.")
    because += [
        f"{found.host_names} tries to connect to {peer} port 179, and gets no answer."
        for peer in found.connecting
    ]
    if found.no_route:
        because.append(f"The gateway of {found.client.name} itself says that it has no route to {vip}.")
    peers = [str(s.peer or s.name) for _, s in found.told] or [str(each) for each in found.connecting]
    errors = [s.last_error for _, s in found.told if s.last_error]
    return Diagnosis(
        summary=f"{found.host_names} has no established BGP session, so that no router learns {vip}",
        because=tuple(because),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if found.told and found.no_route else Confidence.LIKELY,
        fixes=(
            mend_session(
                found.hosts[0].name, tuple(dict.fromkeys(peers)), tuple(errors), vip, found.client.name
            ),
        ),
        ruled_out=("HD603: there is no session in which it could be advertised.",),
    )
