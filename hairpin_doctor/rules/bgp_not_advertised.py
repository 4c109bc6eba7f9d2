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
    kubectl get servicebgpstatuses.metallb.io -A -o yaml
Fix: Advertise the pool to that peer; mend the export filter.
Unsure when: Neither the daemon nor the cluster (ServiceBGPStatus, since MetalLB v0.15) tells, so that only the gateway's
word counts that it has no route: its own filter may have refused it.
References: RFC 4271; https://metallb.io/configuration/_advanced_bgp_configuration/.
"""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.fixes.bgp import advertise, name_a_peer
from hairpin_doctor.network import Network
from hairpin_doctor.routed_vip import RoutedVip, routed_vip
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.target import Address


@rule("HD603", "bgp-not-advertised", Severity.BROKEN, ipv6=Ipv6.PROVEN)
def bgp_not_advertised(network: Network, vip: Address) -> Verdict:
    """A routed VIP, an established session, and the VIP in none."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    found = routed_vip(network, client, vip)
    elsewhere = found.word is not None and found.word.up_elsewhere
    if not found.up and not found.peers and not (found.nobody_to_tell and elsewhere):
        return Cleared(f"no BGP session of {found.host_names} is established")
    telling = next((each for each in found.up if each.advertises), None)
    if telling is not None:
        return Cleared(f"{telling.said_by} advertises {vip} to {telling.peer}")
    if found.nobody_to_tell or found.no_route or any(each.advertises is False for each in found.up):
        return _diagnosis(found, vip)
    peers = ", ".join(_peers(found))
    what = f"whether {vip} is advertised in the BGP session with {peers}"
    return Undetermined(
        what, f"on the router: look for {vip} in what it has learned (show bgp, ip route get {vip})"
    )


def _peers(found: RoutedVip) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.peer for each in found.told)) or tuple(map(str, found.peers))


def _diagnosis(found: RoutedVip, vip: Address) -> Diagnosis:
    peers = _peers(found)
    to_whom = f" to {', '.join(peers)}" if peers else ""
    return Diagnosis(
        summary=f"{found.host_names} does not advertise {vip}{to_whom}",
        because=(symptom(found.client, vip), *_evidence(found, vip)),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if _is_told(found) and found.no_route else Confidence.LIKELY,
        fixes=(
            name_a_peer(found.nobody_to_tell, vip, found.client.name)
            if found.nobody_to_tell
            else advertise(found.sides(peers), vip),
        ),
        ruled_out=("HD602: the session is established.",),
    )


def _is_told(found: RoutedVip) -> bool:
    """Whether a daemon or the cluster says so itself, not the gateway alone."""
    return bool(found.nobody_to_tell) or any(each.advertises is False for each in found.up)


def _evidence(found: RoutedVip, vip: Address) -> Iterator[str]:
    for session in found.up:
        unsaid = "" if session.advertises is None else f", and {vip} is not advertised in it"
        yield f"{session.said_by}: session with {session.peer} is {session.state}{unsaid}."
    if not found.told and found.peers:
        yield f"{found.host_names} has BGP sessions with {', '.join(map(str, found.peers))}."
    if found.nobody_to_tell and found.word:
        yield f"{found.nobody_to_tell} ({found.word.view.said_by})."
    if found.no_route:
        yield f"The gateway of {found.client.name} itself says that it has no route to {vip}."
